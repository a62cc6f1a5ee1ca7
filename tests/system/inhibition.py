#!/usr/bin/env python3
"""Gives alerts to a running Alertmanager, and holds what it mutes against PAIRS and APART.

usage: inhibition.py URL CONFIG RULES [--at-once]

Each pair has an app server of its own. The same target of another app server is told. Every rule of inhibition in CONFIG has a
pair for each alert that it names, which no other rule would mute. What is not muted within 30 s is a fault; --at-once: within
one second.
"""
import datetime
import json
import re
import sys
import time
import urllib.request

from rule_cases import rules_of

# What mutes what. NAME/SEVERITY where several rules have one name.
PAIRS = [
    ("EpicorUnavailable", "EpicorServerErrors"),
    ("EpicorUnreachable", "EpicorErrorBudgetBurnFast"),
    ("EpicorCredentialsRejected", "EpicorProbeFailing"),
    ("EpicorLicenseThrottled", "EpicorProbeSlow"),
    ("EpicorThrottled", "EpicorProbeFailing"),
    ("EpicorDatabaseSlow", "EpicorProbeTimeouts"),
    ("EpicorUnavailable", "EpicorTokenRenewalFailing"),
    ("EpicorUnreachable", "EpicorScheduleTooTight"),
    ("EpicorUpgradePending", "EpicorDatabaseSlow"),
    ("EpicorLicenseThrottled", "EpicorTaskAgentStuck"),
    ("EpicorUnavailable", "EpicorSchedulesOverdue"),
    ("EpicorUnavailable", "EpicorTasksFailing"),
    ("EpicorUnavailable", "EpicorReportServerDown"),
    ("EpicorTokenServiceDown", "EpicorTokenRenewalFailing"),
    ("EpicorCredentialsRejected", "EpicorTokenRenewalFailing"),
    ("EpicorTokenRejected", "EpicorClockSkew"),
    ("EpicorUnreachable", "EpicorUnavailable"),
    ("EpicorTaskAgentStuck", "EpicorSchedulesOverdue"),
    ("EpicorLicenseSeatsExhausted", "EpicorLicenseSeatsLow"),
]
# What does not: faults that are independent of each other.
APART = [
    ("EpicorCertificateExpiring/critical", "EpicorProbeTargetMissing"),
    ("EpicorCertificateExpiring/critical", "EpicorErrorBudgetBurnFast"),
    ("EpicorCertificateExpiring/warning", "EpicorProbeTargetMissing"),
    ("EpicorLicenseSeatsExhausted", "EpicorProbeTargetMissing"),
    ("EpicorLicenseSeatsExhausted", "EpicorErrorBudgetBurnFast"),
    ("EpicorTokenRenewalFailing", "EpicorProbeTargetMissing"),
    ("EpicorUnavailable", "EpicorCertificateExpiring/critical"),
    ("EpicorUnavailable", "EpicorProbeStale"),
    ("EpicorErrorBudgetBurnFast", "EpicorProbeTargetMissing"),
]


def labels_of(name, rules):
    alert, _, severity = name.partition("/")
    found = [rule for rule in rules if rule["alert"] == alert and severity in ("", rule["severity"])]
    if len(found) != 1:
        sys.exit(f"{name}: {len(found)} rules are called so")
    return {"alertname": alert, "scope": found[0]["scope"], "severity": found[0]["severity"]}


def matches(matchers, labels):
    """matchers: [(label, operator, value)]"""
    return all(
        (labels.get(label, "") == value if "~" not in operator else re.fullmatch(value, labels.get(label, "")) is not None)
        != operator.startswith("!")
        for label, operator, value in matchers
    )


def inhibitions(path):
    """The rules of a configuration that has each list on one line."""
    rules = []
    for line in open(path, encoding="utf-8"):
        found = re.match(r" *(?:- )?(source|target)_matchers: \[(.*)\]$", line)
        if found:
            if found[1] == "source":
                rules.append({})
            rules[-1][found[1]] = re.findall(r"(\w+) (=~|!~|!=|=) \"([^\"]*)\"", found[2])
    return rules


def faults_of_table(muting, rules):
    """Each alert that a rule names, in a pair that this rule alone mutes."""
    pairs = [tuple(labels_of(name, rules) for name in pair) for pair in PAIRS]
    for number, rule in enumerate(muting, 1):
        own = [
            pair for pair in pairs
            if [other for other in muting if matches(other["source"], pair[0]) and matches(other["target"], pair[1])] == [rule]
        ]
        if not own:
            yield f"rule {number} of inhibition has no pair of its own"
        for place, side in enumerate(("source", "target")):
            for label, operator, value in rule[side]:
                for name in value.split("|") if label == "alertname" and "!" not in operator and "." not in value else []:
                    if all(pair[place]["alertname"] != name for pair in own):
                        yield f"rule {number} of inhibition: no pair with {name} as its {side}"


def posted(url, alerts):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    body = json.dumps([{"labels": labels, "startsAt": now} for labels in alerts]).encode()
    request = urllib.request.Request(url + "/api/v2/alerts", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).read()


def muted(url):
    """App server and name of the alerts that are suppressed, and of all."""
    found = json.load(urllib.request.urlopen(url + "/api/v2/alerts", timeout=20))
    states = {(alert["labels"]["appserver"], alert["labels"]["alertname"]): alert["status"]["state"] for alert in found}
    return {alert for alert, state in states.items() if state == "suppressed"}, set(states)


def main(url, config, rules_path, *options):
    rules = list(rules_of(rules_path).values())
    faults = list(faults_of_table(inhibitions(config), rules))
    alerts, expected = [], set()
    for kind, pairs in (("apart", APART), ("pair", PAIRS)):
        for number, (source, target) in enumerate(pairs):
            appserver = f"{kind}-{number}"
            target = labels_of(target, rules)
            alerts.append({**labels_of(source, rules), "appserver": appserver})
            alerts.append({**target, "appserver": appserver})
            alerts.append({**target, "appserver": appserver + "-other"})
            if kind == "pair":
                expected.add((appserver, target["alertname"]))
    posted(url, alerts)
    # Alertmanager takes them in their order: once those of the pairs are muted, the others would be.
    everyone = {(alert["appserver"], alert["alertname"]) for alert in alerts}
    end = time.monotonic() + (1 if "--at-once" in options else 30)
    while True:
        suppressed, known = muted(url)
        if known == everyone and expected <= suppressed or time.monotonic() > end:
            break
        time.sleep(0.1)
    if known != everyone:
        faults.append(f"Alertmanager does not know {sorted(everyone - known)}")
    faults += [f"{name} of {appserver} is not muted" for appserver, name in sorted(expected - suppressed)]
    faults += [f"{name} of {appserver} is muted" for appserver, name in sorted(suppressed - expected)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
