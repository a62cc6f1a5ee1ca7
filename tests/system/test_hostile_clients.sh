#!/bin/sh
# Hostile clients: 5,000 slow connections from one address, huge headers, pipelined garbage, wrong methods, tricks with paths, a
# storm of wrong passwords, eight who ask for pages, and on an agent with pages of megabytes 31 who read them slowly. Meanwhile a
# good client on another address is answered each time, memory stays flat, and no run of a probe is lost. How long the scrapes took
# is printed; that they should take less than 50 ms cannot be held against a machine that does other things too.
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
# Pages of 4 MB; hardly any run is due meanwhile.
{
    printf '[exporter]\ninterval = 24h\n[appserver wide]\nurl = %s\nmax_in_flight = 1\nauth = none\napi_version = v1\n' "$kinetic"
    printf 'company = C0'
    for number in $(seq 1 1600); do printf ',C%s' "$number"; done
    printf '\n[probe orders]\nkind = baq\nbaq = zOrders\n'
} >"$work/wide.ini"
agent_start "$build/epicor_exporter" --config.file="$work/wide.ini" --web.listen-address=127.0.0.1:0
wide=$exporter wide_agent=$agent
grep -q "urls=\"http://$wide http://127\.0\.0\.1:[0-9]*\"" "$work/agent.log" || fail "the log does not name all URLs"
mv "$work/agent.log" "$work/wide.log"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
page() { curl -sSf --interface 127.0.0.2 -u watch:demo-password "http://$exporter/metrics" >"$work/$1"; }
sum() { awk -v name="$2" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }' "$work/$1"; }
all_have_run() { page first && [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/first")" = 50 ]; }
await all_have_run || fail "not all probes succeed"

attack() { # of the agent PID at ADDRESS
    attacked=$1 address=$2
    shift 2
    "$build/tests/hostile_clients" "${address##*:}" "$attacked" \
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
attack "$agent" "$exporter" quiet
page calm
attack "$agent" "$exporter" slow headers pipelined methods paths passwords pages
page end
cp "$work/table" "$work/all"
: >"$work/table"
attack "$wide_agent" "$wide" quiet readers greedy pages
head='%-10s %8s %8s %7s %7s %7s %7s %8s %8s %8s %8s %9s %9s\n'
printf "$head" phase opened failed 2xx 4xx 5xx silent scrapes 'p50 ms' 'p99 ms' 'max ms' 'KB after' 'KB most'
cat "$work/all"
echo "with pages of 4 MB:"
cat "$work/table"
echo "probes, quiet: $(lateness begin calm)"
echo "probes, attacked: $(lateness calm end)"

skipped=$(($(sum end epicor_exporter_runs_skipped_total) - $(sum begin epicor_exporter_runs_skipped_total)))
failures=$(($(sum end epicor_probe_failures_total) - $(sum begin epicor_probe_failures_total)))
[ -n "$sanitized" ] || [ "$skipped" = 0 ] || fail "$skipped runs were skipped"
[ "$failures" = 0 ] || fail "$failures runs failed"
# flat TABLE PHASE KB: the memory amid it is no more than that above the most in quiet
flat() {
    before=$(awk '$1 == "quiet" { print $NF }' "$work/$1")
    most=$(awk -v phase="$2" '$1 == phase { print $NF }' "$work/$1")
    [ -n "$sanitized" ] || [ "$most" -lt $((before + $3)) ] || fail "$2: memory rose from $before KB to $most KB"
}
for phase in slow headers pipelined methods paths passwords pages; do flat all "$phase" 8000; done
flat table readers 24000 # the body that all share, and that of the good client
flat table greedy 56000  # the share of an address, 32 MB, and that of the good client
flat table pages 64000
slowest=$(cat "$work/all" "$work/table" | awk '$11 > most { most = $11 } END { print int(most) }')
[ -n "$sanitized" ] || [ "$slowest" -lt 5000 ] || fail "a scrape took $slowest ms"
