#!/bin/sh
# What the rules and the licenses board say of a history of 60 days (growth, a step, weekends, a plant shutdown, noise),
# held against numbers computed from its samples (capacity.py). The alert is true for the type that grows, and for no other.
set -eu
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh
capacity() {
    python3 tests/system/capacity.py "$@"
}

# history_serve: Prometheus over the blocks that are there; sets $prometheus (its URL)
history_serve() {
    launch prometheus "$tools/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
        --storage.tsdb.retention.time=100y --web.listen-address=127.0.0.1:0
    history=$launched
    await port_of "$history" || fail "Prometheus did not start"
    prometheus=http://127.0.0.1:$(port_of "$history")
    await curl -sSf "$prometheus/-/ready" || fail "Prometheus is not ready"
}

# blocks FILE: of OpenMetrics text
blocks() {
    "$tools/promtool" tsdb create-blocks-from --max-block-duration=486h openmetrics "$1" "$work/data" >"$work/blocks.log" 2>&1 ||
        fail "no blocks can be made of $1"
}

echo 'global: {}' >"$work/prometheus.yml"
capacity history "$work/history"
blocks "$work/history"
history_serve

# What rules recorded is there for others after another start.
pass=1
while capacity record "$prometheus" alerts/epicor.rules.yml $pass "$work/recorded"; do
    blocks "$work/recorded"
    stop "$history"
    history_serve
    pass=$((pass + 1))
done
[ $pass -gt 3 ] || fail "only $((pass - 1)) passes of recording rules found"
capacity check "$prometheus" alerts/epicor.rules.yml dashboards/licenses.json || fail "the answers differ"
