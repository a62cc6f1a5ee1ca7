#!/usr/bin/env python3
"""Holds the unit tests of the rules against the rules: every alerting rule has its five cases, and they show what they say.

usage: rule_cases.py RULES UNEXPLAINED TEST...

A case is an app server (of an alert on the agent: an instance) that is called by what it shows, RULE_WORDS. RULE is the alert's
name in small letters; where several rules have one name, their scope or else their severity is added. The five:

    ..._fires...                            and is expected to fire once at least
    ..._resolves...                         fires, and at a later time does not
    ..._is_silent_just_below...             is looked at, and never fires
    ..._survives_a_missing_series...        fires while a scrape fails, and after it: a sample is missing among those of a series
    ..._is_silent_when_explained...         is looked at, and never fires, by a metric that the rule does not fire by; not for
                                            the rules that the file UNEXPLAINED names

UNEXPLAINED has lines of NAME: WHY, alerts above which there is no cause that others would tell.
"""
import re
import sys

# What a case's name has, and whether it has to fire.
FIVE = {
    "fires": True,
    "resolves": True,
    "is_silent_just_below": False,
    "survives_a_missing_series": True,
    "is_silent_when_explained": False,
}


def rules_of(path):
    """The name of each alerting rule as its cases have it -> the rule."""
    rules = []
    for line in open(path, encoding="utf-8"):
        found = re.match(r" *(?:- )?(alert|scope|severity): (\S+)$", line)
        if found and found[1] == "alert":
            rules.append({"alert": found[2]})
        elif found and rules:
            rules[-1].setdefault(found[1], found[2])
    named = {}
    for rule in rules:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", rule["alert"].removeprefix("Epicor")).lower()
        same = [other for other in rules if other["alert"] == rule["alert"]]
        if len(same) > 1:
            scopes = {other["scope"] for other in same}
            name += "_" + rule["scope" if len(scopes) > 1 else "severity"]
        named[name] = rule
    return named


def rule_of(name, rules):
    """The longest name of a rule that fits: one may begin as another does."""
    return max((rule for rule in rules if name.startswith(rule + "_")), key=len, default=None)


def seconds_of(duration):
    """Prometheus's form: 1d6h."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhdw])", duration))


def read_test(path):
    """The series of each name, [(metric, samples)], and what is asked: alert -> [(time, the labels of what fires)]."""
    names, asked, alert, block, of = {}, {}, None, None, ()
    for line in open(path, encoding="utf-8"):
        if found := re.match(r" *- series: '([\w:]+)\{", line):
            metric, of = found[1], set(re.findall(r'(?:appserver|instance)="([^"]*)"', line))
        elif found := re.match(r" *values: '(.*)'$", line):
            for name in of:
                names.setdefault(name, []).append((metric, found[1].split()))
        elif found := re.match(r' *- expr: .*ALERTS\{alertname="(\w+)", alertstate="firing"\}', line):
            alert = found[1]
        elif found := re.match(r" *(- )?eval_time: (\S+)$", line):
            block = (seconds_of(found[2]), [])
            if not found[1]:
                asked.setdefault(alert, []).append(block)
        elif found := re.match(r" *alertname: (\S+)$", line):
            asked.setdefault(found[1], []).append(block)
        elif "exp_labels:" in line:
            block[1].append({})
        elif found := re.match(r" *- labels: '\{(.*)\}'$", line):
            block[1].append(dict(re.findall(r'(\w+)="([^"]*)"', found[1])))
        elif found := re.match(r" *(appserver|instance|scope|severity): (\S+)$", line):
            block[1][-1][found[1]] = found[2]
    return names, asked


def fires(rule, name, firing):
    """Is the case's name, fired by this very rule, among the labels of what fires?"""
    return any(
        name in (labels.get("appserver"), labels.get("instance"))
        and all(labels[key] == rule[key] for key in ("scope", "severity"))
        for labels in firing
    )


def misses_a_sample(samples):
    """Is there a gap between samples that are there?"""
    missing = [sample.startswith("_") or sample == "stale" for sample in samples]
    return any(missing[missing.index(False):len(missing) - missing[::-1].index(False)]) if False in missing else False


def faults_of_series(name, words, series, firing_by):
    """series: [(metric, samples)] of the case; firing_by: the metrics by which its rule fires."""
    if "_survives_a_missing_series" in "_" + words and not any(misses_a_sample(samples) for _, samples in series):
        yield f"{name}: no series of it misses a sample"
    if "_is_silent_when_explained" in "_" + words and {metric for metric, _ in series} <= firing_by:
        yield f"{name}: has no series that explains it"


def faults_of_case(name, words, times):
    """times: [(time, does it fire?)] in order."""
    if not times:
        yield f"{name}: nothing asks whether it fires"
        return
    firing = [does for _, does in times]
    marks = [mark for mark in FIVE if "_" + mark in "_" + words]
    for mark in marks:
        if FIVE[mark] and not any(firing):
            yield f"{name}: is not expected to fire"
    if ("_is_silent" in "_" + words or "_leaves_" in "_" + words) and any(firing):
        yield f"{name}: is expected to fire"
    if "resolves" in marks and any(firing) and firing[-1]:
        yield f"{name}: is not expected to resolve"
    if "survives_a_missing_series" in marks and sum(firing) < 2:
        yield f"{name}: is expected to fire fewer than two times"


def main(rules_path, unexplained_path, *tests):
    rules = rules_of(rules_path)
    unexplained = [line.split(":")[0] for line in open(unexplained_path, encoding="utf-8") if line.strip()]
    faults = [f"{alert}: no such alert, but it is said to have no higher cause" for alert in unexplained if all(alert != rule["alert"] for rule in rules.values())]
    found = {rule: set() for rule in rules}
    read = [read_test(path) for path in tests]
    # What a rule needs to fire.
    firing_by = {rule: set() for rule in rules}
    for names, _ in read:
        for name, series in names.items():
            rule = rule_of(name, rules)
            if rule and "_survives_a_missing_series" in name:
                firing_by[rule].update(metric for metric, _ in series)
    for names, asked in read:
        for name in sorted(names):
            rule = rule_of(name, rules)
            if rule is None:
                continue
            words = name[len(rule) + 1:]
            looks = asked.get(rules[rule]["alert"], [])
            times = sorted((time, fires(rules[rule], name, firing)) for time, firing in looks)
            faults += faults_of_case(name, words, times)
            faults += faults_of_series(name, words, names[name], firing_by[rule])
            found[rule].update(mark for mark in FIVE if "_" + mark in "_" + words)
    for rule, alert in ((name, rule["alert"]) for name, rule in rules.items()):
        for mark in FIVE:
            free = mark == "is_silent_when_explained" and alert in unexplained
            if mark not in found[rule] and not free:
                faults.append(f"{alert}: no case {rule}_{mark}...")
            if mark in found[rule] and free:
                faults.append(f"{alert}: has a case for what explains it, so it is no alert without a higher cause")
    for fault in faults:
        print(fault)
    return 1 if faults or len(rules) < 30 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
