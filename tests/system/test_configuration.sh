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

# What the program prints of itself; what is printed as a sample is a configuration.
expect 0 "$exporter_program" reference config
says "| \`token_renew_at\` |"
expect 0 "$exporter_program" reference metrics
says "| \`epicor_up\` | gauge |"
expect 2 "$exporter_program" reference
expect 2 "$exporter_program" reference everything
expect 2 "$exporter_program" sample-config --config.file=x
says "takes no such flag"
expect 1 sh -c "$exporter_program reference metrics >/dev/full"
says "No space left on device"
expect 0 "$exporter_program" sample-config
cp "$work/output" "$work/sample.ini"
expect 0 "$exporter_program" check --config.file="$work/sample.ini"
says "ok: 1 app servers, 1 probes, 1 targets"

expect 0 "$exporter_program" check --config.file=packaging/example.ini
says "ok: 1 app servers, 5 probes, 5 targets"
expect 0 "$exporter_program" --config.check --config.file=packaging/example.ini

# Every way of logging in, as the example writes it; that its credentials are not here is no fault.
expect 0 "$exporter_program" check --config.file=packaging/examples/authentication.ini
says "ok: 7 app servers, 1 probes, 8 targets"

# What /config would hide is not repeated in a fault either.
cat >"$work/hides.ini" <<'INI'
[appserver live]
url = http://127.0.0.1:9
company = EPIC06
auth = none
api_key = demo-api-key
[probe feed]
kind = http
path = feeds/a?key=hunter2more#x
[probe other]
kind = http
path = //usr:hunter2more@127.0.0.1/feeds
INI
expect 3 "$exporter_program" check --config.file="$work/hides.ini"
says "path = feeds/a?<secret>:"
says "path = //<secret>@127.0.0.1/feeds:"
! grep -F hunter2more "$work/output" || fail "check tells a secret"

# A folder: its *.ini are one configuration, and what is wrong is told with the file.
mkdir "$work/conf.d"
expect 3 "$exporter_program" check --config.file="$work/conf.d"
says "conf.d: there is no file *.ini"
cat >"$work/conf.d/10-server.ini" <<'INI'
[appserver live]
url = http://127.0.0.1:9
company = EPIC06, EPIC07
auth = none
[defaults baq]
interval = 1h
rows_min = 1
INI
printf '[probe a]\nkind = baq\nbaq = A\n[probe b]\nkind = baq\nbaq = B\nrows_min = 0\n' >"$work/conf.d/20-probes.ini"
expect 0 "$exporter_program" check --config.file="$work/conf.d"
says "ok: 1 app servers, 2 probes, 4 targets"
printf '[probe a]\nkind = token\n' >"$work/conf.d/30-more.ini"
mkfifo "$work/conf.d/pipe.ini"
expect 3 "$exporter_program" check --config.file="$work/conf.d/"
says "30-more.ini:1: [probe a]: written twice, first in $work/conf.d/20-probes.ini:1"
says "pipe.ini: it is no regular file"
rm "$work/conf.d/pipe.ini" "$work/conf.d/30-more.ini"

# Taken in anew by SIGHUP: a file more, a file less, and a fault that changes nothing.
agent_start "$exporter_program" --config.file="$work/conf.d"
metrics() { curl -sS "http://$exporter/metrics"; }
has() { metrics | grep -q "$1"; }
has 'epicor_probe_rows_min{.*probe="a"} 1$' || fail "the default is not in force"
has 'epicor_probe_rows_min{.*probe="b"} 0$' || fail "the probe's own key is not in force"
printf '[probe c]\nkind = baq\nbaq = C\n' >"$work/conf.d/30-more.ini"
kill -HUP "$agent"
await has 'epicor_probe_info{.*probe="c"' || fail "the new file was not taken in"
printf '[probe c]\nkind = baq\n' >"$work/conf.d/30-more.ini"
kill -HUP "$agent"
await has 'epicor_exporter_config_last_reload_successful 0$' || fail "the fault was not told"
has 'epicor_probe_info{.*probe="c"' || fail "the old configuration is not in force"
rm "$work/conf.d/30-more.ini"
kill -HUP "$agent"
await has 'epicor_exporter_config_last_reload_successful 1$' || fail "the folder was not read again"
! has 'epicor_probe_info{.*probe="c"' || fail "what the folder no longer has goes on"
# What is in force, and not what the files hold by now; each section with its file.
config() { curl -sS -o "$work/output" -w '%{http_code}' "http://$exporter/config"; }
[ "$(config)" = 404 ] || fail "/config is there without config_page"
printf '[web]\nconfig_page = yes\n' >"$work/conf.d/40-web.ini"
curl -sSf -X POST "http://$exporter/-/reload" >/dev/null || fail "no reload by HTTP"
printf '[probe d]\nkind = baq\nbaq = D\n' >"$work/conf.d/30-more.ini"
[ "$(config)" = 200 ] || fail "/config is not there"
says "# $work/conf.d/40-web.ini:1"
says "[probe a]"
says "rows_min = 1"
says "# from the command line:"
says "listen_address = 127.0.0.1:0"
! grep -q 'probe d' "$work/output" || fail "/config shows what is not in force"
rm "$work/conf.d/40-web.ini"
curl -sSf -X POST "http://$exporter/-/reload" >/dev/null || fail "no reload by HTTP"
[ "$(config)" = 404 ] || fail "/config is there still"
stop "$agent"

expect 3 "$exporter_program" check --config.file="$work/none.ini"
says "none.ini"
expect 3 "$exporter_program" serve --config.file="$work/none.ini"

cat >"$work/bad.ini" <<'INI'
[exporter]
interval = 60
[appserver live]
url = ftp://erp.example.com
compnay = EPIC06
maintenance = Sunday 01:00
[probe a]
kind = baq
baq = x
[probe a]
kind = token
[probe b]
kind = nonsense
[web]
external_url = exporter.example.com
INI
expect 3 "$exporter_program" --config.file="$work/bad.ini" --web.listen-address=127.0.0.1:0
for fault in bad.ini:2: bad.ini:4: bad.ini:5: bad.ini:6: bad.ini:10: bad.ini:13: bad.ini:15: interval url compnay company maintenance external_url nonsense; do
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
