#!/bin/sh
# valgrind over the unit tests, the replayed fuzz corpora and the agent at work:  sh tests/system/valgrind.sh BUILD
# AddressSanitizer does not see the use of what was never set; this does.
set -eu
build=$1
. packaging/process.sh

# Of the unit tests those that take apart, byte by byte, what others have written: each program takes half a second to start
# under valgrind. The rest is seen in the agent at work, below; AddressSanitizer looks at all of them.
readers="json_scanner kinetic_* config_document config_model base_text base_buffer metrics_native
metrics_openmetrics metrics_protobuf metrics_exemplar probe_decimal probe_expect probe_iso_time probe_metadata probe_reply
probe_tally probe_values report_history web_accept web_encoding web_header_list web_json_writer web_markup web_origin
web_page web_query web_routes agent_head agent_intake"

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
xargs -P 3 -n 1 sh "$work/check-test" <"$work/programs" || fail "valgrind found something"
echo "$(wc -l <"$work/programs") test programs"

simulator_start "$build/kinetic_simulator"
sed "s|^url = .*|url = $kinetic|; s|^interval = .*|interval = 1s|" packaging/example.ini >"$work/agent.ini"
agent_start sh "$work/check" "$build/epicor_exporter" --config.file="$work/agent.ini"
all_ran() {
    curl -sSf "http://$exporter/metrics" >"$work/page" && [ "$(grep -c '^epicor_probe_success{.*} 1$' "$work/page")" = 5 ]
}
await all_ran || fail "not every probe succeeded under valgrind"
for path in "" "?state=good" api/v1/status "metrics?name[]=epicor_up"; do
    curl -gsSf "http://$exporter/$path" >/dev/null || fail "no answer at /$path"
done
curl -sSf --compressed -H "Accept: application/openmetrics-text" "http://$exporter/metrics" >/dev/null || fail "no OpenMetrics"
curl -sSf -X POST "http://$exporter/-/reload" >/dev/null || fail "no reload"
kill -TERM "$agent"
status=0
wait "$agent" || status=$?
[ "$status" = 0 ] || fail "the agent under valgrind ended with $status"
echo "the agent, five probes, status page, shutdown"
