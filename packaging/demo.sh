#!/bin/sh
# The demonstration: installs what is missing, builds, and runs the agent against the simulator with a real Prometheus
# scraping it, until Ctrl-C.  sh packaging/demo.sh [--seconds=N]   (with N it ends by itself)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"

seconds=
for argument in "$@"; do
    case $argument in
    --seconds=*[!0-9]* | --seconds=) echo "--seconds=N wants a whole number" >&2; exit 2 ;;
    --seconds=*) seconds=${argument#--seconds=} ;;
    --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    *) echo "usage: sh packaging/demo.sh [--seconds=N]" >&2; exit 2 ;;
    esac
done

sh packaging/packages.sh build demo
tools=$(sh packaging/prometheus.sh)
echo "building ..."
mkdir -p build
if ! { cmake --preset release && cmake --build --preset release --target epicor_exporter kinetic_simulator; } >build/demo-build.log 2>&1; then
    cat build/demo-build.log >&2
    exit 1
fi

work=$(mktemp -d)
pids=
finish() {
    trap - EXIT INT TERM
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
    rm -rf "$work"
}
trap 'finish' EXIT
trap 'finish; echo "stopped"; exit 0' INT TERM

fail() {
    echo "demo: $1" >&2
    for log in "$work"/*.log; do echo "--- $(basename "$log")" >&2; tail -n 20 "$log" >&2; done
    exit 1
}

# Waits until the command given succeeds, at most 30 s.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 150 ] || return 1
        sleep 0.2
    done
}

build/release/kinetic_simulator --listen-address=127.0.0.1:0 >"$work/simulator.log" 2>&1 &
pids="$pids $!"
await grep -q '^listening on ' "$work/simulator.log" || fail "the simulator did not start"
kinetic=$(sed -n 's/^listening on //p' "$work/simulator.log" | head -n 1)

# The last port number of a listening socket of a process.
port_of() {
    for descriptor in /proc/"$1"/fd/*; do
        inode=$(readlink "$descriptor" 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p') || continue
        [ -z "$inode" ] || hex=$(awk -v inode="$inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2 }' \
            /proc/net/tcp /proc/net/tcp6 2>/dev/null)
        [ -z "${hex:-}" ] || { printf '%d\n' "0x$hex"; return 0; }
    done
    return 1
}

sed "s|^url = .*|url = $kinetic|" packaging/example.ini >"$work/epicor_exporter.ini"
KINETIC_USERNAME=epicor-monitor KINETIC_PASSWORD=demo-password KINETIC_API_KEY=demo-api-key \
    build/release/epicor_exporter --config.file="$work/epicor_exporter.ini" --web.listen-address=127.0.0.1:0 \
    >"$work/agent.log" 2>&1 &
agent=$!
pids="$agent $pids"
await port_of $agent || fail "the agent did not start"
exporter=127.0.0.1:$(port_of $agent)

cp alerts/*.rules.yml "$work/" 2>/dev/null || :
cat >"$work/prometheus.yml" <<CONFIG
global:
  scrape_interval: 5s
  scrape_timeout: 5s
  evaluation_interval: 5s
rule_files: [ "$work/*.rules.yml" ]
scrape_configs:
  - job_name: epicor
    static_configs: [ { targets: [ "$exporter" ] } ]
CONFIG
"$tools/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0 >"$work/prometheus.log" 2>&1 &
prometheus_pid=$!
pids="$prometheus_pid $pids"
await port_of $prometheus_pid || fail "Prometheus did not start"
prometheus=http://127.0.0.1:$(port_of $prometheus_pid)

query() {
    "$tools/promtool" query instant "$prometheus" "$1"
}

# Until every kind of probe has run once and Prometheus has seen it.
echo "waiting for the first runs ..."
all_ran() {
    [ "$(query 'count(count by (kind) (epicor_probe_success * on (appserver, company, probe) group_right epicor_probe_info))' |
        sed -n 's/.* => \([0-9]*\) @.*/\1/p')" = 4 ]
}
await all_ran || fail "not every kind of probe has run within 30 s"

summary() {
    echo
    echo "$(date +%T)  probe results as Prometheus has them (1 = the last run succeeded):"
    query epicor_probe_success | sed -n 's/.*probe="\([^"]*\)"[^}]*} => \([0-9.]*\) .*/\1 \2/p' | sort >"$work/success"
    query epicor_probe_last_duration_seconds | sed -n 's/.*probe="\([^"]*\)"[^}]*} => \([0-9.]*\) .*/\1 \2/p' | sort >"$work/latency"
    query epicor_probe_rows | sed -n 's/.*probe="\([^"]*\)"[^}]*} => \([0-9.]*\) .*/\1 \2/p' | sort >"$work/rows"
    query epicor_probe_info | sed -n 's/.*kind="\([^"]*\)".*probe="\([^"]*\)".*/\2 \1/p' | sort >"$work/kind"
    printf '  %-16s %-8s %-8s %10s %8s\n' probe kind success seconds rows
    while read -r probe kind; do
        printf '  %-16s %-8s %-8s %10s %8s\n' "$probe" "$kind" \
            "$(sed -n "s/^$probe //p" "$work/success")" "$(sed -n "s/^$probe //p" "$work/latency")" \
            "$(sed -n "s/^$probe //p" "$work/rows")"
    done <"$work/kind"
    echo "  token lives another $(query epicor_token_remaining_seconds | sed -n 's/.* => \([0-9]*\).*/\1/p') s;" \
        "app server up: $(query epicor_up | sed -n 's/.* => \([0-9]*\).*/\1/p')"
}
summary
cat <<URLS

  simulated Kinetic   $kinetic
  agent: status page  http://$exporter/
  agent: metrics      http://$exporter/metrics
  Prometheus          $prometheus

URLS
if [ -n "$seconds" ]; then
    sleep "$seconds" &
    wait $!
    summary
    query epicor_probe_success
    echo "done"
    exit 0
fi
echo "Ctrl-C stops all of it."
while kill -0 "$agent" 2>/dev/null; do
    sleep 60 &
    wait $!
    summary
done
fail "the agent has ended"
