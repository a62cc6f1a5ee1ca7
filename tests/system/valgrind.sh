#!/bin/sh
# valgrind over the unit tests, the replayed fuzz corpora and the agent at work:  sh tests/system/valgrind.sh BUILD
# AddressSanitizer does not see the use of what was never set; this does.
set -eu
build=$1
. packaging/process.sh

# Of the unit tests those that read what others have written. What agent, report and command do with it is seen in the agent
# at work, below; AddressSanitizer looks at all of them.
readers="base_* json_* config_* metrics_* kinetic_* probe_* web_* agent_head agent_intake"
# Millions of cases over pure functions, hours under valgrind, and what loads or writes files again and again; what they
# call is reached by the corpora and other tests.
slow="unit_base_zone unit_base_calendar unit_base_text_number unit_base_secret unit_base_includes unit_json_corpus
unit_json_fields unit_metrics_text_format unit_config_window unit_config_file unit_probe_date"

cat >"$work/check" <<'CHECK'
#!/bin/sh
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect "$@"
CHECK
cat >"$work/check-test" <<'CHECK'
#!/bin/sh
log=$(dirname "$0")/valgrind-$(basename "$1").log
corpus=tests/fuzz/corpus/$(basename "$1" | sed 's/^replay_//')
[ -d "$corpus" ] || corpus=
sh "$(dirname "$0")/check" "$1" $corpus >"$log" 2>&1 </dev/null && rm "$log" && exit 0
echo "valgrind: $1"
exit 255
CHECK
ls "$build"/tests/replay_* >"$work/programs"
for reader in $readers; do
    ls "$build/tests"/unit_$reader >>"$work/programs"
done
for name in $slow; do
    grep -q "/$name\$" "$work/programs" || fail "there is no test $name: mend the list in this script"
    sed -i "/\/$name\$/d" "$work/programs"
done
xargs -P 3 -n 1 sh "$work/check-test" <"$work/programs" || fail "valgrind found something"
echo "$(wc -l <"$work/programs") test programs"

simulator_start "$build/kinetic_simulator"
sed "s|^url = .*|url = $kinetic|; s|^interval = .*|interval = 1s|" packaging/example.ini >"$work/agent.ini"
agent_start sh "$work/check" "$build/epicor_exporter" --config.file="$work/agent.ini"
all_ran() {
    curl -sSf "http://$exporter/metrics" >"$work/page" && [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/page")" = 5 ]
}
await all_ran || fail "not every probe succeeded under valgrind"
curl -sSf "http://$exporter/" >/dev/null || fail "no status page"
kill -TERM "$agent"
status=0
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "the agent under valgrind ended with $status"
echo "the agent, five probes, status page, shutdown"
