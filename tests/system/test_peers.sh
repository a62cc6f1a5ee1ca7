#!/bin/sh
# The real counterparts by themselves, with curl and kinit in place of the agent: they refuse and accept as they should,
# can be stopped, silenced and brought back, and their secrets change while they run; the simulator believes them.
set -eu
build=$1
. packaging/process.sh
. tests/peers/peer.sh
. tests/peers/kerberos.sh
. tests/peers/apache.sh
. tests/peers/identity_provider.sh

# expect WHAT WANTED GOT
expect() {
    [ "$2" = "$3" ] || fail "$1: $3 and not $2"
}

# ask CURL-FLAGS...: the status of the answer, its body in $work/answer, its head in $work/head
ask() {
    curl -s -o "$work/answer" -D "$work/head" -w '%{http_code}' --max-time 20 "$@" || :
}
query=api/v2/odata/EPIC06/BaqSvc/zExporterOpenOrders/Data
asked_of_apache() {
    ask "$@" -H x-api-key:demo-api-key "$(apache_url $way)/$query"
}
# refused_by_apache WHAT CURL-FLAGS...
refused_by_apache() {
    refused_what=$1
    shift
    expect "$refused_what" 401 "$(asked_of_apache "$@")"
    grep -q '^<title>401 Unauthorized' "$work/answer" || fail "$refused_what: it was not Apache that refused"
}
# let_in_by_apache WHAT CURL-FLAGS...: Apache knew the user, and the simulator behind it was told
let_in_by_apache() {
    let_what=$1
    shift
    expect "$let_what" 200 "$(asked_of_apache "$@")"
}

idp_lifetime=7
idp_start
idp_keys "$work/keys"
simulator_start "$build/kinetic_simulator" --latency=0 --access=proxy,foreign --jwks="$work/keys" \
    --jwt-audience="$idp_audience" --proxy-user-header="$apache_user_header"
expect "the simulator without a way in" 401 "$(ask -u epicor-monitor:demo-password -H x-api-key:demo-api-key "$kinetic/$query")"

# ---- Kerberos and Negotiate
ticket() {
    timeout "${1:-20}" kinit -k -t "$kerberos/client.keytab" "$kerberos_account" >"$work/kinit.log" 2>&1
}
kdc_start
way=negotiate
apache_start $way "$kinetic"
refused_by_apache "no ticket"
grep -qi '^WWW-Authenticate: Negotiate' "$work/head" || fail "Apache does not ask for Negotiate"
ticket || fail "no ticket for the good keytab"
let_in_by_apache "a good ticket" --negotiate -u :

kerberos_rotate_client_key
! ticket || fail "a ticket for the old keytab"
expect "wrong keys that the KDC was shown" 1 "$(kerberos_refusals)"
kerberos_write_client_keytab
ticket || fail "no ticket for the new keytab"

let_in_by_apache "a good ticket" --negotiate -u :
kerberos_rotate_service_key
refused_by_apache "a ticket made with the service's old key" --negotiate -u :
ticket || fail "no second ticket"
let_in_by_apache "a ticket made with the service's new key" --negotiate -u :

kdc_stop
! ticket || fail "a ticket although the KDC is down"
kdc_start
ticket || fail "no ticket after the KDC came back"
kdc_silence
code=0
ticket 2 || code=$?
expect "kinit, the KDC being silent" 124 "$code"
kdc_speak
ticket || fail "no ticket after the KDC spoke again"

kerberos_ticket_lifetime 3
ticket || fail "no short ticket"
klist -s || fail "the short ticket is none"
expired() { ! klist -s; }
await expired || fail "the short ticket does not expire"
# Apache forgives the clocks' difference of kerberos.sh.
expired_at_apache() { [ "$(asked_of_apache --negotiate -u :)" = 401 ]; }
await expired_at_apache || fail "Apache lets an expired ticket in"
apache_stop $way

# ---- Basic and NTLM: the same table
for way in basic ntlm; do
    apache_start $way "$kinetic"
    refused_by_apache "$way, no password"
    let_in_by_apache "$way, the password" --$way -u "$apache_user:demo-password"
    refused_by_apache "$way, a wrong password" --$way -u "$apache_user:wrong"
    refused_by_apache "$way, an unknown user" --$way -u "nobody-known:demo-password"
    apache_set_password $way another-password
    refused_by_apache "$way, the old password" --$way -u "$apache_user:demo-password"
    let_in_by_apache "$way, the new password" --$way -u "$apache_user:another-password"
    if [ $way = ntlm ]; then
        let_in_by_apache "ntlm, with the domain" --ntlm -u "$apache_domain\\$apache_user:another-password"
        # The connection is what was let in: three requests of NTLM, then one that proves nothing.
        expect "two requests over a connection" "1 0" "$(curl -s -o "$work/answer" -o "$work/answer" --ntlm \
            -u "$apache_user:another-password" -w '%{num_connects} ' "$(apache_url ntlm)/api/v2/a" "$(apache_url ntlm)/api/v2/b" |
            sed 's/ $//')"
        three_requests() { [ "$(grep -c '/api/v2/[ab] ' "$(apache_requests ntlm)")" = 3 ]; }
        await three_requests || fail "not three requests for the two over a connection"
    fi
    apache_stop $way
    expect "$way, Apache being down" 000 "$(asked_of_apache)"
done

# ---- OpenID Connect
# token WANTED-STATUS FLAGS...
token() {
    token_wanted=$1
    shift
    expect "token request with $*" "$token_wanted" "$(ask "$@" "$idp_token_url")"
}
client=grant_type=client_credentials
token 200 -d $client -d client_id=client-form -d client_secret="$idp_secret"
grep -q '"expires_in":7[,}]' "$work/answer" || fail "the lifetime is not 7 s: $(cat "$work/answer")"
grep -q '"access_token":"ey[^".]*\.ey[^".]*\.[^".]*"' "$work/answer" || fail "no JWT: $(cat "$work/answer")"
token 200 -d $client -u "client-basic:$idp_secret"
token 401 -d $client -d client_id=client-form -d client_secret=wrong
token 401 -d $client -u client-basic:wrong
user="-d grant_type=password -d username=$idp_user"
# shellcheck disable=SC2086
{
    token 200 $user -d password="$idp_password" -u "client-basic:$idp_secret"
    token 400 $user -d password=wrong -u "client-basic:$idp_secret"
}
grep -q '"error":"invalid_grant"' "$work/answer" || fail "not invalid_grant: $(cat "$work/answer")"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# assertion: of RFC 7523, by openssl
assertion() {
    assertion_now=$(date +%s)
    assertion_text=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url).$(printf \
        '{"iss":"client-key","sub":"client-key","aud":"%s","jti":"%s","iat":%s,"exp":%s}' "$idp_token_url" \
        "$(openssl rand -hex 8)" "$assertion_now" "$((assertion_now + 60))" | base64url)
    printf '%s.%s' "$assertion_text" \
        "$(printf '%s' "$assertion_text" | openssl dgst -sha256 -sign "$idp_folder/client.key" | base64url)"
}
by_key() {
    token "$1" -d $client -d client_id=client-key -d client_assertion="$(cat "$work/assertion")" \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
}
assertion >"$work/assertion"
by_key 200
by_key 401
assertion >"$work/assertion"
idp_rotate_certificate
by_key 401
assertion >"$work/assertion"
by_key 200

idp_rotate_secret another-secret
token 401 -d $client -d client_id=client-form -d client_secret=demo-client-secret
token 200 -d $client -d client_id=client-form -d client_secret=another-secret

by_token() {
    ask -H "Authorization: Bearer $(cat "$work/token")" -H x-api-key:demo-api-key "$kinetic/$query"
}
# by_token_is STATUS: once the simulator has read the keys again
by_token_is() {
    [ "$(by_token)" = "$1" ]
}
token_taken() {
    token 200 -d $client -d client_id=client-form -d client_secret=another-secret
    sed 's/.*"access_token":"\([^"]*\)".*/\1/' "$work/answer" >"$work/token"
}
token_taken
expect "a token" 200 "$(by_token)"
idp_revoke_tokens
idp_keys "$work/keys"
kill -HUP "$simulator"
await by_token_is 401 || fail "a token signed with the old key is still let in"
token_taken
expect "a token signed with the new key" 200 "$(by_token)"
await by_token_is 401 || fail "a token of 7 s does not expire"

idp_silence
expect "a token request, the provider being silent" 000 "$(ask --max-time 1 -d $client "$idp_token_url")"
idp_speak
token 200 -d $client -d client_id=client-form -d client_secret=another-secret
idp_stop
expect "a token request, the provider being down" 000 "$(ask -d $client "$idp_token_url")"
