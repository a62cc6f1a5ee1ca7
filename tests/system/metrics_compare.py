"""Holds the series of a page in text format 0.0.4 against the answer of a Prometheus to an instant query for all of them.

metrics_compare.py PAGE ANSWER [NATIVE...]: NATIVE are histograms that the Prometheus keeps as native ones, without the classic
series. Tells each difference, and ends with 1 if there is any, or too little to compare.
"""
import json
import re
import sys

# What is another from one scrape to the next, or of the exporter's own doing.
MOVING = re.compile(r"process_|epicor_exporter_(http|turn|log)|epicor_exporter_series$|epicor_token_remaining_seconds")
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')


def unescape(text):
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def identity(name, labels):
    # To Prometheus an empty label is none.
    return name, tuple(sorted((key, value) for key, value in labels.items() if value != ""))


def read_page(path):
    series = {}
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([^{ ]+)(?:\{(.*)\})? (\S+)\n", line).groups()
        pairs = {key: unescape(text) for key, text in PAIR.findall(labels or "")}
        key = identity(name, pairs)
        if key in series:
            sys.exit("twice on the page: %s" % (key,))
        series[key] = float(value)
    return series


def read_answer(path):
    series = {}
    for result in json.load(open(path, encoding="utf-8"))["data"]["result"]:
        labels = {key: value for key, value in result["metric"].items() if key not in ("__name__", "job", "instance")}
        name = result["metric"]["__name__"]
        if "histogram" in result:
            series[identity(name + "_count", labels)] = float(result["histogram"][1]["count"])
            series[identity(name + "_sum", labels)] = float(result["histogram"][1]["sum"])
        else:
            series[identity(name, labels)] = float(result["value"][1])
    return series


def main():
    native = sys.argv[3:]
    page, answer = read_page(sys.argv[1]), read_answer(sys.argv[2])
    compared, differences = 0, 0
    for key in sorted(set(page) | {key for key in answer if key[0].startswith(("epicor_", "process_"))}):
        if MOVING.match(key[0]) or any(key[0] == name + "_bucket" for name in native):
            continue
        compared += 1
        if page.get(key) != answer.get(key):
            differences += 1
            print("%s%s: %s on the page, %s in Prometheus" % (*key, page.get(key), answer.get(key)))
    print("%d series compared, %d differ" % (compared, differences))
    sys.exit(differences > 0 or compared < 100)


main()
