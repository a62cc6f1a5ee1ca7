#!/bin/sh
# Every way in, and what can happen to it, against counterparts that are not our own code where there is one: the table
# that this test prints. One agent has all ways at once, an app server each, and each column happens to all of them at once.
#   sh tests/system/test_ways_in.sh BUILD-FOLDER [WAY...]
set -eu
build=$1
shift
. packaging/process.sh
. tests/peers/peer.sh
. tests/peers/kerberos.sh
. tests/peers/apache.sh
. tests/peers/identity_provider.sh

ways="token basic oauth2_form oauth2_basic oauth2_key oauth2_password negotiate negotiate_cache ntlm none"
[ $# = 0 ] || ways=$*
counterpart_of() {
    case $1 in
    token | none) echo "the simulator (Kinetic's own)" ;;
    basic) echo "Apache, mod_auth_basic" ;;
    ntlm) echo "Apache, gss-ntlmssp" ;;
    negotiate*) echo "MIT KDC, Apache" ;;
    *) echo "oidc-provider" ;;
    esac
}

# ---- the counterparts

# server_start NAME FLAGS...: a simulator of its own; the first time on a free port, later on the same
server_start() {
    server_name=$1
    shift
    server_flags=$*
    [ -f "$work/$server_name.port" ] || : >"$work/$server_name.port"
    peer_start "$(cat "$work/$server_name.port")" "the simulator for $server_name" server_launch
    echo "$peer_port" >"$work/$server_name.port"
    echo "$launched" >"$work/$server_name.process"
}
# shellcheck disable=SC2086
server_launch() {
    peer_on_port "$1" "$server_name" "$build/kinetic_simulator" --listen-address=127.0.0.1:"$1" --latency=0 $server_flags
}
server_url() {
    echo "http://127.0.0.1:$(cat "$work/$1.port")/KineticLive"
}
server_process() {
    cat "$work/$1.process"
}
# server_restart NAME FLAGS...: it knows no token that it gave before
server_restart() {
    peer_stop "$(server_process "$1")"
    server_start "$@"
}

counts_printed() { grep -c '^wrong passwords' "$work/token_server.log" || :; }
more_counts_printed() { [ "$(counts_printed)" -gt "$counts_before" ]; }
# token_refusals: wrong passwords that the simulator was shown
token_refusals() {
    counts_before=$(counts_printed)
    kill -USR1 "$(server_process token_server)"
    await more_counts_printed || fail "the simulator does not count"
    sed -n 's/^wrong passwords \([0-9]*\).*/\1/p' "$work/token_server.log" | tail -n 1
}
# refusals WAY: how often its counterpart was shown a wrong secret
refusals() {
    case $1 in
    token) token_refusals ;;
    basic) grep -c 'Password Mismatch' "$(apache_errors basic)" || : ;;
    ntlm) grep -c 'gss_accept_sec_context() failed' "$(apache_errors ntlm)" || : ;;
    negotiate) kerberos_refusals ;;
    oauth2_form) grep -c '^refused' "$work/identity_provider.log" || : ;;
    *) echo 0 ;;
    esac
}
# refusals_allowed WAY COLUMN: one each; what the provider counts is of its four ways together. A bare 401 to a login that
# was good before may be the matter of one path alone, so it is tried twice (agent/guard.h). After login_retry one more is
# due: a busy machine takes longer for a column than that.
login_retry_seconds=30
refusals_allowed() {
    tries=$((($(date +%s) - wrong_since) / login_retry_seconds))
    case $1:$2 in
    oauth2_form:*) echo $((4 + 4 * tries)) ;;
    basic:refused | ntlm:refused) echo $((2 + tries)) ;;
    *) echo $((1 + tries)) ;;
    esac
}

# ---- the agent's side

# secret_write WAY TEXT: put in place at once, as a secret store does
secret_write() {
    (umask 077 && printf '%s\n' "$2" >"$work/secret.new")
    mv "$work/secret.new" "$work/$1.secret"
}
section() {
    echo "[appserver $1]"
    echo "company = EPIC06"
    echo "backoff = 1s..2s"
    echo "login_retry = ${login_retry_seconds}s..5m"
    [ "$1" = none ] || printf 'api_key_file = %s\n' "$work/api_key.secret"
    case $1 in
    token)
        printf 'url = %s\nauth = token\n' "$(server_url token_server)"
        printf 'username = %s\npassword_file = %s\n' epicor-monitor "$work/token.secret"
        ;;
    none)
        printf 'url = %s\nauth = none\napi_key_file = %s\n' "$(server_url none_server)" "$work/none.secret"
        ;;
    basic | ntlm)
        printf 'url = %s\nauth = %s\n' "$(apache_url "$1")" "$1"
        printf 'username = %s\npassword_file = %s\n' "$apache_user" "$work/$1.secret"
        ;;
    negotiate)
        printf 'url = %s\nauth = negotiate\n' "$(apache_url negotiate)"
        printf 'kerberos_keytab_file = %s\nkerberos_principal = %s\n' "$work/negotiate.keytab" \
            "$kerberos_account@$kerberos_realm"
        ;;
    negotiate_cache) printf 'url = %s\nauth = negotiate\n' "$(apache_url negotiate)" ;;
    *)
        printf 'url = %s\nauth = oauth2\noauth2_token_url = %s\n' "$(server_url jwt_server)" "$idp_token_url"
        printf 'oauth2_scope = kinetic\noauth2_param.resource = %s\n' "$idp_audience"
        ;;
    esac
    case $1 in
    oauth2_form)
        printf 'oauth2_client_id = client-form\noauth2_client_auth = form\noauth2_client_secret_file = %s\n' \
            "$work/oauth2_form.secret"
        ;;
    oauth2_basic)
        printf 'oauth2_client_id = client-basic\noauth2_client_auth = basic\noauth2_client_secret_file = %s\n' \
            "$work/oauth2_basic.secret"
        ;;
    oauth2_key)
        printf 'oauth2_client_id = client-key\noauth2_client_auth = private_key_jwt\n'
        printf 'oauth2_client_key_file = %s\noauth2_client_cert_file = %s\n' "$work/client.key" "$work/client.crt"
        ;;
    oauth2_password)
        printf 'oauth2_grant = password\noauth2_client_id = client-form\noauth2_client_secret_file = %s\n' \
            "$work/oauth2_client.secret"
        printf 'username = %s\npassword_file = %s\n' "$idp_user" "$work/oauth2_password.secret"
        ;;
    esac
    echo
}

# ---- what the agent says

# states: a line a way
states() {
    curl -sSf "http://$exporter/metrics" | awk -v ways="$ways" '
        function label(name) { return match($0, name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : "" }
        /^epicor_probe_success\{/ { success[label("appserver")] = $NF }
        /^epicor_probe_failure_reason\{/ { reason[label("appserver")] = label("reason") }
        /^epicor_login_blocked_until_timestamp_seconds\{/ { blocked[label("appserver")] = $NF > 0 ? "yes" : "no" }
        /^epicor_reauthentications_total\{/ { logins[label("appserver")] = $NF }
        END {
            count = split(ways, way, " ")
            for (i = 1; i <= count; i++) {
                w = way[i]
                printf "%s success=%s reason=%s blocked=%s logins=%s\n", w, success[w], reason[w] ? reason[w] : "-", blocked[w], logins[w]
            }
        }'
}
# await_states EXPECTED SECONDS: until each way says what the function EXPECTED wants of it, at most so long; $waiting are
# those that do not
await_states() {
    await_end=$(($(date +%s) + $2))
    while :; do
        states >"$work/states"
        waiting=
        while read -r way state; do
            echo "$state" | grep -q "^$($1 "$way")" || waiting="$waiting $way"
        done <"$work/states"
        [ -n "$waiting" ] && [ "$(date +%s)" -lt $await_end ] || return 0
        nap 0.5
    done
}
# cell NAME EXPECTED SECONDS: a column of the table
columns=
cell() {
    columns="$columns $1"
    await_states "$2" "$3"
    while read -r way state; do
        case " $waiting " in
        *" $way "*) wrong "$way" "$1" "$state, not $($2 "$way")" ;;
        esac
    done <"$work/states"
}
# wrong WAY COLUMN WHAT
: >"$work/wrong"
wrong() {
    printf '%s %s %s\n' "$1" "$2" "$3" >>"$work/wrong"
}
# no_storm COLUMN: in three more seconds, and as many runs, nothing was shown a wrong secret again
no_storm() {
    nap 3
    for way in $ways; do
        refused=$(refusals "$way")
        [ "$refused" -le "$(refusals_allowed "$way" "$1")" ] || wrong "$way" "$1" "$refused wrong secrets were sent"
    done
}
# failed_runs: a line a way
failed_runs() {
    curl -sSf "http://$exporter/metrics" | grep '^epicor_probe_failures_total{'
}
# no_gap COLUMN: while tokens and tickets expire and are renewed, no run fails
no_gap() {
    failed_runs >"$work/failed.before"
    nap 14
    failed_runs >"$work/failed.after"
    for way in $ways; do
        [ "$(grep "appserver=\"$way\"" "$work/failed.before")" = "$(grep "appserver=\"$way\"" "$work/failed.after")" ] ||
            wrong "$way" "$1" "$(grep "appserver=\"$way\"" "$work/failed.after") and not as before"
    done
}

works() {
    echo 'success=1 reason=- blocked=no'
}
is_wrong() {
    case $1 in
    none) echo 'success=0 reason=api_key blocked=no' ;;
    basic | ntlm) echo 'success=0 reason=unauthorized blocked=yes' ;;
    negotiate_cache) echo 'success=0 reason=internal' ;;
    *) echo 'success=0 reason=credentials blocked=yes' ;;
    esac
}
# Where there is a token or a ticket, a new one is taken; else the account is refused amid its work.
is_refused() {
    case $1 in
    none | basic | ntlm) is_wrong "$1" ;;
    *) echo 'success=1 reason=- blocked=no logins=[1-9]' ;;
    esac
}
is_down() {
    case $1 in
    token | none | basic | ntlm) echo 'success=0 reason=connect' ;;
    *) echo 'success=0 reason=identity_provider' ;;
    esac
}

# ---- the table, column by column

idp_lifetime=8
idp_start
idp_keys "$work/keys"
kdc_start
kerberos_ticket_lifetime 12 HTTP/127.0.0.1
server_start token_server --access=token --password=first-secret-word
server_start none_server --access=none --api-key=first-secret-word
server_start jwt_server --access=foreign --jwks="$work/keys" --jwt-audience="$idp_audience"
server_start proxied_server --access=proxy --proxy-user-header="$apache_user_header"
for mode in basic negotiate ntlm; do
    apache_start $mode "$(server_url proxied_server)"
done
for way in $ways; do
    secret_write "$way" wrong-secret-word
done
secret_write api_key demo-api-key
secret_write oauth2_client "$idp_secret"
cp "$kerberos/client.keytab" "$work/negotiate.keytab"
kerberos_rotate_client_key
idp_certificate stranger
cp "$idp_folder/stranger.key" "$work/client.key"
cp "$idp_folder/stranger.crt" "$work/client.crt"

{
    printf '[exporter]\ninterval = 1s\ntimeout = 8s\nconnect_timeout = 5s\n\n'
    for way in $ways; do
        section "$way"
    done
    printf '[probe orders]\nkind = baq\nbaq = zExporterOpenOrders\n'
} >"$work/agent.ini"
wrong_since=$(date +%s)
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"

cell wrong is_wrong 90
no_storm wrong

# What the agent reads follows what the counterparts want now.
client_key_put() {
    cp "$idp_folder/client.crt" "$work/client.crt.new"
    cp "$idp_folder/client.key" "$work/client.key.new"
    mv "$work/client.crt.new" "$work/client.crt"
    mv "$work/client.key.new" "$work/client.key"
}
keytab_put() {
    kerberos_write_client_keytab "$work/negotiate.keytab"
    kinit -k -t "$work/negotiate.keytab" "$kerberos_account" >"$work/kinit.log" 2>&1 || fail "kinit failed"
}
secret_write token first-secret-word
secret_write none first-secret-word
for way in basic ntlm; do
    secret_write $way demo-password
done
for way in oauth2_form oauth2_basic; do
    secret_write $way "$idp_secret"
done
secret_write oauth2_password "$idp_password"
client_key_put
keytab_put
cell good works 90
no_gap good

wrong_since=$(date +%s)
server_restart token_server --access=token --password=first-secret-word
server_restart none_server --access=none --api-key=second-secret-word
for way in basic ntlm; do
    : >"$(apache_errors $way)"
    apache_set_password $way second-secret-word
done
# NTLM is asked for when a connection is new.
apache_stop ntlm
apache_start ntlm "$(server_url proxied_server)"
# A token that was just being renewed while its key was changed was not refused: then again, with tokens that live longer.
waiting=$ways
for idp_lifetime in 12 30 40 40; do
    case $waiting in
    *oauth2*)
        idp_revoke_tokens
        idp_keys "$work/keys"
        kill -HUP "$(server_process jwt_server)"
        ;;
    esac
    case $waiting in *negotiate*) kerberos_rotate_service_key ;; esac
    await_states is_refused 15
    [ -n "$waiting" ] || break
done
cell refused is_refused 60
no_storm refused
for way in none basic ntlm; do
    secret_write $way second-secret-word
done
await_states works 60
[ -z "$waiting" ] || for way in $waiting; do wrong "$way" refused "did not recover"; done

peer_stop "$(server_process token_server)"
peer_stop "$(server_process none_server)"
idp_stop
kdc_stop
apache_stop basic
apache_stop ntlm
cell down is_down 90

server_start token_server --access=token --password=first-secret-word
server_start none_server --access=none --api-key=second-secret-word
idp_start
kdc_start
for mode in basic ntlm; do
    apache_start $mode "$(server_url proxied_server)"
done
cell recovery works 90

idp_password=third-secret-word
idp_certificate client
idp_rotate_secret third-secret-word
kerberos_rotate_client_key
for way in basic ntlm; do
    apache_set_password $way third-secret-word
done
apache_stop ntlm
apache_start ntlm "$(server_url proxied_server)"
server_restart token_server --access=token --password=third-secret-word
server_restart none_server --access=none --api-key=third-secret-word
for way in token none basic ntlm oauth2_form oauth2_basic oauth2_password oauth2_client; do
    secret_write $way third-secret-word
done
client_key_put
keytab_put
# Until no token and no ticket that was taken with an old secret lives.
nap $((idp_lifetime + 2))
cell rotated works 90

# ---- the table

table_row() {
    printf '%-16s' "$1"
    shift
    printf '%-10s' "$@"
    echo
}
# shellcheck disable=SC2086
table_row way $columns counterpart
for way in $ways; do
    cells=
    for column in $columns; do
        if grep -q "^$way $column " "$work/wrong"; then cells="$cells WRONG"; else cells="$cells ok"; fi
    done
    # shellcheck disable=SC2086
    table_row "$way" $cells "$(counterpart_of "$way")"
done
[ ! -s "$work/wrong" ] || {
    cat "$work/wrong"
    fail "not each cell of the table is as it should be"
}
