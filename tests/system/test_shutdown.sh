#!/bin/sh
# SIGTERM while probes run: no new runs, exit 0 within shutdown_grace.
set -eu
build=$1
. packaging/process.sh

# Every query takes 25 s.
echo "at 0s for 1h fault=slow path=BaqSvc" >"$work/timetable"
simulator_start "$build/kinetic_simulator" --timetable="$work/timetable"
cat >"$work/agent.ini" <<INI
[exporter]
interval = 1s
shutdown_grace = 2s
[appserver live]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
[probe orders]
kind = baq
baq = zExporterOpenOrders
INI
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"

in_flight() {
    curl -sSf "http://$exporter/metrics" | grep -q '^epicor_requests_in_flight{.*} 1$'
}
await in_flight || fail "no request is in flight"
begun=$(date +%s)
kill -TERM "$agent"
status=0
wait "$agent" || status=$?
took=$(($(date +%s) - begun))
[ "$status" = 0 ] || fail "exit $status after SIGTERM"
[ "$took" -le 10 ] || fail "took $took s to end, with shutdown_grace = 2s"

# Twice: the second signal ends the grace.
sed -i 's/^shutdown_grace = .*/shutdown_grace = 1m/' "$work/agent.ini"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
await in_flight || fail "no request is in flight"
kill -INT "$agent"
sleep 0.3
kill -INT "$agent"
begun=$(date +%s)
status=0
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "exit $status after two SIGINT"
[ "$(($(date +%s) - begun))" -le 10 ] || fail "a second SIGINT did not end the grace"
