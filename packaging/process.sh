# For sh scripts that run programs side by side: sourced by the demonstration and by the tests of the whole system.
# Makes a folder $work for their files and logs; all they started is stopped, and $work removed, when they end, also by a
# signal.
# shellcheck shell=sh
work=$(mktemp -d)
pids=
napping=

# living PID: a child of this shell that has not ended; the number may long be another program's
living() {
    awk -v parent=$$ '/^State:/ { state = $2 } /^PPid:/ { exit !(state != "Z" && $2 == parent) }' \
        "/proc/$1/status" 2>/dev/null
}

# stopped PID: by SIGSTOP; a process that is being traced is not (t)
stopped() { grep -q '^State:[[:space:]]*T' "/proc/$1/status" 2>/dev/null; }

# terminate PID: SIGTERM; one that a test has stopped goes on to end. No other gets SIGCONT: it takes back the SIGSTOP by
# which LeakSanitizer halts a program at its end, and both would wait for each other for ever, at full load.
terminate() {
    living "$1" || return 0
    kill "$1" 2>/dev/null || return 0
    ! stopped "$1" || kill -CONT "$1" 2>/dev/null || :
}

# stop PID...: to their ends; false if one had to be killed after 60 s, which is told
stop() {
    stop_status=0
    stop_tries=0
    for stop_pid in "$@"; do terminate "$stop_pid"; done
    for stop_pid in "$@"; do
        while living "$stop_pid" && [ $stop_tries -lt 600 ]; do
            stop_tries=$((stop_tries + 1))
            sleep 0.1
        done
        if living "$stop_pid"; then
            stop_status=1
            echo "$(basename "$0"): killed, since it did not end within 60 s after SIGTERM: process $stop_pid," \
                "$(tr '\0' ' ' <"/proc/$stop_pid/cmdline")" >&2
            grep -E '^(State|TracerPid|Threads|SigBlk|ShdPnd):' "/proc/$stop_pid/status" >&2 || :
            kill -KILL "$stop_pid" 2>/dev/null || :
        fi
        # The shell tells of a signal.
        wait "$stop_pid" 2>/dev/null || :
    done
    return $stop_status
}

finish() {
    trap '' HUP INT TERM
    # shellcheck disable=SC2086 # a list
    if stop $napping $pids; then stuck=; else stuck=yes; fi
    # What the agent said, for tests/run.sh, which searches it for secrets.
    [ -z "${AGENT_LOGS:-}" ] || [ ! -f "$work/agent.log" ] || cp "$work/agent.log" "$AGENT_LOGS/agent-$$.log"
    rm -rf "$work"
    [ -z "$stuck" ] || exit 1
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Says what went wrong, with the ends of all logs, and ends the script.
fail() {
    echo "$(basename "$0"): $1" >&2
    for log in "$work"/*.log; do
        [ ! -f "$log" ] || { echo "--- $(basename "$log")" >&2; tail -n 20 "$log" >&2; }
    done
    exit 1
}

# launch NAME COMMAND...: in the background, its output in $work/NAME.log; its process id is in $launched
launch() {
    launch_log=$work/$1.log
    : >"$launch_log"
    shift
    "$@" >"$launch_log" 2>&1 </dev/null &
    launched=$!
    pids="$launched $pids"
}

# nap SECONDS: unlike sleep, a signal ends it at once
nap() {
    sleep "$1" &
    napping=$!
    wait $napping || :
    napping=
}

# await COMMAND...: until it succeeds, at most 60 s
await() {
    await_tries=0
    until "$@" >/dev/null 2>&1; do
        await_tries=$((await_tries + 1))
        [ $await_tries -lt 300 ] || return 1
        sleep 0.2
    done
}

# port_of PID: a TCP port that the process listens on
port_of() {
    for port_descriptor in /proc/"$1"/fd/*; do
        port_inode=$(readlink "$port_descriptor" 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
        [ -n "$port_inode" ] || continue
        port_hex=$(awk -v inode="$port_inode" '$4 == "0A" && $10 == inode { sub(/.*:/, "", $2); print $2; exit }' \
            /proc/net/tcp /proc/net/tcp6 2>/dev/null)
        [ -z "$port_hex" ] || { printf '%d\n' "0x$port_hex"; return 0; }
    done
    return 1
}

# simulator_start PROGRAM FLAGS...: sets $simulator (process id) and $kinetic (its base URL)
simulator_start() {
    simulator_program=$1
    shift
    launch simulator "$simulator_program" --listen-address=127.0.0.1:0 "$@"
    simulator=$launched
    await grep -q '^listening on ' "$work/simulator.log" || fail "the simulator did not start"
    kinetic=$(sed -n 's/^listening on //p' "$work/simulator.log" | head -n 1)
}

# serving: the address that the agent's log names. The descriptors of the agent are hidden from port_of: it is not dumpable.
serving() {
    sed -n 's/.* msg=serving .*address=\([^ ]*\).*/\1/p' "$work/agent.log" | grep .
}
serving_or_ended() {
    serving || ! kill -0 "$agent"
}

# agent_start COMMAND...: with its --config.file; sets $agent (process id) and $exporter (host:port)
agent_start() {
    launch agent env KINETIC_USERNAME=epicor-monitor KINETIC_PASSWORD=demo-password KINETIC_API_KEY=demo-api-key \
        "$@" --web.listen-address=127.0.0.1:0
    agent=$launched
    await serving_or_ended || :
    exporter=$(serving) || fail "the agent did not start"
}

# prometheus_start FOLDER: scraping $exporter, or $scrape_targets (static_configs), each $scrape_interval, with the shipped rules or
# $rule_files; sets $prometheus (its URL)
prometheus_start() {
    prometheus_tools=$1
    prometheus_targets="{ targets: [ \"$exporter\" ] }"
    cat >"$work/prometheus.yml" <<CONFIG
global: { scrape_interval: ${scrape_interval:-5s}, scrape_timeout: ${scrape_interval:-5s}, evaluation_interval: ${scrape_interval:-5s} }
rule_files: [ "${rule_files:-$PWD/alerts/*.rules.yml}" ]
scrape_configs: [ { job_name: epicor, static_configs: [ ${scrape_targets:-$prometheus_targets} ] } ]
CONFIG
    launch prometheus "$prometheus_tools/prometheus" --config.file="$work/prometheus.yml" \
        --storage.tsdb.path="$work/data" --storage.tsdb.retention.time=90d --web.listen-address=127.0.0.1:0
    prometheus_process=$launched
    await port_of "$prometheus_process" || fail "Prometheus did not start"
    prometheus=http://127.0.0.1:$(port_of "$prometheus_process")
}

# query EXPRESSION: one line a series, as promtool prints it
query() {
    "$prometheus_tools/promtool" query instant "$prometheus" "$1"
}
