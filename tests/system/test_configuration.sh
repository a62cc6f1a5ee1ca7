#!/bin/sh
# The program and its configuration: exit codes, every fault at once, nothing started half-way.
set -eu
exporter_program=$1/epicor_exporter
. packaging/process.sh

# expect STATUS COMMAND...: its output is then in $work/output
expect() {
    expected=$1
    shift
    status=0
    timeout 20 "$@" >"$work/output" 2>&1 </dev/null || status=$?
    [ "$status" = "$expected" ] || { cat "$work/output"; fail "exit $status instead of $expected: $*"; }
}
says() {
    grep -qF -- "$1" "$work/output" || { cat "$work/output"; fail "does not say: $1"; }
}

expect 0 "$exporter_program" --help
says "--config.file"
expect 0 "$exporter_program" check --help
expect 0 "$exporter_program" --version
says "epicor_exporter "
expect 2 "$exporter_program" --no.such.flag
expect 2 "$exporter_program" chekc
says "check"

expect 0 "$exporter_program" check --config.file=packaging/example.ini
says "ok: 1 app servers, 5 probes, 5 targets"
expect 0 "$exporter_program" --config.check --config.file=packaging/example.ini

# Every way of logging in, as the example writes it; that its credentials are not here is no fault.
expect 0 "$exporter_program" check --config.file=packaging/examples/authentication.ini
says "ok: 7 app servers, 1 probes, 8 targets"

expect 3 "$exporter_program" check --config.file="$work/none.ini"
says "none.ini"
expect 3 "$exporter_program" serve --config.file="$work/none.ini"

cat >"$work/bad.ini" <<'INI'
[exporter]
interval = 60
[appserver live]
url = ftp://erp.example.com
compnay = EPIC06
maintenance = Sun 01:00-02:00
[probe a]
kind = baq
baq = x
[probe a]
kind = token
[probe b]
kind = nonsense
INI
expect 3 "$exporter_program" --config.file="$work/bad.ini" --web.listen-address=127.0.0.1:0
for fault in bad.ini:2: bad.ini:4: bad.ini:5: bad.ini:6: bad.ini:10: bad.ini:13: interval url compnay company "not in this version" nonsense; do
    says "$fault"
done

# The address of another process.
sed 's|^url = .*|url = http://127.0.0.1:9|' packaging/example.ini >"$work/good.ini"
agent_start "$exporter_program" --config.file="$work/good.ini"
expect 4 "$exporter_program" --config.file="$work/good.ini" --web.listen-address="$exporter"
says "$exporter"

# Once it serves, what is unwise is said as all else is: one event a line.
expect 4 "$exporter_program" --log.format=json --config.file="$work/good.ini" --web.listen-address="$exporter"
says '"msg":"configuration"'
! grep -v '^{.*}$' "$work/output" || fail "not every line of the log is JSON"
