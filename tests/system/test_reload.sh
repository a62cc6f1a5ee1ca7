#!/bin/sh
# SIGHUP: counters go on, removed series vanish, a faulty file changes nothing and the log names each fault.
set -eu
build=$1
. packaging/process.sh

simulator_start "$build/kinetic_simulator"

# configure PASSWORD PROBE...: a probe with interval 1s of each name; the file is put in place whole, since an earlier
# signal may still be at work
configure() {
    cat >"$work/next.ini" <<INI
[exporter]
interval = 1s
[appserver live]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
$1
api_key_env = KINETIC_API_KEY
INI
    shift
    for probe in "$@"; do
        printf '[probe %s]\nkind = baq\nbaq = zExporterOpenOrders\n' "$probe" >>"$work/next.ini"
    done
    mv "$work/next.ini" "$work/agent.ini"
}

scrape() { curl -sSf "http://$exporter/metrics" >"$work/page"; }
# value SERIES: of the page
value() { sed -n "s/^$1 //p" "$work/page"; }
labels() { printf '{appserver="live",company="EPIC06",probe="%s"}' "$1"; }
runs() { scrape && value "epicor_probe_runs_total$(labels "$1")"; }
has_run() { [ "$(runs "$1" || echo 0)" -ge "$2" ]; }
# logged COUNT TEXT: stands so often in the log
logged() { [ "$(grep -cF -- "$2" "$work/agent.log")" = "$1" ]; }

configure "password_env = KINETIC_PASSWORD" orders stock
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini" --shard.total=1
await has_run orders 3 || fail "orders do not run"
await has_run stock 3 || fail "stock does not run"
tokens=$(value 'epicor_token_requests_total{appserver="live"}')
started=$(value epicor_exporter_config_last_reload_success_timestamp_seconds)
before=$(runs orders)

configure "password_env = KINETIC_PASSWORD" new orders
kill -HUP "$agent"
await logged 1 "the configuration was reloaded" || fail "no reload after SIGHUP"
scrape
[ "$(value "epicor_probe_runs_total$(labels orders)")" -ge "$before" ] || fail "a counter went back"
! grep -q 'probe="stock"' "$work/page" || fail "series of a removed probe are still there"
! curl -sSf "http://$exporter/" | grep -q stock || fail "the page still shows a removed probe"
await has_run new 2 || fail "the new probe does not run"
await has_run orders $((before + 2)) || fail "orders do not go on"
[ "$(value 'epicor_token_requests_total{appserver="live"}')" = "$tokens" ] || fail "the token was not kept"
[ "$(value epicor_exporter_config_last_reload_successful)" = 1 ] || fail "not told as successful"
changed=$(value epicor_exporter_config_last_reload_success_timestamp_seconds)
[ "$changed" != "$started" ] || fail "no new time of success"

# Two faults: each named once, and nothing changes.
sed -i 's/^interval = 1s/interval = soon/' "$work/agent.ini"
echo 'rows_mini = 3' >>"$work/agent.ini"
kill -HUP "$agent"
await logged 1 "stays in force" || fail "a faulty file is not told"
logged 1 "line=2 " || fail "the first fault is not named by its line"
logged 1 "rows_mini" || fail "the second fault is not named"
before=$(runs orders)
await has_run orders $((before + 2)) || fail "probes stopped after a faulty reload"
[ "$(value epicor_exporter_config_last_reload_successful)" = 0 ] || fail "not told as failed"
[ "$(value epicor_exporter_config_last_reload_success_timestamp_seconds)" = "$changed" ] ||
    fail "the time of success changed"

# A burst: each is heard, the last one's file is in force.
for probe in a b c d e f g h; do
    configure "password_env = KINETIC_PASSWORD" orders "$probe"
    kill -HUP "$agent"
done
await has_run h 2 || fail "the last of many reloads is not in force"
[ "$(value epicor_exporter_targets)" = 2 ] || fail "there are other targets than configured"
[ "$(value 'epicor_token_requests_total{appserver="live"}')" = "$tokens" ] || fail "the token was not kept"
[ "$(runs orders)" -ge "$before" ] || fail "a counter went back"

# A wrong password, and the right one again: blocked, and free at once.
configure "password = wrong" orders
kill -HUP "$agent"
blocked() { scrape && [ "$(value 'epicor_login_blocked_until_timestamp_seconds{appserver="live"}')" != "$1" ]; }
await blocked 0 || fail "a wrong password did not block the login"
configure "password_env = KINETIC_PASSWORD" orders
kill -HUP "$agent"
succeeds() { scrape && [ "$(value "epicor_probe_success$(labels orders)")" = 1 ]; }
await succeeds || fail "the right password did not lift the block"
[ "$(value 'epicor_login_blocked_until_timestamp_seconds{appserver="live"}')" = 0 ] || fail "still blocked"

# By HTTP: who may ask, and how.
# answers STATUS FLAGS...: of curl
answers() {
    wanted=$1
    shift
    got=$(curl -sS -D "$work/head" -o "$work/output" -w '%{http_code}' "$@" "http://$exporter/-/reload")
    [ "$got" = "$wanted" ] || { cat "$work/output"; fail "$got in place of $wanted: curl $*"; }
}
answers 405
grep -qi '^allow: POST' "$work/head" || fail "405 without Allow"
answers 405 -X PUT
answers 200 -X POST
answers 200 -X POST -H 'Content-Length: 0'
answers 413 -X POST -d body
answers 403 -X POST -H 'X-Forwarded-For: 192.0.2.1'
answers 403 -X POST -H 'Origin: http://evil.example.com'
grep -q 'another site' "$work/output" || fail "403 does not say why"
answers 403 -X POST -H 'Origin: null'
answers 403 -X POST -H 'Sec-Fetch-Site: cross-site'
answers 200 -X POST -H "Origin: http://$exporter" -H 'Sec-Fetch-Site: same-origin'
echo 'rows_mini = 3' >>"$work/agent.ini"
answers 500 -X POST
line=$(wc -l <"$work/agent.ini")
grep -q "^$work/agent.ini:$line: .*rows_mini" "$work/output" || fail "500 does not name the fault"
[ "$(wc -l <"$work/output")" = 1 ] || fail "500 says more than its fault"

# Many at once share builds, and each is answered.
logged_before=$(grep -c 'stays in force' "$work/agent.log")
askers=
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl -sS -X POST -o /dev/null -w '%{http_code}\n' "http://$exporter/-/reload" >>"$work/statuses" 2>>"$work/refused" &
    askers="$askers $!"
done
for asker in $askers; do wait "$asker" || fail "a reload was not answered"; done
[ "$(grep -c '^500$' "$work/statuses")" = 20 ] || fail "not each of many reloads was answered"
[ "$(grep -c 'stays in force' "$work/agent.log")" -le $((logged_before + 20)) ] || fail "more builds than reloads"

status=0
kill -TERM "$agent"
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "exit $status after SIGTERM"
