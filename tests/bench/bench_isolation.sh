#!/bin/sh
# Do scrapes hold up probes?  Latencies and lateness of the probes of one agent with about 100,000 series, first alone, then while
# ten scrapers pull all series as fast as they can; both sides and their ratio.  sh tests/bench/bench_isolation.sh [BUILD]
# The scrapers are on this machine too, which a real one's are not: they run with NICE (19: what is left over is theirs; 0: they
# compete with the agent for the cores).
set -eu
build=${1:-build/release}
. packaging/process.sh

interval=10 phase=15 probes=1300
simulator_start "$build/kinetic_simulator" --latency=2-3 --rows=zBench=20
cat >"$work/agent.ini" <<INI
[exporter]
interval = ${interval}s
timeout = 5s
[appserver live]
url = $kinetic
company = EPIC06, EPIC07
max_in_flight = 50
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
INI
for number in $(seq $probes); do
    printf '[probe open_orders_%s]\nkind = baq\nbaq = zBench\n' "$number" >>"$work/agent.ini"
done
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
page() { curl -sSf --interface 127.0.0.2 "http://$exporter/metrics" >"$work/$1"; }
all_have_run() { page first && [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/first")" = $((2 * probes)) ]; }
await all_have_run || fail "not all probes succeed"
echo "$(grep -vc '^#' "$work/first") series, $(wc -c <"$work/first") bytes, $((2 * probes)) targets every $interval s, $(nproc) cores," \
    "load $(cut -d ' ' -f 1 /proc/loadavg)"

# The duration of the last run of each target, in milliseconds: half are below the first, 99 of 100 below the second.
durations() {
    sed -n 's/^epicor_probe_last_duration_seconds{.*} //p' "$work/$1" | sort -g |
        awk '{ value[NR] = $1 * 1000 } END { print value[int((NR + 1) / 2)], value[int(NR * 0.99 + 0.5)] }'
}
# The lateness of runs between two pages: mean in milliseconds, and the bound of the bucket below which 99 of 100 were.
lateness() {
    awk -v before="$work/$1" '
        /^epicor_exporter_run_lateness_seconds_/ { value[$1] = $2 }
        END {
            while ((getline line < before) > 0) { split(line, part, " "); if (part[1] in value) value[part[1]] -= part[2] }
            base = "epicor_exporter_run_lateness_seconds_"; count = value[base "count"]; bound = 30
            for (name in value)
                if (name ~ /_bucket/ && value[name] >= count * 0.99) {
                    split(name, part, "\""); if (part[2] != "+Inf" && part[2] + 0 < bound) bound = part[2] + 0
                }
            printf "%.3f %g %d\n", value[base "sum"] / count * 1000, bound * 1000, count
        }' "$work/$2"
}
scrapes() { awk '/^epicor_exporter_http_requests_total{path="\/metrics",code="200"}/ { print $2 }' "$work/$1"; }
skipped() { awk '/^epicor_exporter_runs_skipped_total/ { sum += $2 } END { print sum + 0 }' "$work/$1"; }
tell() {
    # shellcheck disable=SC2046 # words
    printf '%-18s duration p50 %6.2f ms, p99 %6.2f ms; late %6.3f ms on average, 99%% by less than %g ms, of %d runs\n' \
        "$1" $(durations "$3") $(lateness "$2" "$3")
}

page begin
sleep $phase
page alone
tell alone begin alone
for nice in ${NICE:-19 0}; do
    page before
    scrapers=
    for number in 1 2 3 4 5 6 7 8 9 10; do
        launch "scraper$number" timeout $phase nice -n "$nice" curl -sS -o /dev/null "http://$exporter/metrics?n=[1-1000000]"
        scrapers="$scrapers $launched"
    done
    for scraper in $scrapers; do wait "$scraper" || :; done # their time is over
    page scraped
    tell "10 scrapers nice $nice" before scraped
    echo "$(durations alone) $(durations scraped)" | awk -v scrapes=$(($(scrapes scraped) - $(scrapes before))) \
        -v skipped=$(($(skipped scraped) - $(skipped before))) -v seconds=$phase \
        '{ printf "  p50 %.2f times, p99 %.2f times; %.1f scrapes a second, %d runs skipped\n", $3 / $1, $4 / $2, scrapes / seconds, skipped }'
done
