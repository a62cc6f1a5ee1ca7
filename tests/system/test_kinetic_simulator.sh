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
    --rows=z=many --latency=9-3 --base-path=x --timetable=/nothing --access=basic,x --basic-refusal=x --lockout=0 --lockout=3:x \
    --way=nothing=1 --way=count=x --way=count --seats=WebService --seats=WebService=x --fail=x \
    --company-key=C1 --seats=Nothing=1 --certificate-days=x --certificate=x --delay=x --gone=x --clock-offset=1s --pilot=1 \
    --scopes=x --oauth-port=0 --client-key=/nothing --session-idle=0 argument; do
    refuses "$flag"
done
"$program" --help >"$work/help.log"
grep -q -- '--clock-offset=SECONDS' "$work/help.log" || fail "--help does not name its flags"

echo 'at 0s for 1h fault=identity_provider_503' >"$work/impossible"
refuses --timetable="$work/impossible"
grep -q 'there is no token endpoint' "$work/refused.log" || fail "an event that cannot happen was taken"
grep -q 'accounts_locked' "$work/help.log" || fail "--help does not name the events"

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

# A token endpoint of its own, lock-out, sessions; what was counted is printed at the end.
echo 'at 0s for 1h fault=sessions_expire' >"$work/timetable"
simulator_start "$program" --latency=0 --oauth --oauth-port=0 --scopes='epicor_erp' --lockout=2:600 --access=oauth,basic \
    --company-key=EPIC07=k7 --basic-refusal=html --timetable="$work/timetable"
endpoint=$(sed -n 's/^token endpoint //p' "$work/simulator.log")
grant() { curl -s --max-time 20 "$endpoint" -d grant_type=client_credentials -d client_id=demo-client "$@"; }
token=$(grant -d client_secret=demo-client-secret -d scope=epicor_erp | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || fail "no token was granted"
grant -d client_secret=wrong | grep -q '"error":"invalid_client"' || fail "a wrong client secret was taken"
data=api/v2/odata/EPIC06/BaqSvc/zLicenseUsage/Data
expect 'granted token' 200 "$(status_of $data -H "Authorization: Bearer $token" -H x-api-key:demo-api-key)"
expect 'key of a company' 401 "$(status_of $data -H "Authorization: Bearer $token" -H x-api-key:k7)"
for password in x y demo-password; do
    expect "password $password" 401 "$(status_of $data -u "epicor-monitor:$password" -H x-api-key:demo-api-key)"
done
expect Login 200 "$(status_of api/v1/Ice.LIB.SessionModSvc/Login -d '{}' -H "Authorization: Bearer $token")"
kill -USR1 "$simulator"
await grep -q 'wrong passwords 2, lock-outs 1, attempts while locked 1, wrong clients 1, wrong API keys 1' \
    "$work/simulator.log" || fail "the counts are not printed"
kill -TERM "$simulator"
wait "$simulator" || fail "no good end"
grep -q 'sessions open 1, at most 1, opened 1, closed 0, expired 0; seats held 1' "$work/simulator.log" ||
    fail "the sessions are not counted at the end"

# A Pilot server with other ways, seats of its own, a right that is missing, a method that fails.
simulator_start "$program" --latency=0 --pilot --way=return-obj=array --way=more-baqs=3000 --seats=WebService=5 \
    --others=WebService=4 --deny=Ice.BO.APIKeySvc --fail=Ice.BO.HealthCheckSvc/ErpAlive=500
good='-u epicor-monitor:demo-password -H x-api-key:demo-api-key'
# ask PATH CURL-FLAGS...: the answer's body
ask() {
    ask_path=api/v2/odata/EPIC06/$1
    shift
    # shellcheck disable=SC2086
    curl -s -g --max-time 20 $good "$@" "$kinetic/$ask_path"
}
ask Ice.LIB.SessionModSvc/GetCurrentValuesFromServer -d '{}' | grep -q '"isProductionInstance":false' || fail "no Pilot"
ask Ice.BO.AdminLicensingSvc/GetLicenseList -d '{}' |
    grep -q '{"returnObj":\[.*"UserLicenseName":"WebService","ActiveUsers":4,"AvailableUsers":1,"MaxUsers":5' ||
    fail "the seats are not as set"
expect 'BAQs in the list' 3000 "$(ask BaqSvc | grep -o '"url":"zListed' | wc -l)"
# shellcheck disable=SC2086
{
    expect 'missing right' 401 "$(status_of api/v2/odata/EPIC06/Ice.BO.APIKeySvc/APIKeys $good)"
    expect 'failing method' 500 "$(status_of api/v2/odata/EPIC06/Ice.BO.HealthCheckSvc/ErpAlive -d '{}' $good)"
}
kill -TERM "$simulator"
wait "$simulator" || fail "no good end"

simulator_start "$program" --tls=valid --latency=0
ca=$(sed -n 's/^CA file //p' "$work/simulator.log")
expect 'token over TLS' 200 "$(status_of TokenResource.svc -X POST -d '' --cacert "$ca" -H username:epicor-monitor \
    -H password:demo-password)"
kill -INT "$simulator"
code=0
wait "$simulator" || code=$?
expect 'exit code' 0 "$code"
[ ! -e "$ca" ] || fail "the CA file was left behind"

# Commands: each is answered once it is in force, and the end of the input ends nothing.
grep -q 'change=NAME=VALUE' "$work/help.log" || fail "--help does not tell of changes"
grep -q -- '--certificate-days=N' "$work/help.log" || fail "--help does not name the changes as flags"
mkfifo "$work/commands"
"$program" --listen-address=127.0.0.1:0 --latency=0 --commands <"$work/commands" >"$work/commanded.log" 2>&1 &
simulator=$!
pids="$simulator $pids"
exec 4>"$work/commands"
await grep -q '^listening on ' "$work/commanded.log" || fail "the simulator did not start"
kinetic=$(sed -n 's/^listening on //p' "$work/commanded.log")
good='-u epicor-monitor:demo-password -H x-api-key:demo-api-key'
data=api/v2/odata/EPIC06/BaqSvc/zLicenseUsage/Data
# command LINE ANSWER: the answer to it is the next line
command() {
    answers=$(wc -l <"$work/commanded.log")
    echo "$1" >&4
    answered() { [ "$(wc -l <"$work/commanded.log")" -gt "$answers" ]; }
    await answered || fail "$1: no answer"
    expect "answer to $1" "$2" "$(tail -n 1 "$work/commanded.log")"
}
# shellcheck disable=SC2086
{
    command 'begin change=gone=BaqSvc/zLicenseUsage' 'done: begin change=gone=BaqSvc/zLicenseUsage'
    expect 'a BAQ that is gone' 404 "$(status_of $data $good)"
    command 'end change=gone=BaqSvc/zLicenseUsage' 'done: end change=gone=BaqSvc/zLicenseUsage'
    expect 'a BAQ that is back' 200 "$(status_of $data $good)"
    command 'begin fault=http_503 path=zLicense times=1' 'done: begin fault=http_503 path=zLicense times=1'
    expect 'one request' 503 "$(status_of $data $good)"
    expect 'the next' 200 "$(status_of $data $good)"
    command 'begin change=closed' 'done: begin change=closed'
    expect 'a closed port' 000 "$(status_of $data $good || :)"
    command 'end change=closed' 'done: end change=closed'
    expect 'an open port' 200 "$(status_of $data $good)"
    command 'end change=closed' 'refused: end change=closed: not begun'
    command 'begin change=seats=Nothing=1' 'refused: begin change=seats=Nothing=1: no license has this name'
    command "begin $(printf %5000s x)" 'refused: : the line is too long'
    command 'what' 'refused: what: `begin` or `end` is wanted'
    printf 'begin change=pilot' >&4
    exec 4>&-
    await grep -q '^done: begin change=pilot$' "$work/commanded.log" || fail "the last line was not answered"
    expect 'after the end of the commands' 200 "$(status_of $data $good)"
}
kill -TERM "$simulator"
wait "$simulator" || fail "no good end"

# The demonstration's bad half hour is one that this server can have, and the alerts that it names are there.
simulator_start "$program" --latency=0 --timetable=packaging/bad_half_hour.timetable
kill -TERM "$simulator"
wait "$simulator" || fail "no good end"
alerts=$(sed -n 's/^#   \(Epicor[A-Za-z]*\) .*/\1/p' packaging/bad_half_hour.timetable)
[ "$(echo "$alerts" | wc -l)" -ge 6 ] || fail "the bad half hour names too few alerts"
for alert in $alerts; do
    grep -q "alert: $alert\$" alerts/epicor.rules.yml || fail "$alert is no alert"
done
