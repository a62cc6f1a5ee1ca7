#!/bin/sh
# The dashboards: what is committed is what the jsonnet beside it says, a look at each (dashboards.py), every query understood
# by a real Prometheus that scrapes the agent, and the same files served and written by the program.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

for source in dashboards/*.jsonnet; do
    board=${source%net}
    jsonnet "$source" >"$work/board" || fail "$source cannot be read"
    cmp "$work/board" "$board" || fail "$board is not what $source says: jsonnet $source >$board"
done
[ "$(ls dashboards/*.json | wc -l)" = "$(ls dashboards/*.jsonnet | wc -l)" ] || fail "a board without its source"

"$build/epicor_exporter" reference metrics | sed -n 's/^| `\([a-z_0-9]*\)`.*/\1/p' >"$work/families"
sed -n 's/^ *- record: //p' alerts/*.rules.yml >"$work/recorded"
python3 tests/system/dashboards.py "$work/families" "$work/recorded" "$work/expressions" dashboards/*.json >"$work/faults" ||
    fail "$(cat "$work/faults")"
[ "$(wc -l <"$work/expressions")" -ge 60 ] || fail "only $(wc -l <"$work/expressions") queries found"

simulator_start "$build/kinetic_simulator"
sed "s|^url = .*|url = $kinetic|; s|^interval = .*|interval = 2s|" packaging/example.ini >"$work/agent.ini"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
scrape_interval=1s prometheus_start "$tools"
succeeded() {
    query 'epicor_probe_success' | grep -q '=> 1 @'
}
await succeeded || fail "Prometheus has no run of a probe"
with_data=0
while IFS='	' read -r board expression; do
    curl -sS "$prometheus/api/v1/query" --data-urlencode "query=$expression" >"$work/answer"
    grep -q '"status":"success"' "$work/answer" || fail "$board: $expression: $(cat "$work/answer")"
    ! grep -q '"result":\[{' "$work/answer" || with_data=$((with_data + 1))
done <"$work/expressions"
echo "$(wc -l <"$work/expressions") queries, $with_data of them with data from a healthy app server a moment after the start"

"$build/epicor_exporter" dashboards "$work/written" >"$work/said"
for board in dashboards/*.json; do
    name=${board##*/}
    curl -sSf "http://$exporter/dashboards/$name" | cmp - "$board" || fail "/dashboards/$name is not $board"
    cmp "$work/written/$name" "$board" || fail "dashboards writes another $name"
done
