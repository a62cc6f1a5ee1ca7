#!/bin/sh
# Secrets stay inside: the agent at --log.level=debug, in every way of authentication that there is, toward a server that echoes
# all that was sent to it in its error bodies; then its log, pages, metrics, command line and `check` with wrong
# configurations are searched for every secret of the whole suite (tests/secrets.txt), in every form.
set -eu
build=$1
. packaging/process.sh
program=$build/epicor_exporter
export SECRETS_SEARCH="$build/tests/secrets_search"

# All of them are lines of the list.
password='Tr0ub4dor&3/"x"+%41<y>'
api_key='SECRETS-KEY-0a1B2c3D/+='
company_key='SECRETS-KEY-OF-EPIC07'
client_secret='cl13nt~S3cret+/=&z'
header_secret='h34der-s3cret-value'
param_secret='p4ram-s3cret-value'
user='secrets-monitor'

# clean WHAT FILE...
clean() {
    clean_what=$1
    shift
    for file in "$@"; do
        # Redacted or not, what is searched has to be there.
        [ -f "$file" ] || fail "$clean_what: no $file"
    done
    sh tests/secrets.sh search "$@" >"$work/found" 2>&1 || fail "$clean_what: $(cat "$work/found")"
    ! grep -i "$user" "$@" >"$work/found" || fail "$clean_what tells the user's name: $(head -n 3 "$work/found")"
}

# The search itself finds what is there.
for planted in "$password" "$api_key" "$(printf '%s' "u:$password" | base64)" 'Tr0ub4dor%263%2F%22x%22%2B%2541%3Cy%3E' \
    'Tr0ub4dor&amp;3/&quot;x&quot;+%41&lt;y&gt;' eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.x; do
    printf 'a line\nand %s in one\n' "$planted" >"$work/planted"
    ! sh tests/secrets.sh search "$work/planted" >/dev/null || fail "the search passes over a planted secret"
done

# ---- a server that echoes
cat >"$work/timetable" <<'END'
at 0s for 1h fault=echo_401 path=zEcho401
at 0s for 1h fault=echo_500 path=zEcho500
at 0s for 1h fault=echo_400 path=zEcho400
at 0s for 1h fault=echo_401 path=EchoToken
END
simulator_start "$build/kinetic_simulator" --latency=0 --user="$user" --password="$password" --api-key="$api_key" \
    --company-key="EPIC07=$company_key" --oauth --client-secret="$client_secret" --timetable="$work/timetable" \
    --rows=zGood=3
origin=${kinetic%/KineticLive}
printf '%s' "$password" >"$work/password"
printf '%s\n' "$api_key" >"$work/api_key"
printf '%s' "$client_secret" >"$work/client_secret"

# ---- one app server a way: row NAME LINES
config=$work/agent.ini
rows=
row() {
    rows="$rows $1"
    cat >>"$config" <<END
[appserver $1]
url = $kinetic
company = EPIC06, EPIC07
api_key_file = $work/api_key
api_key.EPIC07 = $company_key
header.X-Extra = $header_secret
$2
END
}
login="username = $user
password_file = $work/password"
client="auth = oauth2
oauth2_client_id = demo-client
oauth2_client_secret_file = $work/client_secret
oauth2_param.resource = $param_secret
oauth2_token_url = $origin"

cat >"$config" <<'END'
[exporter]
interval = 2s
timeout = 2s
END
row token "$login"
row token-basic "$login
token_credentials = basic"
row token-refused "$login
token_path = EchoToken/"
row key-in-query "$login
api_key_in = query"
row v1 "$login
api_version = v1"
row basic "$login
auth = basic"
row oauth2 "$client/connect/token"
row oauth2-basic "$client/connect/token
oauth2_client_auth = basic"
row oauth2-password "$client/connect/token
oauth2_grant = password
$login"
row oauth2-refused "$client/EchoToken"
row negotiate "auth = negotiate
kerberos_keytab_file = $work/password"
row ntlm "$login
auth = ntlm"
row session "$login
session = shared"
row none "auth = none"
for baq in zEcho401 zEcho500 zEcho400 zGood; do
    printf '[probe %s]\nkind = baq\nbaq = %s\n' $baq $baq >>"$config"
done
printf '[probe login]\nkind = token\nappserver = token, token-refused, oauth2, oauth2-refused\n' >>"$config"
chmod 600 "$config"

"$program" check --config.file="$config" >"$work/check.out" 2>&1 || fail "check: $(cat "$work/check.out")"
agent_start "$program" --config.file="$config" --log.level=debug
await_runs() {
    curl -sSf "http://$exporter/metrics" >"$work/metrics"
    for name in $rows; do
        for baq in zEcho401 zEcho500 zEcho400 zGood; do
            grep -q "^epicor_probe_runs_total{appserver=\"$name\",company=\"EPIC07\",probe=\"$baq\"} [1-9]" "$work/metrics" ||
                { echo "$name $baq" >"$work/missing"; return 1; }
        done
    done
}
await await_runs || fail "no run of $(cat "$work/missing")"
curl -sSf "http://$exporter/" >"$work/page"
for path in /-/healthy /-/ready /config /api/v1/status /nowhere '/?%3Cx%3E'; do
    curl -s "http://$exporter$path" >>"$work/pages"
done
kill -USR1 "$agent"
# What was echoed has come, and was shown without the secrets.
for name in $rows; do
    grep -q "appserver=$name .*You sent" "$work/agent.log" || echo "$name"
done >"$work/silent"
for name in token token-refused key-in-query v1; do
    ! grep -qx "$name" "$work/silent" || fail "the log has nothing that the server echoed to $name"
done
grep -q 'You sent' "$work/page" || fail "the page has nothing that the server echoed"
grep -q '&lt;secret&gt;' "$work/page" || fail "the page has no place where a secret was"
grep -q '&lt;user&gt;' "$work/page" || fail "the page has no place where a user name was"

# ---- the process
tr '\0' '\n' <"/proc/$agent/cmdline" >"$work/cmdline"
grep -q 'log.level=debug' "$work/cmdline" || fail "the command line is another one's"
grep -q '^Max core file size  *0  *0 ' "/proc/$agent/limits" || fail "the agent may leave a core file"
kill -TERM "$agent"
code=0
wait "$agent" || code=$?
[ $code = 0 ] || fail "exit $code"
clean "the agent" "$work/agent.log" "$work/metrics" "$work/page" "$work/pages" "$work/cmdline" "$work/check.out"

# ---- wrong configurations: each line is what is wrong, or is wrong without a password. (What stands behind a key that is for no
# secret is told, so that a slip can be seen.)
number=0
while read -r line; do
    number=$((number + 1))
    printf '[appserver live]\nurl = http://127.0.0.1:9\ncompany = EPIC06\nusername = %s\n%b\n[probe a]\nkind = baq\nbaq = a\n' \
        "$user" "$line" >"$work/wrong.ini"
    code=0
    "$program" check --config.file="$work/wrong.ini" >"$work/wrong-$number.out" 2>&1 || code=$?
    [ $code = 3 ] || fail "exit $code and not 3: $line"
    [ -s "$work/wrong-$number.out" ] || fail "not a word about: $line"
    clean "check" "$work/wrong-$number.out"
done <<END
pasword = $password
password $password
password : $password
password = "$header_secret # x
api_key = $api_key	# x"
username = $password
api_key.epic/06 = $api_key
oauth2_client_secret = $client_secret
[appserver b]\\nurl = http://$user:h34der-s3cret-value@127.0.0.1:9
proxy = ftp://$user:h34der-s3cret-value@127.0.0.1:9
header.X-Extra: $header_secret
header.Authorization = $header_secret
[$param_secret
END
