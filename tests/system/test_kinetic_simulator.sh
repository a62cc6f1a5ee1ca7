#!/bin/sh
# The program kinetic_simulator as people start it: flags, the line it prints, a timetable, its end.
set -eu
build=$1
. "$(dirname "$0")/../../packaging/process.sh"
program=$build/kinetic_simulator

# status_of PATH CURL-FLAGS...: the HTTP status of a path below the base
status_of() {
    status_path=$1
    shift
    curl -s -g -o /dev/null -w '%{http_code}' --max-time 20 "$@" "$kinetic/$status_path"
}

# expect WHAT WANTED GOT
expect() {
    [ "$2" = "$3" ] || fail "$1: $3 and not $2"
}

# refuses FLAG: exit 2, and a line that says why
refuses() {
    code=0
    "$program" "$1" >"$work/refused.log" 2>&1 </dev/null || code=$?
    expect "$1" 2 "$code"
    [ -s "$work/refused.log" ] || fail "$1: not a word"
}

for flag in --nothing --tls=x --listen-address=1 --listen-address=127.0.0.1:65536 --row-cap=0 --row-cap=1x --rows==1 \
    --rows=z=many --latency=9-3 --base-path=x --timetable=/nothing argument; do
    refuses "$flag"
done
"$program" --help >"$work/help.log"
grep -q -- '--clock-offset=SECONDS' "$work/help.log" || fail "--help does not name its flags"

echo 'at 0s for 1h fault=conversions_pending path=BaqSvc/zBroken' >"$work/timetable"
simulator_start "$program" --user=someone --password=p:w --api-key=k1 --company=C1 --rows=zBroken=3 --rows=zMore=250 \
    --row-cap=200 --latency=0 --base-path=/Pilot --clock-offset=-7200 --timetable="$work/timetable"
expect "base URL" /Pilot "/${kinetic##*/}"
# shellcheck disable=SC2086
breaks() { [ "$(status_of api/v2/odata/C1/BaqSvc/zBroken/Data $good)" = 503 ]; }
good='-u someone:p:w -H x-api-key:k1'
# shellcheck disable=SC2086
{
    expect token 200 "$(status_of TokenResource.svc/ -X POST -d '' -H username:someone -H password:p:w)"
    expect 'wrong password' 401 "$(status_of TokenResource.svc/ -X POST -d '' -H username:someone -H password:x)"
    expect BAQ 200 "$(status_of api/v2/odata/C1/BaqSvc/zMore/Data $good)"
    expect 'unknown company' 404 "$(status_of api/v2/odata/EPIC06/BaqSvc/zMore/Data $good)"
    await breaks || fail "the timetable does not play"
    rows=$(curl -s -g $good "$kinetic/api/v2/odata/C1/BaqSvc/zMore/Data?\$top=1000" | grep -o RowIdent | wc -l)
    expect 'rows of a page' 200 "$rows"
}
kill -TERM "$simulator"
code=0
wait "$simulator" || code=$?
expect 'exit code' 0 "$code"

simulator_start "$program" --tls=valid --latency=0
ca=$(sed -n 's/^CA file //p' "$work/simulator.log")
expect 'token over TLS' 200 "$(status_of TokenResource.svc -X POST -d '' --cacert "$ca" -H username:epicor-monitor \
    -H password:demo-password)"
kill -INT "$simulator"
code=0
wait "$simulator" || code=$?
expect 'exit code' 0 "$code"
[ ! -e "$ca" ] || fail "the CA file was left behind"
