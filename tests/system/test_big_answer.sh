#!/bin/sh
# A BAQ answer of more than 1 GiB is counted in constant memory: under 16 MB resident.
set -eu
build=$1
. packaging/process.sh

rows=6000000
simulator_start "$build/kinetic_simulator" --rows "zHuge=$rows" --row-cap 100000000
cat >"$work/agent.ini" <<INI
[exporter]
interval = 5m
timeout = 4m
[appserver live]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
[probe huge]
kind = baq
baq = zHuge
INI
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
counted() {
    curl -sSf "http://$exporter/metrics" >"$work/page" && grep -q '^epicor_probe_success{' "$work/page"
}
until counted; do
    sleep 1
    kill -0 "$agent" || fail "the agent has ended"
done
grep -q "^epicor_probe_rows{.*} $rows\$" "$work/page" || { grep '^epicor_probe' "$work/page"; fail "not $rows rows"; }
bytes=$(sed -n 's/^epicor_probe_response_bytes{.*} //p' "$work/page")
awk -v bytes="$bytes" 'BEGIN { exit !(bytes >= 1073741824) }' || fail "the answer had only $bytes bytes"
# Sanitizers keep shadow memory of their own; there the counting is what is tested.
if ! grep -q '^EPICOR_SANITIZE:STRING=.' "$build/CMakeCache.txt"; then
    peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/"$agent"/status)
    echo "resident at most: $peak kB, for $bytes bytes of answer"
    [ "$peak" -lt 16000 ] || fail "resident memory was $peak kB"
fi
