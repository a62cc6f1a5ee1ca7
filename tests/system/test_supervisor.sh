#!/bin/sh
# A supervisor that speaks as systemd does: what it is told and when, the sockets that it passes, and the unit files.
set -eu
build=$1
. packaging/process.sh

cat >"$work/agent.ini" <<'INI'
[web]
listen_address = 127.0.0.1:1
[appserver live]
url = http://127.0.0.1:9/KineticLive
company = EPIC06
auth = none
api_key = demo-api-key
[probe orders]
kind = baq
baq = zExporterOpenOrders
INI
chmod 600 "$work/agent.ini"
cp "$work/agent.ini" "$work/good.ini"

"$build/tests/supervised" "$work/agent.ini" "$build/epicor_exporter" --config.file="$work/agent.ini" \
    >"$work/told.log" 2>"$work/agent.log" || fail "what a supervisor is told is wrong"
cat "$work/told.log"
grep -q 'msg=serving.*sockets="passed by the supervisor"' "$work/agent.log" || fail "the log does not tell of the sockets"
grep -q 'level=warn.*listen_address of \[web\].*without effect' "$work/agent.log" || fail "an address without effect is not told"

# One that cannot be served on is an error that says so.
status=0
"$build/tests/supervised" datagram "$build/epicor_exporter" --config.file="$work/good.ini" 2>"$work/agent.log" || status=$?
[ "$status" = 4 ] || fail "exit $status with a datagram socket"
grep -q 'socket 2 of 2.*ListenStream=' "$work/agent.log" || fail "what is wrong with the socket is not told"

# The unit files, held against systemd's own reader. It wants the program that they name.
mkdir "$work/units"
for unit in service socket; do
    sed "s|/usr/bin/epicor_exporter|$PWD/$build/epicor_exporter|; s|$PWD//|/|" "packaging/epicor_exporter.$unit" \
        >"$work/units/epicor_exporter.$unit"
done
SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$work/units/epicor_exporter.service" \
    "$work/units/epicor_exporter.socket" >"$work/verify.log" 2>&1 || fail "systemd does not take the units"
! grep -E 'epicor_exporter\.(service|socket)' "$work/verify.log" || fail "systemd complains of the units"
# As README tells: a loop of starts must not lock the account. Exits 2 and 3 (README, exit codes) are for good, 4 is not.
grep -qx 'RestartSec=30s' packaging/epicor_exporter.service || fail "RestartSec is not what README says"
grep -q 'RestartSec=30s' README.md || fail "README says no RestartSec"
grep -qx 'RestartPreventExitStatus=2 3' packaging/epicor_exporter.service || fail "the wrong exits prevent a restart"
! grep '^Documentation=man:' packaging/epicor_exporter.service || fail "the service names a manual page that is not there"
systemd-analyze security --offline=yes --threshold=20 --no-pager "$work/units/epicor_exporter.service" \
    >"$work/security.log" 2>&1 || fail "the service is not confined as it was"
tail -n 1 "$work/security.log"
