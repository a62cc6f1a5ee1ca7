#!/bin/sh
# CPU (user + system) per probe of a BAQ answer of about 40 KB, plain HTTP: the agent, which keeps its connection, against
# blackbox_exporter's /probe of the same URL, which cannot.  sh tests/bench/bench_probe.sh [BUILD]
set -eu
build=${1:-build/release}
. packaging/process.sh

probes=1000
mkdir "$work/peer"
(cd "$work/peer" && apt-get download prometheus-blackbox-exporter >log 2>&1 && dpkg-deb -x ./*.deb .) ||
    fail "prometheus-blackbox-exporter cannot be had: $(cat "$work/peer/log")"

simulator_start "$build/kinetic_simulator" --latency=0-1 --rows zBench=150 --row-cap=1000
cat >"$work/agent.ini" <<INI
[exporter]
interval = 100ms
timeout = 100ms
[appserver live]
url = $kinetic
company = EPIC06
max_in_flight = 2
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
INI
for number in 0 1 2 3 4 5 6 7 8 9; do
    printf '[probe p%s]\nkind = baq\nbaq = zBench\n' $number >>"$work/agent.ini"
done
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"

# CPU ticks of a process, of which a second has $(getconf CLK_TCK)
ticks() {
    awk '{ sub(/.*\) /, ""); print $12 + $13 }' /proc/"$1"/stat
}
runs() {
    curl -sSf "http://$exporter/metrics" | awk '/^epicor_probe_runs_total/ { runs += $2 } END { print runs }'
}
sleep 2
ours_begin=$(ticks "$agent")
runs_begin=$(runs)
while [ "$(($(runs) - runs_begin))" -lt "$probes" ]; do sleep 1; done
ours_runs=$(($(runs) - runs_begin))
ours=$(($(ticks "$agent") - ours_begin))
size=$(curl -sSf "http://$exporter/metrics" | awk '/^epicor_probe_response_bytes/ { print $2; exit }')
kill "$agent"

token=$(curl -sSf -X POST -H 'Content-Length: 0' -H 'Accept: application/json' -H 'username: epicor-monitor' -H 'password: demo-password' \
    "$kinetic/TokenResource.svc/" | sed -n 's/.*"AccessToken":"\([^"]*\)".*/\1/p')
cat >"$work/blackbox.yml" <<CONFIG
modules:
  baq:
    prober: http
    timeout: 5s
    http: { headers: { Authorization: "Bearer $token", x-api-key: demo-api-key, Accept: application/json } }
CONFIG
launch blackbox "$work/peer/usr/bin/prometheus-blackbox-exporter" --config.file="$work/blackbox.yml" \
    --web.listen-address=127.0.0.1:0 --log.level=error
peer=$launched
await port_of "$peer" || fail "blackbox_exporter did not start"
url="http://127.0.0.1:$(port_of "$peer")/probe?module=baq&target=$kinetic/api/v2/odata/EPIC06/BaqSvc/zBench/Data"
curl -sSf "$url" | grep -q '^probe_success 1' || fail "blackbox_exporter's probe failed"
theirs_begin=$(ticks "$peer")
curl -sSf -o /dev/null "$url&n=[1-$probes]" || fail "blackbox_exporter failed"
theirs=$(($(ticks "$peer") - theirs_begin))

awk -v ours="$ours" -v runs="$ours_runs" -v theirs="$theirs" -v probes="$probes" -v hertz="$(getconf CLK_TCK)" -v size="$size" 'BEGIN {
    a = ours / hertz / runs * 1e6; b = theirs / hertz / probes * 1e6
    printf "answer of %d bytes\n", size
    printf "epicor_exporter    %7.0f us of CPU a probe (%d probes, kept connection, its own scrapes included)\n", a, runs
    printf "blackbox_exporter  %7.0f us of CPU a probe (%d probes, a connection each)\n", b, probes
    printf "ratio              %7.1f (budget: 10)\n", b / a }'
