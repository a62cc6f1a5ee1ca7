#!/bin/sh
# session = shared: SIGHUP ends the session and the next call opens another, SIGTERM leaves none.
set -eu
build=$1
. packaging/process.sh

simulator_start "$build/kinetic_simulator"
cat >"$work/agent.ini" <<INI
[exporter]
interval = 1s
[appserver live]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
session = shared
[probe orders]
kind = baq
baq = zExporterOpenOrders
INI
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"

logged() { [ "$(grep -c "msg=\"\?$2" "$work/agent.log")" = "$1" ]; }
works() { curl -sSf "http://$exporter/metrics" | grep -q '^epicor_probe_success{.*} 1$'; }
open_now() { curl -sSf "http://$exporter/metrics" | grep -q "^epicor_sessions_open{.*} $1\$"; }

await works || fail "the probe does not run"
open_now 1 || fail "the session is not told"
logged 1 "session opened" || fail "not one session was opened"

kill -HUP "$agent"
await logged 1 "session ended" || fail "SIGHUP did not end the session"
await logged 2 "session opened" || fail "no other session was opened after SIGHUP"

kill -TERM "$agent"
status=0
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "exit $status after SIGTERM"
logged 2 "session ended" || fail "SIGTERM left a session"
logged 2 "session opened" || fail "more sessions were opened"
