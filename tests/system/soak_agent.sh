#!/bin/sh
# Five minutes of bad weather: 60 targets, faults that come and go, scrapes all the time. Afterwards all is well again,
# memory and descriptors are what they were, and nothing was run twice or lost for a reason of ours.
set -eu
build=$1
. packaging/process.sh

cat >"$work/timetable" <<'T'
every 40s at 5s for 5s fault=http_503 path=BaqSvc
every 40s at 15s for 4s fault=http_401_empty path=odata
every 60s at 25s for 5s fault=http_429 path=efx
every 60s at 35s for 4s fault=broken_json_200
every 90s at 50s for 5s fault=html_200
every 90s at 60s for 5s fault=conversions_pending
every 90s at 70s for 6s fault=slow_body path=zExporterPartOnHand
T
simulator_start "$build/kinetic_simulator" --timetable="$work/timetable" --token-lifetime=20
{
    printf '[exporter]\ninterval = 2s\ntimeout = 1500ms\n'
    for number in 1 2 3; do
        cat <<INI
[appserver app$number]
url = $kinetic
company = EPIC06
max_in_flight = 4
backoff = 500ms..3s
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
INI
    done
    for number in 0 1 2 3 4; do
        cat <<INI
[probe orders$number]
kind = baq
baq = zExporterOpenOrders
[probe stock$number]
kind = baq
baq = zExporterPartOnHand
rows = all
orderby = Part_PartNum
[probe ping$number]
kind = efx
library = MonitorLib
function = Ping
expect.Success = true
[probe companies$number]
kind = bo
service = Erp.BO.CompanySvc
entity = Companies
INI
    done
} >"$work/agent.ini"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"

resident() { # kB
    awk '/^process_resident_memory_bytes/ { printf "%d", $2 / 1024 }' "$work/page"
}
descriptors() {
    awk '/^process_open_fds/ { printf "%d", $2 }' "$work/page"
}
begun=$(date +%s)
early=
while [ $(($(date +%s) - begun)) -lt 300 ]; do
    curl -sSf "http://$exporter/metrics" >"$work/page" || fail "no page"
    curl -sSf "http://$exporter/" >/dev/null || fail "no status page"
    [ -n "$early" ] || [ $(($(date +%s) - begun)) -lt 100 ] || { early=$(resident) early_descriptors=$(descriptors); }
    sleep 0.5
done
# The timetable repeats without end: a fresh server in its place has no faults.
late=$(resident) late_descriptors=$(descriptors)
echo "resident memory $early kB after 100 s, $late kB after 300 s; descriptors $early_descriptors, $late_descriptors"
grep -q '^EPICOR_SANITIZE:STRING=.' "$build/CMakeCache.txt" || [ "$late" -lt $((early + 1024)) ] || fail "memory grows"
[ "$late_descriptors" -le $((early_descriptors + 12)) ] || fail "descriptors grow"
awk '/^epicor_probe_runs_total/ { runs += $2 } /^epicor_probe_failures_total/ { failures += $2 }
    /^epicor_failures_total.*"internal"/ { internal += $2 }
    END { print runs " runs, " failures " failures, " internal " of our own"; exit !(runs > 5000 && failures > 100 && internal == 0) }' \
    "$work/page" || fail "not the weather that was ordered"

port=${kinetic#http://127.0.0.1:}
kill "$simulator"
wait "$simulator" || :
launch clear "$build/kinetic_simulator" --listen-address=127.0.0.1:"${port%%/*}"
await grep -q '^listening on ' "$work/clear.log" || fail "the simulator did not start again"
all_well() {
    curl -sSf "http://$exporter/metrics" >"$work/page"
    [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/page")" = 60 ] && [ "$(grep -c '^epicor_up{.*} 1$' "$work/page")" = 3 ]
}
await all_well || fail "not all is well after the faults"
