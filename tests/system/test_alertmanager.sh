#!/bin/sh
# What Alertmanager mutes with the example of its configuration: a real one, given alerts.
set -eu
tools=$(sh packaging/prometheus.sh)
. packaging/process.sh

example=$PWD/alerts/alertmanager.example.yml
check=$PWD/tests/system/inhibition.py
rules=$PWD/alerts/epicor.rules.yml

# alertmanager_start CONFIG: sets $alertmanager (its URL)
alertmanager_start() {
    rm -rf "$work/alertmanager"
    cd "$tools/../share/prometheus/alertmanager" # where it looks for its templates
    launch alertmanager "$tools/prometheus-alertmanager" --config.file="$1" --storage.path="$work/alertmanager" \
        --web.listen-address=127.0.0.1:0 --cluster.listen-address=
    cd "$OLDPWD"
    process=$launched
    await port_of "$process" || fail "Alertmanager did not start"
    alertmanager=http://127.0.0.1:$(port_of "$process")
    await curl -sSf "$alertmanager/-/ready" || fail "Alertmanager does not become ready"
}

alertmanager_start "$example"
python3 "$check" "$alertmanager" "$example" "$rules" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
stop "$process"

# A test of that test: no inhibition, one that mutes independent faults, and one of any app server, are found.
found_fault() { # CONFIG LINE FLAGS...
    config=$1
    line=$2
    shift 2
    ! cmp -s "$example" "$config" || fail "$config is the example itself"
    alertmanager_start "$config"
    ! python3 "$check" "$alertmanager" "$config" "$rules" "$@" >"$work/said" 2>&1 || fail "$config passes"
    grep -qxF "$line" "$work/said" || fail "$config: not found: $line: $(cat "$work/said")"
    stop "$process"
}
sed '/^inhibit_rules:/,/^receivers:/{/^receivers:/!d}' "$example" >"$work/none.yml"
found_fault "$work/none.yml" 'EpicorServerErrors of pair-0 is not muted' --at-once
sed "s/, 'alertname !~ [^]]*'\]/]/" "$example" >"$work/more.yml"
found_fault "$work/more.yml" 'EpicorProbeTargetMissing of apart-0 is muted'
sed 's/equal: \[appserver\]/equal: [receiver]/' "$example" >"$work/wide.yml"
found_fault "$work/wide.yml" 'EpicorServerErrors of pair-0-other is muted'
