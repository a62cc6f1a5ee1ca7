#!/bin/sh
# Started with its first three descriptors closed, the agent gives their numbers to no file and to no connection: it would
# write its log there.
set -eu
build=$1
. packaging/process.sh

cat >"$work/agent.ini" <<INI
[appserver live]
url = http://127.0.0.1:9
company = EPIC06
auth = none
[probe orders]
kind = baq
baq = zExporterOpenOrders
interval = 1h
INI

descriptors() {
    curl -sSf "http://$1/metrics" | sed -n 's/^process_open_fds //p'
}
agent_start "$build/epicor_exporter" --config.file="$work/agent.ini"
usual=$(descriptors "$exporter")

# Where it listens can be read nowhere then: the port that the first one was given is free again.
kill -TERM "$agent"
wait "$agent" || fail "exit $? after SIGTERM"
launch closed sh -c 'exec "$@" <&- >&- 2>&-' sh "$build/epicor_exporter" --config.file="$work/agent.ini" \
    --web.listen-address="$exporter"
closed=$launched
as_many() {
    [ "$(descriptors "$exporter")" = "$usual" ]
}
await as_many || fail "$(descriptors "$exporter") descriptors are open, and usually $usual"
kill -TERM "$closed"
wait "$closed" || fail "exit $? after SIGTERM"
