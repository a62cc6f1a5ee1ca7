#!/bin/sh
# Memory of the whole agent after some runs of every target, by the number of targets, before any scrape and after one in
# each format: BAQ probes of five app servers.  sh tests/bench/bench_memory.sh [BUILD [RUNS [HISTORY]]]
set -eu
build=${1:-build/release}
runs=${2:-60}
history=${3:-60}
. packaging/process.sh

simulator_start "$build/kinetic_simulator" --latency=0-1

# configuration TARGETS
configuration() {
    printf '[exporter]\ninterval = 1s\ntimeout = 1s\nhistory = %s\n' "$history"
    for appserver in 1 2 3 4 5; do
        printf '[appserver live%s]\nurl = %s\ncompany = EPIC06\n' $appserver "$kinetic"
        printf 'username_env = KINETIC_USERNAME\npassword_env = KINETIC_PASSWORD\napi_key_env = KINETIC_API_KEY\n'
    done
    seq $(($1 / 5)) | sed 's/.*/[probe orders&]\nkind = baq\nbaq = zExporterOpenOrders/'
}
# KB of the agent's line NAME in /proc
memory() {
    awk -v name="$1:" '$1 == name { print $2 }' "/proc/$agent/status"
}
scrape() {
    for accept in 'text/plain' 'application/openmetrics-text' \
        'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'; do
        curl -sSf -o "$work/page" -H "Accept: $accept" "http://$exporter/metrics"
    done
}
mean_runs() {
    curl -sSf "http://$exporter/metrics" | awk '/^epicor_probe_runs_total/ { n++; runs += $2 } END { printf "%.0f", runs / n }'
}

last=
for targets in 5 500 1000; do
    configuration $targets >"$work/agent.ini"
    agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
    nap $((runs + 2))
    quiet=$(memory RssAnon)
    scrape
    anonymous=$(memory RssAnon)
    printf '%5d targets, %3d runs of each: %6d KB anonymous, scraped %6d KB, resident %6d KB' $targets "$(mean_runs)" \
        "$quiet" "$anonymous" "$(memory VmRSS)"
    [ -z "$last" ] || printf '; a further target %d bytes, scraped %d' $(((quiet - last_quiet) * 1024 / (targets - last))) \
        $(((anonymous - last_anonymous) * 1024 / (targets - last)))
    echo
    last=$targets
    last_quiet=$quiet
    last_anonymous=$anonymous
    stop "$agent" || exit 1
done
