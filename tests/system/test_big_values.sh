#!/bin/sh
# A BAQ of 1,000,000 rows with three values by two labels: right to the last digit against an independent computation over the
# same bytes (values_apart.c), under 24 MB resident. How fast is printed.
set -eu
build=$1
. packaging/process.sh

rows=1000000 series=40
# Sanitizers are slow and keep shadow memory of their own; with them the values are what is tested.
sanitized=
! grep -q '^EPICOR_SANITIZE:STRING=.' "$build/CMakeCache.txt" || { sanitized=yes; rows=100000; }
simulator_start "$build/kinetic_simulator" --rows "zExporterValues=$rows" --row-cap 100000000 --latency 0-1
cat >"$work/agent.ini" <<INI
[exporter]
interval = 5m
timeout = 4m
[appserver live]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
[probe values]
kind = baq
baq = zExporterValues
max_series = $series
value.amount = Calculated_Amount
value.amount.aggregate = sum
value.amount.labels = warehouse=Calculated_Warehouse, account=Calculated_Account
value.padded = Calculated_Padded
value.padded.aggregate = avg
value.padded.labels = warehouse=Calculated_Warehouse, account=Calculated_Account
value.mixed = Calculated_Mixed
value.mixed.aggregate = max
value.mixed.labels = warehouse=Calculated_Warehouse, account=Calculated_Account
INI
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
read_page() {
    curl -sSf "http://$exporter/metrics" >"$work/page" && grep -q '^epicor_probe_success{' "$work/page"
}
until read_page; do
    sleep 0.5
    kill -0 "$agent" || fail "the agent has ended"
done
grep -q "^epicor_probe_rows{.*} $rows\$" "$work/page" || { grep '^epicor_probe' "$work/page"; fail "not $rows rows"; }

# The simulator's rows are the same each time they are asked for.
curl -sSf -u epicor-monitor:demo-password -H 'x-api-key: demo-api-key' \
    "$kinetic/api/v2/odata/EPIC06/BaqSvc/zExporterValues/Data" | "$build/tests/values_apart" $series >"$work/apart"
sed -n -e 's/^epicor_value_\([a-z]*\){.*\(warehouse="[^"]*"\).*\(account="[^"]*"\).*} /\1{\2,\3} /p' \
    -e 's/^epicor_exporter_series_dropped{.*family="epicor_value_\([a-z]*\)".*} /\1_dropped /p' "$work/page" >"$work/told"
awk -v apart="$work/apart" '
    BEGIN { while ((getline line < apart) > 0) { split(line, part, " "); wanted[part[1]] = part[2]; count++ } }
    { told++ }
    !($1 in wanted) { print "not expected: " $0; wrong = 1; next }
    $2 + 0 != wanted[$1] + 0 { print $0 " and not " wanted[$1]; wrong = 1 }
    END { if (told != count || count < 100) { print told " series and not " count; wrong = 1 }; exit wrong }' "$work/told" ||
    { grep '^epicor_value\|dropped' "$work/page" | tail -n 5; tail -n 5 "$work/apart"; fail "the values are not right"; }

bytes=$(sed -n 's/^epicor_probe_response_bytes{.*} //p' "$work/page")
cpu=$(sed -n 's/^process_cpu_seconds_total //p' "$work/page")
wall=$(sed -n 's/^epicor_probe_last_duration_seconds{.*} //p' "$work/page")
awk -v bytes="$bytes" -v cpu="$cpu" -v wall="$wall" -v series="$(wc -l <"$work/told")" 'BEGIN {
    printf "%d series out of %.0f MB, as computed apart; %.0f MB/s of the agent'\''s processor time (all that it used), %.0f MB/s from end to end, with the simulator\n",
        series, bytes / 1e6, bytes / 1e6 / cpu, bytes / 1e6 / wall }'
if [ -z "$sanitized" ]; then
    peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/"$agent"/status)
    echo "resident at most: $peak kB"
    [ "$peak" -lt 24000 ] || fail "resident memory was $peak kB"
fi
