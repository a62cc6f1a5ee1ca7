#!/bin/sh
# A real Prometheus scrapes over HTTPS by each way of [web]: basic_auth, authorization (a token), a client certificate; and is
# refused with a wrong password and without certificate.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

# certificate NAME PURPOSE: $work/NAME.crt and .key, signed by the authority
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
        -subj "/CN=$1"
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=%s\n' "$2" >"$work/$1.ext"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/$1.ext" -out "$work/$1.crt"
}
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" -out "$work/ca.crt" \
        -subj /CN=authority -days 2
    certificate server serverAuth
    certificate client clientAuth
} >"$work/openssl.log" 2>&1 || fail "no certificates were made"

printf 'correct horse\n' >"$work/password"
printf 'token-of-prometheus\n' >"$work/token"
chmod 600 "$work/token" "$work/server.key"
hash=$("$build/epicor_exporter" hash-password <"$work/password") || fail "no hash was made"
printf 'correct horse' >"$work/password"
cat >"$work/users.ini" <<CONFIG
[web]
tls_cert_file = server.crt
tls_key_file = server.key
basic_auth.prometheus = $hash
bearer_token_file = token
[appserver live]
url = http://127.0.0.1:1/KineticLive
auth = none
api_version = v1
CONFIG
sed 's/^basic_auth.*/client_ca_file = ca.crt/; /^bearer/d' "$work/users.ini" >"$work/certificates.ini"
"$build/epicor_exporter" check --config.file="$work/users.ini" >"$work/check.log" || fail "check finds a fault"
! grep -q 'warning: \[web\]' "$work/check.log" || fail "check warns: $(cat "$work/check.log")"

agent_start "$build/epicor_exporter" --config.file="$work/users.ini"
users=$exporter
grep -q "urls=https://$users " "$work/agent.log" || fail "the log does not name the URL: $(grep serving "$work/agent.log")"
mv "$work/agent.log" "$work/users.log"
agent_start "$build/epicor_exporter" --config.file="$work/certificates.ini"

cat >"$work/prometheus.yml" <<CONFIG
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - { job_name: user, scheme: https, tls_config: { ca_file: ca.crt }, static_configs: [ { targets: [ "$users" ] } ],
      basic_auth: { username: prometheus, password_file: password } }
  - { job_name: token, scheme: https, tls_config: { ca_file: ca.crt }, static_configs: [ { targets: [ "$users" ] } ],
      authorization: { credentials_file: token } }
  - { job_name: wrong, scheme: https, tls_config: { ca_file: ca.crt }, static_configs: [ { targets: [ "$users" ] } ],
      basic_auth: { username: prometheus, password_file: token } }
  - { job_name: nobody, scheme: https, tls_config: { ca_file: ca.crt }, static_configs: [ { targets: [ "$users" ] } ] }
  - { job_name: certificate, scheme: https, static_configs: [ { targets: [ "$exporter" ] } ],
      tls_config: { ca_file: ca.crt, cert_file: client.crt, key_file: client.key } }
  - { job_name: none, scheme: https, tls_config: { ca_file: ca.crt }, static_configs: [ { targets: [ "$exporter" ] } ] }
CONFIG
launch prometheus "$tools/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0
prometheus_process=$launched
await port_of "$prometheus_process" || fail "Prometheus did not start"
prometheus=http://127.0.0.1:$(port_of "$prometheus_process")
prometheus_tools=$tools

# let_in JOB: the page has arrived; refused JOB WORDS: it has not, for this reason
let_in() {
    query "epicor_exporter_build_info{job=\"$1\"} and on (job) up == 1" | grep -q '=> 1 @'
}
refused() {
    query "up{job=\"$1\"} == 0" | grep -q '=> 0 @' || return 1
    curl -sSf "$prometheus/api/v1/targets" >"$work/targets"
    tr '{' '\n' <"$work/targets" | grep -A 3 "\"scrapePool\":\"$1\"\|\"job\":\"$1\"" | grep -q "$2"
}
for job in user token certificate; do
    await let_in $job || fail "the job $job is not let in: $(query up)"
done
await refused wrong '401 Unauthorized' || fail "a wrong password is not refused: $(cat "$work/targets")"
await refused nobody '401 Unauthorized' || fail "who shows nothing is not refused: $(cat "$work/targets")"
await refused none 'certificate required' || fail "no certificate is not refused: $(cat "$work/targets")"
[ "$(curl -sS -o /dev/null -w '%{http_code}' --cacert "$work/ca.crt" "https://$users/-/healthy")" = 200 ] ||
    fail "an excluded path is not answered"
mv "$work/users.log" "$work/users.out"
! grep -hE 'correct horse|token-of-prometheus' "$work/agent.log" "$work/users.out" || fail "a secret is in the log"
