"""The rehearsal: python3 rehearsal.py BUILD TOOLS FOLDER [--only=NAME,...]

Plays every row of the table of faults (faults.py) on a stage of its own, with the shipped rules in compressed time, and holds
what Alertmanager sends against what should have come: one notification of the one alert, in time, with its labels, and its
end. Beside them healthy app servers go through a day's events and must raise nothing. Prints a table; exit 1 if a row fails.
"""
import argparse
import glob
import os
import signal
import subprocess
import sys
import time

import compress
import day
import history
import judge
from faults import FAULTS, OF_THE_AGENT
from stage import Failure, Stage, await_

FACTOR = 60  # a minute of the rules is a second here
INTERVAL = 2  # seconds between the runs of a target; with the factor, two minutes
GROUP_WAIT, GROUP_INTERVAL = 2, 5  # of the example of Alertmanager, compressed
SLACK = 10  # seconds that a busy machine may take beyond what is due


def appserver_section(fault, simulator):
    text = "[appserver %s]\nurl = %s\nbackoff = 200ms..1s\nlogin_retry = 1s..2s\n" % (fault.name, simulator.url())
    if "company = " not in fault.server:
        text += "company = %s\n" % ("EPIC06, EPIC07" if "EPIC07" in fault.server else "EPIC06")
    for key in ("username", "password", "api_key"):
        text += "%s_env = KINETIC_%s\n" % (key, key.upper())
    if fault.tls:
        text += "tls_ca_file = %s\nconnection_max_age = 1s\n" % simulator.said(r"^CA file (\S+)")
    if "max_in_flight" not in fault.server:
        text += "max_in_flight = 4\n"
    if "TOKEN_ENDPOINT" in fault.server:
        return text + fault.server.replace("TOKEN_ENDPOINT", simulator.said(r"^token endpoint (\S+)"))
    return text + fault.server


def probe_sections(fault):
    """Of the probes that the row has for itself."""
    lines = []
    for line in fault.probes.replace("NAME", fault.name).splitlines():
        lines.append(line)
        if line.startswith("[probe "):
            lines.append("appserver = " + fault.name)
    return "\n".join(lines) + "\n"


def configuration(stage, plays):
    usual = ", ".join(fault.name for fault in plays if fault.usual)
    text = "[exporter]\ninterval = %ds\ntimeout = 3s\nconnect_timeout = 2s\nshutdown_grace = 2s\n" % INTERVAL
    if usual:
        text += "[probe orders]\nkind = baq\nbaq = zExporterOpenOrders\nappserver = %s\ncompany = EPIC06\n" % usual
        text += "[probe companies]\nkind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies\nappserver = %s\ncompany = EPIC06\n" % usual
    for fault in plays:
        text += appserver_section(fault, stage.simulators[fault.name]) + probe_sections(fault)
    return text


class Play:
    """One row while it is played: waits, has begun, was noticed, has ended, is over."""

    def __init__(self, stage, fault, pending, keep):
        self.stage, self.fault = stage, fault
        self.begun = self.ended = self.noticed = self.resolved = None
        self.limit = pending[fault.alert] + 2 * INTERVAL + 2 + GROUP_WAIT + fault.extra
        self.last = keep[fault.alert] + 2 * INTERVAL + 2 + GROUP_INTERVAL + fault.linger
        self.next_often = 0

    def over(self):
        return self.resolved is not None

    def begin(self):
        self.fault.begin(self.stage)
        self.begun = time.time()
        self.next_often = self.begun + self.fault.often

    def end(self):
        self.fault.end(self.stage)
        self.ended = time.time()

    def go_on(self, now, messages):
        fault = self.fault
        if not self.begun:
            if not fault.ready or self.stage.query(fault.ready):
                self.begin()
            return
        if fault.often and not self.ended and now >= self.next_often:
            fault.begin(self.stage)
            self.next_often = max(self.next_often + fault.often, now)
        for message in messages:
            if (message.alert, message.appserver) == (fault.alert, fault.appserver):
                if message.status == "firing":
                    self.noticed = self.noticed or message.at
                elif self.noticed:
                    self.resolved = self.resolved or message.at
        if not self.ended and self.noticed and now > self.begun + fault.hold:
            self.end()

    def gave_up(self, now):
        return self.begun and not self.noticed and now > self.begun + self.limit + SLACK + 10


def seconds_of(rules, key):
    """The `for` or `keep_firing_for` of each alert, the longest where several have its name."""
    seconds = {}
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                seconds[rule["alert"]] = max(seconds.get(rule["alert"], 0), compress.milliseconds(rule.get(key, "0s")) / 1000)
    return seconds


def all_well(stage, plays):
    """Every target has had a good run, as Prometheus sees it."""
    count = lambda expression: (stage.query(expression) or [({}, 0)])[0][1]
    targets = count("sum(epicor_exporter_targets)")
    return targets and count("count(epicor_probe_success == 1)") == targets


def play_all(stage, plays, healthy, limit):
    end = time.time() + limit
    while time.time() < end:
        now = time.time()
        messages = stage.webhook.received()
        for play in plays:
            play.go_on(now, messages)
        if healthy:
            healthy.go_on(now)
        if all(play.over() or play.gave_up(now) for play in plays) and (not healthy or healthy.over(now)):
            break
        time.sleep(0.2)
    for play in plays:  # what never came is ended too, so that the agent's rows meet well servers
        if play.begun and not play.ended:
            play.end()


def boards_have_data(stage, started):
    """Each query of each dashboard, asked over all that was played, healthy and faulted."""
    boards = sorted(glob.glob("dashboards/*.json"))
    command = [sys.executable, "-B", "tests/system/dashboards_data.py", stage.prometheus_url, str(int(started)),
               str(int(time.time()))]
    return subprocess.run(command + boards).returncode == 0


def rehearse(stage, wanted, hours):
    rules = compress.rules("alerts/epicor.rules.yml", FACTOR)
    pending, keep = seconds_of(rules, "for"), seconds_of(rules, "keep_firing_for")
    faults = [fault for fault in FAULTS if not wanted or fault.name in wanted]

    healthy = day.Day(stage, hours) if not wanted or "healthy" in wanted else None
    servers = faults + (healthy.servers if healthy else [])
    for fault in servers:
        stage.simulator_start(fault.name, fault.flags + (["--tls=valid"] if fault.tls else []))
    plays = [Play(stage, fault, pending, keep) for fault in faults]
    for play in plays:
        if play.fault.from_start:
            play.begin()
    config = stage.write("agent.ini", configuration(stage, servers))
    stage.agent = stage.agent_start("agent", config)
    replicated = [fault for fault in servers if fault.replicas]
    if replicated:
        stage.agent_start("agent-b", stage.write("agent-b.ini", configuration(stage, replicated)))
    alertmanager = stage.alertmanager_start(compress.alertmanager("alerts/alertmanager.example.yml", FACTOR, stage.webhook.url))
    past = history.openmetrics([fault.name for fault in faults])
    if past:
        stage.blocks_make(past)
    stage.prometheus_start(rules, alertmanager)
    await_("all targets are well", lambda: all_well(stage, plays))
    started = time.time()
    print("%d app servers are well, %d faults begin" % (len(servers), len(plays)), flush=True)
    play_all(stage, plays, healthy, 200 + hours * 60)
    if healthy:
        healthy.missing = healthy.lacks()
    # All that is left has one interval, so that nothing comes later than the rest while the agent is held back.
    stage.write("agent.ini", configuration(stage, [fault for fault in servers if "interval" not in fault.probes]))
    stage.agent.signal(signal.SIGHUP)
    for fault in OF_THE_AGENT:
        if not wanted or fault.name in wanted:
            play = Play(stage, fault, pending, keep)
            play_all(stage, [play], None, 60)
            plays.append(play)
    print("played for %.0f s" % (time.time() - started))
    good = judge.table(plays, stage.webhook.received(), healthy, SLACK, stage.agent.text())
    return (bool(wanted) or boards_have_data(stage, started)) and good


def main():
    reader = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "tools", "folder"):
        reader.add_argument(name, type=os.path.abspath)
    reader.add_argument("--only", default="", help="names of rows, by commas; `healthy` is the healthy day")
    reader.add_argument("--hours", type=int, default=0, help="the healthy day is so long at least, each hour a minute")
    reader.add_argument("--keep", action="store_true", help="go on until Ctrl-C after the table")
    arguments = reader.parse_args()
    try:
        os.nice(-10)  # and all it starts: who measures time goes first on a busy machine, where that is allowed
    except OSError:
        pass
    stage = Stage(arguments.folder, arguments.build, arguments.tools)
    good = False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        good = rehearse(stage, [name for name in arguments.only.split(",") if name], arguments.hours)
        while arguments.keep:
            print("Prometheus %s, agents %s" % (stage.prometheus_url, stage.addresses), flush=True)
            signal.pause()
    except Failure as failure:
        print("the rehearsal cannot go on: %s" % failure)
        for program in stage.programs:
            print("--- %s\n%s" % (program.name, "\n".join(program.text().splitlines()[-5:])))
    finally:
        stage.stop()
    sys.exit(0 if good else 1)


main()
