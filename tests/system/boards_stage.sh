# The stage on which the boards are tried: sourced behind packaging/process.sh.
# shellcheck shell=sh disable=SC2154 # what packaging/process.sh sets
#
# Two agents, replicas of each other, watch the app servers live and pilot (by TLS); on the faulted stage also test, whose
# password is wrong, and dead, where nothing listens, a probe reads less than there is, one agent is asked to reload a faulty
# file, a third is gone, and faults by the clock befall live and pilot. Probes run every
# stage_seconds (1); the times of faults are in stage_unit seconds, by default as many.

# stage_faults: the timetables; all comes again, since a slow machine may miss it once
stage_faults() {
    stage_at() { echo "every $((30 * stage_unit))s at $(($1 * stage_unit))s for $(($2 * stage_unit))s fault=$3${4:+ path=$4}"; }
    {
        stage_at 3 3 bad_sql zExporterPartOnHand
        stage_at 4 3 access_denied_403 Companies
        stage_at 5 3 query_timeout zExporterOpenOrders
        stage_at 8 3 tokens_revoked
        stage_at 8 3 license_exhausted zExporterPartOnHand
        stage_at 12 4 http_503
        stage_at 16 8 slow zExporterOrdersByPlant
    } >"$work/live.timetable"
    stage_at 6 6 http_503 TokenResource >"$work/pilot.timetable"
}

# stage_configuration LIVE PILOT CA: the agents' file, of the healthy stage
stage_configuration() {
    cat <<INI
[exporter]
interval = ${stage_seconds}s
timeout = $((4 * stage_seconds))s
[appserver live]
url = $1
company = EPIC06, EPIC07
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
business_hours = Mon-Sun
maintenance = Sun 03:00-03:05
expect_production = yes
database_latency_limit = 200ms
login_retry = 1s..2s
backoff = 1s..2s
max_in_flight = 4
[appserver pilot]
url = $2
tls_ca_file = $3
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
business_hours = Mon-Fri 06:00-18:00
login_retry = 1s..2s
backoff = 1s..2s
max_in_flight = 2
[probe login]
kind = token
appserver = live, pilot
[probe open-orders]
kind = baq
baq = zExporterOpenOrders
appserver = live, pilot
rows = count
latency_limit = 2s
[probe part-on-hand]
kind = baq
baq = zExporterPartOnHand
appserver = live, pilot
rows = all
page_size = 100
orderby = Part_PartNum
[probe orders-by-plant]
kind = baq
baq = zExporterOrdersByPlant
param.CurrentPlant = MfgSys
appserver = live
company = EPIC06
[probe amounts]
kind = baq
baq = zExporterValues
value.amount = Calculated_Amount
value.amount.aggregate = sum
value.amount.labels = warehouse=Calculated_Warehouse
value.amount.help = Amount that is open, by warehouse.
appserver = live
company = EPIC06
[probe monitor-ping]
kind = efx
library = MonitorLib
function = Ping
expect.Success = true
appserver = live
[probe companies]
kind = bo
service = Erp.BO.CompanySvc
entity = Companies
[probe health]
kind = health
appserver = live
[probe sessions]
kind = sessions
appserver = live
[probe seats]
kind = licenses
source = service
appserver = live
[probe tasks]
kind = tasks
appserver = live
[probe version]
kind = version
appserver = live
[probe api-keys]
kind = api_keys
appserver = live
INI
}

# stage_history INSTANCE...: what the boards look back on, as a file for promtool: rows of the same hours last week, and what
# the rules recorded of license seats, an agent that is there no more, at some of the moments at which they are asked (each two hours cost a block)
stage_history() {
    stage_now=$(date +%s)
    for stage_family in epicor_probe_rows license:epicor_license_seats_used:max1d license:epicor_license_seats_used:ratio; do
        echo "# TYPE $stage_family gauge"
        for stage_instance in "$@"; do
            stage_labels="job=\"epicor\",instance=\"$stage_instance\",appserver=\"live\""
            awk -v family="$stage_family" -v labels="$stage_labels" -v now="$stage_now" '
                function sample(more, value, at) { printf "%s{%s,%s} %.3f %d\n", family, labels, more, value, at }
                BEGIN {
                    half_day = now - now % 43200
                    if (family ~ /max1d$/) { # in each of three fortnights, 41 days ago among them; one grows, one is full
                        for (days = 41.5; days >= 0.5; days -= days == 41.5 ? 13.5 : 13.75)
                            sample("license=\"Default\"", 150 - days / 2, half_day - int(2 * days) * 43200)
                        for (days = 41.5; days >= 0.5; days -= days == 41.5 ? 13.5 : 13.75)
                            sample("license=\"WebService\"", 22, half_day - int(2 * days) * 43200)
                    } else if (family ~ /ratio$/)
                        for (at = now - 7200; at < now; at += 600)
                            sample("license=\"Default\"", 0.7, at)
                    else
                        for (probe = 0; probe < 2; probe++)
                            for (at = now - 7 * 86400 - 600; at < now - 7 * 86400 + 5400; at += 60)
                                sample("company=\"EPIC06\",probe=\"" (probe ? "part-on-hand\"" : "open-orders\""), probe ? 240 : 36 + at % 7, at)
                }'
        done
    done
    printf '# TYPE epicor_exporter_build_info gauge\nepicor_exporter_build_info{job="epicor",instance="monitor-gone"} 1 %d\n# EOF\n' \
        $((stage_now - 600))
}

# stage_start BUILD TOOLS healthy|faulted: until Prometheus scrapes both agents; sets $prometheus and $stage_started
stage_start() {
    : "${stage_seconds:=1}" "${stage_unit:=$stage_seconds}"
    stage_instances="monitor-a monitor-b"
    # shellcheck disable=SC2086 # a list
    stage_history $stage_instances >"$work/history"
    "$2/promtool" tsdb create-blocks-from openmetrics "$work/history" "$work/data" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
    : >"$work/live.timetable"
    : >"$work/pilot.timetable"
    [ "$3" = healthy ] || stage_faults
    simulator_start "$1/kinetic_simulator" --tls=valid --pilot --latency=100-400 --token-lifetime=$((15 * stage_unit)) \
        --timetable="$work/pilot.timetable"
    stage_pilot=$kinetic
    stage_ca=$(sed -n 's/^CA file //p' "$work/simulator.log")
    simulator_start "$1/kinetic_simulator" --seats=Default=160 --others=Default=139 --seats=WebService=20 --others=WebService=3 \
        --token-lifetime=$((20 * stage_unit)) --timetable="$work/live.timetable"
    stage_configuration "$kinetic" "$stage_pilot" "$stage_ca" >"$work/agent.ini"
    [ "$3" = healthy ] || cat >>"$work/agent.ini" <<INI
[appserver test]
url = $kinetic
company = EPIC06
username_env = KINETIC_USERNAME
password = second-password
api_key_env = KINETIC_API_KEY
[appserver dead]
url = http://127.0.0.1:9/KineticDead
company = EPIC06
username_env = KINETIC_USERNAME
password_env = KINETIC_PASSWORD
api_key_env = KINETIC_API_KEY
[probe parts-cut-off]
kind = baq
baq = zExporterPartOnHand
appserver = live
company = EPIC06
rows = all
page_size = 100
fetch_limit = 200
orderby = Part_PartNum
value.on_hand = PartWhse_OnHandQty
value.on_hand.aggregate = sum
value.on_hand.labels = part=Part_PartNum
max_series = 1
INI
    scrape_targets=
    for stage_instance in $stage_instances; do
        agent_start "$1/epicor_exporter" --config.file="$work/agent.ini"
        scrape_targets="$scrape_targets${scrape_targets:+, }{ targets: [ \"$exporter\" ], labels: { instance: $stage_instance } }"
    done
    [ "$3" = healthy ] || scrape_targets="$scrape_targets, { targets: [ \"127.0.0.1:9\" ], labels: { instance: monitor-gone } }"
    # The last of them finds a fault in its file.
    [ "$3" = healthy ] || { echo 'interval = never' >>"$work/agent.ini" && kill -HUP "$agent"; }
    # An alert need not wait.
    sed 's/^\( *\)for: .*/\1for: 1s/' alerts/epicor.rules.yml >"$work/stage.rules.yml"
    rule_files=$work/stage.rules.yml
    stage_started=$(date +%s)
    prometheus_start "$2"
}
