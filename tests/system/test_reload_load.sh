#!/bin/sh
# Reloads under load: 1,000 targets, running probes, good and bad files in turn, each by POST /-/reload, at 200 a minute. Ten
# seconds of it; soak_reload.sh makes the whole minute. What is held against what: reload_load.c.
set -eu
build=$1
reloads=${RELOADS:-33}
interval=2s
# Under a sanitizer half the machine is for the sanitizer.
if grep -q '^EPICOR_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt"; then interval=5s; fi
. packaging/process.sh

simulator_start "$build/kinetic_simulator" --latency=5-40
file=$work/agent.ini
"$build/tests/reload_load" write "$file" "$kinetic" "$interval"
agent_start "$build/epicor_exporter" --config.file="$file"

# All of them have run.
all_run() {
    curl -sSf "http://$exporter/metrics" >"$work/page"
    [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/page")" = 1000 ]
}
await all_run || fail "not all probes run"

"$build/tests/reload_load" run "$file" "$kinetic" "$interval" "${exporter##*:}" "$reloads" 300 >"$work/table" \
    2>"$work/wrong.log" || { cat "$work/table"; fail "reloads under load"; }
cat "$work/table"
status=0
kill -TERM "$agent"
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "exit $status after SIGTERM"
