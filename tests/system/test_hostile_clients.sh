#!/bin/sh
# Hostile clients: 5,000 slow connections from one address, huge headers, pipelined garbage, wrong methods, tricks with paths, a
# storm of wrong passwords. Meanwhile a good client on another address is answered each time, memory stays flat, and no run of
# a probe is lost. How long the scrapes took is printed.
set -eu
build=$1
. packaging/process.sh

# Sanitizers are slow and keep memory of their own: fewer clients, and memory is not looked at.
connections=5000 sanitized=
! grep -q '^EPICOR_SANITIZE:STRING=.' "$build/CMakeCache.txt" || { sanitized=yes connections=500; }

simulator_start "$build/kinetic_simulator" --latency=5-10 --rows=zOrders=20
hash=$(echo demo-password | "$build/epicor_exporter" hash-password)
cat >"$work/agent.ini" <<INI
[exporter]
interval = 2s
timeout = 20s
[web]
basic_auth.watch = $hash
[appserver live]
url = $kinetic
company = EPIC06
max_in_flight = 8
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
INI
for number in $(seq 50); do
    printf '[probe p%s]\nkind = baq\nbaq = zOrders\n' "$number" >>"$work/agent.ini"
done
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
page() { curl -sSf --interface 127.0.0.2 -u watch:demo-password "http://$exporter/metrics" >"$work/$1"; }
sum() { awk -v name="$2" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }' "$work/$1"; }
all_have_run() { page first && [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/first")" = 50 ]; }
await all_have_run || fail "not all probes succeed"

attack() {
    "$build/tests/hostile_clients" "${exporter##*:}" "$agent" \
        "Basic $(printf watch:demo-password | base64)" $connections "$@" >>"$work/table" ||
        { cat "$work/table"; fail "a scrape was not answered whole"; }
}
# The lateness of runs between two pages: on average, and the bound under which 99 of 100 were, in milliseconds.
lateness() {
    awk -v before="$work/$1" '
        /^epicor_exporter_run_lateness_seconds/ { value[$1] = $2 }
        END {
            while ((getline line < before) > 0) { split(line, part, " "); if (part[1] in value) value[part[1]] -= part[2] }
            base = "epicor_exporter_run_lateness_seconds_"
            count = value[base "count"]; bound = 1e9
            for (name in value)
                if (name ~ /_bucket/ && value[name] >= count * 0.99) {
                    split(name, part, "\""); if (part[2] != "+Inf" && part[2] + 0 < bound) bound = part[2] + 0
                }
            printf "%d runs, late by %.2f ms on average, 99 of 100 by less than %g ms", count, value[base "sum"] / count * 1000, bound * 1000
        }' "$work/$2"
}

page begin
attack quiet
page calm
attack slow headers pipelined methods paths passwords
page end
printf '%-10s %8s %8s %7s %7s %7s %7s %8s %8s %8s %10s\n' phase opened failed 2xx 4xx 5xx silent scrapes 'p50 ms' 'max ms' 'memory KB'
cat "$work/table"
echo "probes, quiet: $(lateness begin calm)"
echo "probes, attacked: $(lateness calm end)"

skipped=$(($(sum end epicor_exporter_runs_skipped_total) - $(sum begin epicor_exporter_runs_skipped_total)))
failures=$(($(sum end epicor_probe_failures_total) - $(sum begin epicor_probe_failures_total)))
[ -n "$sanitized" ] || [ "$skipped" = 0 ] || fail "$skipped runs were skipped"
[ "$failures" = 0 ] || fail "$failures runs failed"
before=$(awk '$1 == "quiet" { print $NF }' "$work/table")
most=$(awk '$1 != "quiet" && $NF > most { most = $NF } END { print most }' "$work/table")
echo "memory: $before KB before, $most KB at most after an attack"
[ -n "$sanitized" ] || [ "$most" -lt $((before + 6000)) ] || fail "memory grew from $before KB to $most KB"
