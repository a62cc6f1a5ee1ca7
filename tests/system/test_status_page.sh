#!/bin/sh
# The status page in a real browser, over a fleet that is healthy, then fails: tests/browser/status_page.mjs. The pictures
# it takes are kept in the build's folder screenshots.
set -eu
build=$1
. packaging/process.sh

browser=$(command -v chromium) || fail "there is no chromium: install Debian's package chromium (sh packaging/packages.sh test)"
modules=$(sh tests/npm.sh tests/browser) || fail "the browser's driver could not be installed"

# One app server that is well and one whose queries fail; a third does not listen.
simulator_start "$build/kinetic_simulator"
live=$kinetic
echo 'at 0s for 1h fault=markup_400 path=zExporterOpenOrders
at 0s for 1h fault=query_timeout path=zExporterPartOnHand' >"$work/timetable"
simulator_start "$build/kinetic_simulator" --timetable="$work/timetable"
pilot=$kinetic

# appserver NAME URL
appserver() {
    cat <<INI
[appserver $1]
url = $2
company = EPIC06, EPIC07
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
INI
}
# probes APPSERVER-LIST
probes() {
    cat <<INI
[probe open-orders]
kind = baq
baq = zExporterOpenOrders
appserver = $1
[probe part_on_hand]
kind = baq
baq = zExporterPartOnHand
appserver = $1
latency_limit = 60s
[probe companies.more]
kind = bo
service = Erp.BO.CompanySvc
entity = Companies
appserver = $1
INI
}
{ printf '[exporter]\ninterval = 1s\ntimeout = 5s\nhistory = 20\n'; appserver live "$live"; probes live; } >"$work/agent.ini"
{
    printf '[exporter]\ninterval = 1s\ntimeout = 5s\nhistory = 20\n'
    appserver live "$live"
    appserver pilot "$pilot"
    appserver gone http://127.0.0.1:9/Kinetic
    probes live,pilot,gone
} >"$work/failing.ini"

agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
mkdir -p "$build/screenshots"
rm -f "$build"/screenshots/*.png
cat >"$work/settings.json" <<SETTINGS
{ "modules": "$modules", "browser": "$browser", "page": "http://$exporter/", "agent": $agent,
  "configuration": "$work/agent.ini", "failing": "$work/failing.ini", "screenshots": "$build/screenshots" }
SETTINGS
node tests/browser/status_page.mjs "$work/settings.json" >"$work/browser.log" 2>&1 ||
    { grep -A 12 "^FAILED" "$work/browser.log" >&2 || :; fail "the browser found faults"; }
cat "$work/browser.log"
