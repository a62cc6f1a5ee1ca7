#!/bin/sh
# A real Prometheus scrapes text 0.0.4, OpenMetrics and protobuf with native histograms, and answers the same by query;
# exemplars, types and helps arrive. protoc reads the protobuf page without a remainder. The strict parser of Prometheus's Python client takes the OpenMetrics page, also a hostile
# one. promtool is silent.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

# Debian's own, which has Debian's modules.
python=/usr/bin/python3
[ -x $python ] || fail "there is no $python: install Debian's package python3 (sh packaging/packages.sh test)"
export PYTHONDONTWRITEBYTECODE=1

# ---- a page with all that a parser can stumble over
strict() { $python tests/system/strict_page.py "$@" >"$work/strict" 2>&1 || fail "strict parser: $(tail -n 3 "$work/strict")"; }
for format in text openmetrics created; do
    "$build/tests/hostile_page" $format >"$work/hostile-$format"
done
strict "$work/hostile-openmetrics" "$work/hostile-text" hostile
grep -q ' 0 created' "$work/strict" || fail "_created that nobody asked for: $(cat "$work/strict")"
strict "$work/hostile-created" "$work/hostile-text" hostile
! grep -q ' 0 created' "$work/strict" || fail "no _created: $(cat "$work/strict")"

# ---- the agent: every few moments runs that succeed and runs that fail
# configure INTERVAL CREATED
configure() {
    {
        sed "s|^\[web\]|&\ncreated = $2|; s|^url = .*|url = $kinetic\nlabel.site = Halle \"A\\\\\" Süd|; s|^interval = .*|interval = $1|" \
            packaging/example.ini
        printf '[probe missing]\nkind = baq\nbaq = zNoSuchQuery\n'
    } >"$work/next.ini"
    mv "$work/next.ini" "$work/agent.ini"
}
simulator_start "$build/kinetic_simulator" --latency=1-5
configure 500ms no
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
launch proxy $python tests/system/accept_proxy.py "$exporter"
await grep -q '^listening on ' "$work/proxy.log" || fail "the proxy did not start"
proxy=127.0.0.1:$(sed -n 's/^listening on //p' "$work/proxy.log")

# ---- Prometheus asks for protobuf by itself once it takes native histograms
job() { printf '  - { job_name: %s, metrics_path: %s, static_configs: [ { targets: [ "%s" ] } ] }\n' "$@"; }
{
    printf 'global: { scrape_interval: 500ms, scrape_timeout: 500ms }\nscrape_configs:\n'
    job protobuf /metrics "$exporter"
    job openmetrics /openmetrics/metrics "$proxy"
    job text /text/metrics "$proxy"
} >"$work/prometheus.yml"
launch prometheus "$tools/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0 --enable-feature=native-histograms,exemplar-storage
prometheus_process=$launched

page() { curl -sSf -H "Accept: $1" "http://$exporter/metrics"; }
openmetrics='application/openmetrics-text;version=1.0.0'
has_failed() { page "$openmetrics" | grep -q '^epicor_probe_failures_total{[^}]*} [1-9][0-9]* # {correlation_id="'; }
has_run() { ! page text/plain | grep '^epicor_probe_runs_total' | grep -q ' 0$'; }
await has_failed || fail "no failed run with a correlation id"
await has_run || fail "not every probe has run"

# Then all stands still, so that scrapes of different moments can be compared; and _created comes.
configure 1h yes
kill -HUP "$agent"
has_created() { page "$openmetrics" | grep -q '^epicor_probe_runs_created{'; }
await has_created || fail "no _created after the reload"
page "$openmetrics" >"$work/page-openmetrics"
page text/plain >"$work/page-text"
strict "$work/page-openmetrics" "$work/page-text"
"$tools/promtool" check metrics <"$work/page-text" >"$work/findings" 2>&1 || fail "promtool: $(cat "$work/findings")"
[ ! -s "$work/findings" ] || fail "promtool: $(cat "$work/findings")"

# ---- protoc: each message of the page becomes a field of one that holds them all, and none has a field without a name
page 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited' >"$work/page-protobuf"
$python tests/system/join_messages.py <"$work/page-protobuf" >"$work/joined"
protoc --proto_path=tests/system --decode=io.prometheus.client.Page metrics.proto <"$work/joined" >"$work/decoded" 2>"$work/protoc.log" ||
    fail "protoc cannot read the page"
! grep -E '^ *[0-9]+[:{ ]' "$work/decoded" || fail "fields that metrics.proto does not know"
decoded() { [ "$(grep -cE "$1" "$work/decoded")" = "$2" ] || fail "protoc does not see $2 of: $1"; }
decoded '^family \{' "$(grep -c '^# TYPE' "$work/page-text")"
decoded '^    (gauge|counter) \{' "$(grep -vcE '^#|_seconds_(bucket|sum|count)\{|^epicor_exporter_[a-z_]*_seconds_(bucket|sum|count) ' "$work/page-text")"
decoded '^    histogram \{' "$(grep -cE '_seconds_count[{ ]' "$work/page-text")"
decoded '^      schema: 3$' "$(grep -c '^epicor_probe_duration_seconds_count' "$work/page-text")"

await port_of "$prometheus_process" || fail "Prometheus did not start"
prometheus=http://127.0.0.1:$(port_of "$prometheus_process")
compare() { $python tests/system/compare_formats.py "$prometheus" >"$work/compared" 2>&1; }
await compare || fail "$(tail -n 5 "$work/compared")"
cat "$work/compared"

# ---- what the native histograms are for
prometheus_tools=$tools
query 'histogram_quantile(0.99, epicor_probe_duration_seconds{job="protobuf"}) < 5 and histogram_count(epicor_probe_duration_seconds) >= 1' >"$work/quantiles"
[ "$(grep -c 'probe=' "$work/quantiles")" = "$(grep -c '^epicor_probe_duration_seconds_count{.*} [1-9]' "$work/page-text")" ] ||
    fail "not a 0.99 quantile of each probe: $(cat "$work/quantiles")"
