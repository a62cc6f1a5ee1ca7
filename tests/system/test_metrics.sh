#!/bin/sh
# The main job with a real Prometheus: every kind of probe succeeds, promtool is silent on the page, type and help arrive.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

simulator_start "$build/kinetic_simulator"
sed "s|^url = .*|url = $kinetic|; s|^interval = .*|interval = 2s|" packaging/example.ini >"$work/agent.ini"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
scrape_interval=1s prometheus_start "$tools"

succeeded() {
    query 'epicor_probe_success * on (appserver, company, probe) group_left (kind) epicor_probe_info' >"$work/answer"
    for kind in token baq efx bo; do
        grep -q "kind=\"$kind\".*=> 1 @" "$work/answer" || return 1
    done
}
await succeeded || { cat "$work/answer"; fail "not every kind of probe has succeeded"; }

curl -sSf "http://$exporter/metrics" >"$work/page"
"$tools/promtool" check metrics <"$work/page" >"$work/findings" 2>&1 || fail "promtool: $(cat "$work/findings")"
[ ! -s "$work/findings" ] || fail "promtool: $(cat "$work/findings")"

# Type and help of each family, as Prometheus took them with its last scrape, of OpenMetrics: there a counter's family is
# called without _total.
families_known() {
    curl -sSf "$prometheus/api/v1/metadata" >"$work/metadata"
    sed -n 's/^# TYPE \([^ ]*\) \([a-z]*\)$/\1 \2/p' "$work/page" | sed 's/_total counter$/ counter/' >"$work/families"
    while read -r family type; do
        grep -q "\"$family\":\[{\"type\":\"$type\",\"help\":\"[^\"]" "$work/metadata" || { echo "$family" >"$work/unknown"; return 1; }
    done <"$work/families"
}
await families_known || fail "no type or help of $(cat "$work/unknown") in Prometheus"
[ "$(wc -l <"$work/families")" -ge 50 ] || fail "only $(wc -l <"$work/families") families on the page"

# A Prometheus that lost a scrape would say so.
[ "$(query 'min_over_time(up[10s])' | sed 's/.* => \([0-9]\) .*/\1/')" = 1 ] || fail "a scrape failed"
