#!/bin/sh
# The demonstration: installs what is missing, builds, and runs the agent against the simulator with a real Prometheus
# scraping it, until Ctrl-C.  sh packaging/demo.sh [--seconds=N] [--bad-half-hour]   (with N it ends by itself; the bad half
# hour is packaging/bad_half_hour.timetable, which says what befalls the server when, and which alert it is to raise)
set -eu
cd "$(dirname "$0")/.."

seconds=
timetable=
for argument in "$@"; do
    case $argument in
    --seconds=*[!0-9]* | --seconds=) echo "--seconds=N wants a whole number" >&2; exit 2 ;;
    --seconds=*) seconds=${argument#--seconds=} ;;
    --bad-half-hour) timetable=packaging/bad_half_hour.timetable ;;
    --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    *) echo "usage: sh packaging/demo.sh [--seconds=N] [--bad-half-hour]" >&2; exit 2 ;;
    esac
done

sh packaging/packages.sh build demo
tools=$(sh packaging/prometheus.sh)
echo "building (the first time takes a minute) ..."
if ! flock build/lock sh -c 'cmake --preset release &&
    cmake --build --preset release --target epicor_exporter kinetic_simulator' >build/demo-build.log 2>&1; then
    cat build/demo-build.log >&2
    exit 1
fi

. packaging/process.sh
trap 'echo; echo "stopping all of it ..."; exit 0' INT TERM
simulator_start build/release/kinetic_simulator ${timetable:+"--timetable=$timetable"}
sed "s|^url = .*|url = $kinetic|" packaging/example.ini >"$work/epicor_exporter.ini"
agent_start build/release/epicor_exporter --config.file="$work/epicor_exporter.ini"
prometheus_start "$tools"

# Until every target has run once and Prometheus has seen it.
echo "waiting for the first runs (they are spread over half a minute) ..."
value_of() {
    query "$1" | sed -n 's/.* => \([^ ]*\) @.*/\1/p'
}
all_ran() {
    all=$(value_of 'count(epicor_probe_info)')
    [ -n "$all" ] && [ "$(value_of 'count(epicor_probe_success)')" = "$all" ]
}
await all_ran || fail "not every target has run within a minute"

# column METRIC: "probe value" lines
column() {
    query "$1" | sed -n 's/.*probe="\([^"]*\)"[^}]*} => \([^ ]*\) @.*/\1 \2/p' | sort >"$work/column.$1"
}
cell() {
    sed -n "s/^$2 //p" "$work/column.$1"
}
summary() {
    for metric in epicor_probe_success epicor_probe_last_duration_seconds epicor_probe_rows epicor_probe_runs_total; do
        column $metric
    done
    echo
    echo "$(date +%T) what Prometheus has (success 1: the last run was good)"
    printf '  %-14s %-6s %8s %9s %6s %6s\n' probe kind success seconds rows runs
    query epicor_probe_info | sed -n 's/.*kind="\([^"]*\)".*probe="\([^"]*\)".*/\2 \1/p' | sort | while read -r probe kind; do
        printf '  %-14s %-6s %8s %9s %6s %6s\n' "$probe" "$kind" "$(cell epicor_probe_success "$probe")" \
            "$(cell epicor_probe_last_duration_seconds "$probe" | cut -c1-7)" \
            "$(cell epicor_probe_rows "$probe")" "$(cell epicor_probe_runs_total "$probe")"
    done
    echo "  app server up: $(value_of epicor_up); its token lives another" \
        "$(value_of epicor_token_remaining_seconds | cut -d. -f1) s"
    alerts
}
# pending: the rule's time is not over yet
alerts() {
    query ALERTS | sed -n 's/.*alertname="\([^"]*\)", alertstate="\([^"]*\)".*/\2 \1 &/p' |
        sed 's/^\([^ ]* [^ ]*\) .*probe="\([^"]*\)".*/\1 (\2)/; t; s/^\([^ ]* [^ ]*\) .*/\1/' | sort -u >"$work/alerts"
    [ -s "$work/alerts" ] || echo "none" >"$work/alerts"
    sed 's/^/  alert: /' "$work/alerts"
}

summary
cat <<URLS

  simulated Kinetic  $kinetic
  status page        http://$exporter/
  metrics            http://$exporter/metrics
  Prometheus         $prometheus/graph?g0.expr=epicor_probe_success

URLS
if [ -n "$seconds" ]; then
    nap "$seconds"
    summary
    echo
    query epicor_probe_success
    echo
    exit 0
fi
echo "Ctrl-C stops all of it."
while kill -0 "$agent" 2>/dev/null; do
    nap 60
    summary
done
fail "the agent has ended"
