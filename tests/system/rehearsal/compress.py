"""Compresses the time of rules and of Alertmanager's configuration by one factor, and nothing else: `for`,
`keep_firing_for`, ranges, steps and offsets of expressions; group_wait, group_interval, repeat_interval."""
import json
import re
import subprocess

UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000, "w": 604800000, "y": 31536000000}
DURATION = r"(?:\d+(?:ms|[smhdwy]))+"


def milliseconds(duration):
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def scaled(duration, factor):
    ms = milliseconds(duration)
    return "%dms" % max(1, round(ms / factor)) if ms else "0s"


def expression(text, factor):
    text = re.sub(r"\[(%s)(?::(%s)?)?\]" % (DURATION, DURATION), lambda m: range_scaled(m, factor), text)
    return re.sub(r"\boffset (-?)(%s)" % DURATION, lambda m: "offset %s%s" % (m[1], scaled(m[2], factor)), text)


def range_scaled(match, factor):
    step = ""
    if ":" in match[0]:
        step = ":" + (scaled(match[2], factor) if match[2] else "")
    return "[%s%s]" % (scaled(match[1], factor), step)


def read_yaml(path):
    """JSON is YAML too, and jsonnet reads both."""
    out = subprocess.run(["jsonnet", "-e", "std.parseYaml(importstr '%s')" % path], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def rules(path, factor):
    groups = read_yaml(path)
    for group in groups["groups"]:
        for rule in group["rules"]:
            rule["expr"] = expression(rule["expr"], factor)
            for key in ("for", "keep_firing_for"):
                if key in rule:
                    rule[key] = scaled(rule[key], factor)
    return groups


def alertmanager(path, factor, webhook):
    """Every receiver becomes a path of the webhook, so that all that would be sent is seen."""
    config = read_yaml(path)
    routes = [config["route"]] + config["route"].get("routes", [])
    for route in routes:
        for key in ("group_wait", "group_interval", "repeat_interval"):
            if key in route:
                route[key] = scaled(route[key], factor)
    config["receivers"] = [
        {"name": receiver["name"], "webhook_configs": [{"url": webhook + "/" + receiver["name"], "send_resolved": True}]}
        for receiver in config["receivers"]
    ]
    return config
