#!/bin/sh
# The rules that are built into the program: legal, with tests of their own that pass, and about nothing that the program does
# not tell; what the program serves and writes are the same files; and the runbooks.
set -eu
build=$1
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

"$tools/promtool" check rules alerts/*.rules.yml >"$work/said" 2>&1 || fail "$(cat "$work/said")"
! grep -q lint "$work/said" || fail "$(cat "$work/said")"
"$tools/amtool" check-config alerts/alertmanager.example.yml >"$work/said" 2>&1 || fail "$(cat "$work/said")"
jsonnet -e "local mixin = (import 'alerts/mixin.libsonnet') + {
        _config+:: { baseUrl: 'https://wiki.example.com', alertLabels: { team: 'erp' }, dashboardTags: ['ours'] } };
    local rules(groups) = std.flattenArrays([group.rules for group in groups]);
    { alerts: std.length(rules(mixin.prometheusAlerts.groups)), rules: std.length(rules(mixin.prometheusRules.groups)),
      boards: std.length(std.objectFieldsAll(mixin.grafanaDashboards)),
      labelled: std.length([rule for rule in rules(mixin.prometheusAlerts.groups) if rule.labels.team == 'erp' && std.objectHas(rule.labels, 'scope')]),
      linked: std.length([name for name in std.objectFieldsAll(mixin.grafanaDashboards)
          if mixin.grafanaDashboards[name].tags == ['ours'] && mixin.grafanaDashboards[name].links[0].tags == ['ours']]),
      runbook: rules(mixin.prometheusAlerts.groups)[0].annotations.runbook_url }" >"$work/mixin" || fail "the mixin cannot be read"
for line in "\"alerts\": $(grep -c '^ *- alert:' alerts/epicor.rules.yml)" "\"rules\": $(grep -c '^ *- record:' alerts/epicor.rules.yml)" \
    "\"boards\": $(ls dashboards/*.json | wc -l)" "\"labelled\": $(grep -c '^ *- alert:' alerts/epicor.rules.yml)" \
    "\"linked\": $(ls dashboards/*.json | wc -l)" 'wiki.example.com/runbooks/'; do
    grep -q "$line" "$work/mixin" || fail "the mixin has not $line: $(cat "$work/mixin")"
done
"$tools/promtool" test rules alerts/tests/*.yml >"$work/said" 2>&1 || fail "$(cat "$work/said")"
# Nothing that another alert would tell explains these.
cat >"$work/unexplained" <<'LIST'
EpicorExporterDown: it is what all others stand on, and Prometheus alone sees it
EpicorExporterOverloaded: the agent's own fault, whatever it watches
EpicorExporterConfigReloadFailed: a fault of the file, whatever the agent watches
LIST
python3 tests/system/rule_cases.py alerts/epicor.rules.yml "$work/unexplained" alerts/tests/*_test.yml >"$work/said" ||
    fail "$(cat "$work/said")"
# A test of that test: a case less, and one that shows nothing, are found.
sed 's/unavailable_is_silent_when_explained/unavailable_is_quiet/; /- labels/s/unavailable_survives_a_missing_series/nobody/
    /series:.*"unreachable_survives_a_missing_series"/{n;s/ stale / /}
    /epicor_maintenance{.*"upgrade_pending_is_silent_when_explained"/,+1d' alerts/tests/appserver_test.yml >"$work/poorer.yml"
! python3 tests/system/rule_cases.py alerts/epicor.rules.yml "$work/unexplained" "$work/poorer.yml" >"$work/said" ||
    fail "a case less is not found"
for line in 'EpicorUnavailable: no case unavailable_is_silent_when_explained...' \
    'unavailable_survives_a_missing_series: is not expected to fire' \
    'unreachable_survives_a_missing_series: no series of it misses a sample' \
    'upgrade_pending_is_silent_when_explained: has no series that explains it'; do
    grep -qxF "$line" "$work/said" || fail "not found: $line: $(cat "$work/said")"
done
# Every reason that a run can have is told, as a verdict and of a probe.
"$build/epicor_exporter" reference metrics | sed -n '/^## Reasons/,$s/^| `\([a-z_]*\)` |.*/\1/p' >"$work/reasons"
[ "$(wc -l <"$work/reasons")" -ge 20 ] || fail "only $(wc -l <"$work/reasons") reasons found"
while read -r reason; do
    grep -q "epicor_appserver_failure_reason{.*_fires.*reason=\"$reason\"" alerts/tests/appserver_test.yml ||
        fail "no test shows that a verdict of $reason is told"
    grep -q "epicor_probe_failure_reason{.*_fires.*reason=\"$reason\"" alerts/tests/probe_test.yml alerts/tests/appserver_test.yml ||
        fail "no test shows that $reason is told of a probe"
done <"$work/reasons"

# Where Alertmanager sends what.
route() {
    [ "$("$tools/amtool" config routes test --config.file=alerts/alertmanager.example.yml "$@")" = "$receiver" ]
}
while read -r receiver labels; do
    # shellcheck disable=SC2086 # a list
    route $labels || fail "$labels: not sent to $receiver"
done <<'ROUTES'
on-call alertname=EpicorUnavailable appserver=live scope=appserver severity=critical
on-call alertname=EpicorExporterDown scope=agent severity=critical
tickets alertname=EpicorServerErrors appserver=live company=EPIC06 probe=orders scope=probe severity=warning
info alertname=EpicorSchemaChanged appserver=live company=EPIC06 probe=orders scope=probe severity=info
tickets alertname=NodeDown severity=critical
ROUTES

# A name in a rule or a runbook is one of the program, one that the rules record, or Prometheus's own.
"$build/epicor_exporter" reference metrics | sed -n 's/^| `\([a-z_0-9]*\)`.*/\1/p' >"$work/families"
sed -n 's/^ *- record: //p' alerts/*.rules.yml >"$work/recorded"
grep -ohE '\b([a-z]+:)?epicor_[a-z0-9_]+(:[a-z0-9_]+)?' alerts/*.rules.yml alerts/runbooks/*.md |
    grep -vE '^epicor_(recording|appserver|probe|error_budget|agent|exporter)$' |
    sort -u >"$work/named"
[ "$(wc -l <"$work/named")" -ge 30 ] || fail "only $(wc -l <"$work/named") names of metrics found in the rules and runbooks"
while read -r name; do
    family=${name%_bucket} # of a histogram
    family=${family%_sum}
    grep -qxF "$family" "$work/families" || grep -qxF "$name" "$work/recorded" || fail "no metric is called $name"
done <"$work/named"

# Each alert says what the reader needs.
alerts=$(grep -c '^ *- alert:' alerts/epicor.rules.yml)
for line in 'scope: \(appserver\|probe\|agent\)' 'severity: \(critical\|warning\|info\)' 'summary: .*\.'"'"'\{0,1\}' 'runbook_url: .*' \
    'dashboard_url: .*'; do
    [ "$(grep -c "^ *$line\$" alerts/epicor.rules.yml)" = "$alerts" ] || fail "not each of $alerts alerts has a line $line"
done

simulator_start "$build/kinetic_simulator"
sed "s|^url = .*|url = $kinetic|" packaging/example.ini >"$work/agent.ini"
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
"$build/epicor_exporter" rules "$work/rules" >"$work/said"
for file in alerts/*.rules.yml; do
    name=${file##*/}
    curl -sSf "http://$exporter/rules/$name" | cmp - "$file" || fail "/rules/$name is not $file"
    cmp "$work/rules/$name" "$file" || fail "rules writes another $name"
done
[ "$(curl -s -o "$work/none" -w '%{http_code}' "http://$exporter/rules/none.yml")" = 404 ] || fail "rules that are not there"
grep -qx epicor.rules.yml "$work/none" || fail "the answer does not say which rules there are"

"$build/epicor_exporter" rules "$work/own" --base-url=https://wiki.example.com/epicor/ >"$work/said"
"$tools/promtool" check rules "$work/own/epicor.rules.yml" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
grep -q 'runbook_url: https://wiki.example.com/epicor/runbooks/EpicorUnavailable.md' "$work/own/epicor.rules.yml" ||
    fail "--base-url has no effect"
! grep -q 'epicor-exporter.example' "$work/own/epicor.rules.yml" || fail "--base-url leaves addresses behind"

# Every alert has its runbook, and each command of a runbook works as it stands.
scrape_interval=1s prometheus_start "$tools"
appserver_is_scraped() {
    query 'epicor_up' | grep -q '=> 1 @'
}
await appserver_is_scraped || fail "Prometheus does not scrape the agent"
export PROMETHEUS="$prometheus" EXPORTER="http://$exporter" APPSERVER=live PROBE=open-orders
# promtool takes a tenth of a second to start: so one of the queries is its own, the others are asked by curl.
"$tools/promtool" query instant "$PROMETHEUS" up >/dev/null || fail "promtool cannot ask Prometheus"
mkdir "$work/bin"
cat >"$work/bin/promtool" <<'SHIM'
#!/bin/sh
[ "$#" = 4 ] && [ "$1 $2" = "query instant" ] || { echo "not the form of: promtool query instant URL QUERY" >&2; exit 2; }
curl -sS "$3/api/v1/query" --data-urlencode "query=$4" | tee /dev/stderr | grep -q '"status":"success"'
SHIM
chmod +x "$work/bin/promtool"
PATH=$work/bin:$PATH
for alert in $(sed -n 's/^ *- alert: //p' alerts/*.rules.yml | sort -u); do
    book=alerts/runbooks/$alert.md
    for part in "# $alert" '## Meaning' '## Impact' '## Diagnosis' '## Mitigation'; do
        grep -qxF "$part" "$book" || fail "$book: no $part"
    done
    awk '/^```/ { inside = !inside && /sh$/; next } inside' "$book" >"$work/commands"
    [ -s "$work/commands" ] || fail "$book names no command"
    cat "$work/commands" >>"$work/all_commands"
done
sort -u "$work/all_commands" >"$work/commands" # many name the same query
while read -r command; do
    sh -c "$command" >"$work/said" 2>&1 </dev/null || fail "a runbook's command: $command: $(cat "$work/said")"
done <"$work/commands"
for book in alerts/runbooks/Epicor*.md; do
    name=${book##*/}
    grep -q "alert: ${name%.md}\$" alerts/*.rules.yml || fail "$book is about no alert"
done
