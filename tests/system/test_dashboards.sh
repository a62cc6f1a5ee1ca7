#!/bin/sh
# The dashboards: what is committed is what the jsonnet beside it says; the looks of dashboards.py find nothing in them, and
# find each fault that a board can have; on a stage where things fail all their queries return data; the same files are served
# and written by the program.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh
. tests/system/boards_stage.sh

# The stage plays while the files are looked at.
scrape_interval=1s stage_start "$build" "$tools" faulted

for source in dashboards/*.jsonnet; do
    board=${source%net}
    jsonnet "$source" >"$work/board" || fail "$source cannot be read"
    cmp "$work/board" "$board" || fail "$board is not what $source says: jsonnet $source >$board"
done
[ "$(ls dashboards/*.json | wc -l)" = "$(ls dashboards/*.jsonnet | wc -l)" ] || fail "a board without its source"

# The names of series; epicor_value_NAME stands for all of its kind.
"$build/epicor_exporter" reference metrics | awk -F'`' '
    /^\| `/ && / \| histogram \| / { print $2 "_bucket\n" $2 "_sum\n" $2 "_count"; next }
    /^\| `(epicor|process)_/ { print $2 }
    /^`epicor_value_NAME`/ { print $2 }' >"$work/families"
[ "$(wc -l <"$work/families")" -ge 80 ] || fail "only $(wc -l <"$work/families") series found in the reference"
sed -n 's/^ *- record: //p' alerts/*.rules.yml >"$work/recorded"
python3 tests/system/dashboards.py "$tools/promtool" "$work/families" "$work/recorded" dashboards/*.json >"$work/said" ||
    fail "$(cat "$work/said")"
python3 tests/system/dashboards_test.py "$tools/promtool" "$work/families" "$work/recorded" dashboards/fleet.json \
    >"$work/said" || fail "$(cat "$work/said")"
cat "$work/said"

"$build/epicor_exporter" dashboards "$work/written" >"$work/said"
for board in dashboards/*.json; do
    name=${board##*/}
    curl -sSf "http://$exporter/dashboards/$name" | cmp - "$board" || fail "/dashboards/$name is not $board"
    cmp "$work/written/$name" "$board" || fail "dashboards writes another $name"
done

python3 tests/system/dashboards_data.py "$prometheus" "$stage_started" +120 dashboards/*.json >"$work/said" ||
    fail "$(cat "$work/said")"
cat "$work/said"
# A zero hides nothing: of this query only what stands before the `or` finds nothing.
sed 's/count(min by (appserver) (epicor_up{/&appserver=\\"nobody\\", /' dashboards/fleet.json >"$work/fleet.json"
! python3 tests/system/dashboards_data.py "$prometheus" "$stage_started" "$(date +%s)" "$work/fleet.json" >"$work/said" ||
    fail "nothing is missed where the left half of a query names nobody"
grep -q '^fleet, panel .Servers down?., query A: count(min by' "$work/said" && grep -q ' 1 without data$' "$work/said" ||
    fail "$(cat "$work/said")"
! python3 tests/system/dashboards_data.py "$prometheus" "$((stage_started - 86400))" "$((stage_started - 80000))" \
    dashboards/fleet.json >"$work/said" || fail "data are found where there are none"
