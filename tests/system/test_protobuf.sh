#!/bin/sh
# A real Prometheus that wants native histograms scrapes protobuf: it has what the text page says, a native histogram whose
# quantiles it answers, and the correlation ids of failed runs as exemplars. protoc reads the whole page without a remainder.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

page() { # FILE [ACCEPT]
    curl -sSf -D "$work/head" -H "Accept: ${2:-text/plain}" -o "$1" "http://$exporter/metrics"
}
# What Prometheus 2.42 sends with this feature.
protobuf='application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

simulator_start "$build/kinetic_simulator" --latency=5-60 --deny=BaqSvc/zExporterPartOnHand
settings() { # INTERVAL
    sed "s|^url = .*|url = $kinetic|; s|^interval = .*|interval = $1|" packaging/example.ini >"$work/agent.ini"
}
settings 500ms
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
scrape_interval=1s prometheus_start "$tools" --enable-feature=native-histograms,exemplar-storage

# ---- there is something to see ----

enough() {
    page "$work/page" && [ "$(sed -n 's/^epicor_probe_duration_seconds_count{.*probe="open-orders"} //p' "$work/page")" -ge 10 ] &&
        [ "$(sed -n 's/^epicor_probe_failures_total{.*probe="part-on-hand"} //p' "$work/page")" -ge 2 ]
}
await enough || fail "too few runs"

# Nothing runs from here on; what was counted stays.
settings 1h
kill -HUP "$agent"
await grep -q 'msg="the configuration was reloaded"' "$work/agent.log" || fail "no reload"
idle() { page "$work/page" && grep -q '^epicor_requests_in_flight{.*} 0$' "$work/page"; }
await idle || fail "a request goes on"

# ---- the bytes ----

page "$work/protobuf" "$protobuf"
grep -qi '^content-type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited' "$work/head" ||
    fail "not protobuf: $(cat "$work/head")"
# Each message becomes a field of one that holds them all.
python3 - "$work/protobuf" "$work/whole" <<'PYTHON'
import sys
data, at, out = open(sys.argv[1], "rb").read(), 0, bytearray()
while at < len(data):
    begin, size, shift = at, 0, 0
    while True:
        byte = data[at]
        at, size, shift = at + 1, size | (byte & 127) << shift, shift + 7
        if byte < 128:
            break
    at += size
    out += b"\x0a" + data[begin:at]
open(sys.argv[2], "wb").write(out)
PYTHON
protoc --proto_path=tests/system --decode=io.prometheus.client.Page metrics.proto <"$work/whole" >"$work/decoded" 2>"$work/protoc.log" ||
    fail "protoc cannot read the page"
! grep -nE '^ *[0-9]+[:{ ]' "$work/decoded" || fail "fields that are unknown"
page "$work/page"
families=$(grep -c '^# TYPE' "$work/page")
[ "$(grep -c '^family {' "$work/decoded")" = "$families" ] || fail "not $families families"
lines=$(grep -vcE '^#|^epicor_[a-z_]*_seconds_(bucket|sum|count)' "$work/page")
[ "$(grep -cE '^    (gauge|counter) \{' "$work/decoded")" = "$lines" ] || fail "not $lines gauges and counters"

# ---- Prometheus ----

same() {
    page "$work/page" &&
        curl -sSf -G --data-urlencode 'query={job="epicor"}' "$prometheus/api/v1/query" >"$work/answer" &&
        python3 tests/system/metrics_compare.py "$work/page" "$work/answer" epicor_probe_duration_seconds >"$work/compare.log"
}
await same || fail "Prometheus has other values"

number() { query "$1" | sed -n 's/.* => \([^ ]*\) .*/\1/p'; }
for probe in open-orders part-on-hand login; do
    wanted=$(sed -n "s/^epicor_probe_duration_seconds_count{.*probe=\"$probe\"} //p" "$work/page")
    [ "$(number "histogram_count(epicor_probe_duration_seconds{probe=\"$probe\"})")" = "$wanted" ] || fail "not $wanted runs of $probe"
done
quantile=$(number 'histogram_quantile(0.99, epicor_probe_duration_seconds{probe="open-orders"})')
awk -v quantile="$quantile" 'BEGIN { exit !(quantile > 0.001 && quantile < 30) }' || fail "0.99 quantile: $quantile"

# ---- exemplars ----

correlation=$(sed -n 's/.*probe=part-on-hand.* correlation=\([^ ]*\).*/\1/p' "$work/agent.log" | head -n 1)
[ -n "$correlation" ] || fail "no correlation id in the log"
for family in epicor_probe_failures_total epicor_failures_total epicor_probe_duration_seconds; do
    curl -sSf -G --data-urlencode "query=$family" --data-urlencode "start=$(($(date +%s) - 600))" \
        --data-urlencode "end=$(date +%s)" "$prometheus/api/v1/query_exemplars" >"$work/exemplars"
    grep -q '"correlation_id":"[0-9a-f]\{8\}-[0-9a-f-]\{27\}"' "$work/exemplars" || fail "no exemplar of $family: $(cat "$work/exemplars")"
done
