"""Asks a Prometheus whether what it scraped as text, OpenMetrics and protobuf is the same: compare_formats.py URL.
Exit 0: it is; 1 and a sentence: not (yet). Each of the jobs text, openmetrics and protobuf scrapes one format."""
import json
import sys
import time
import urllib.parse
import urllib.request

JOBS = ("text", "openmetrics", "protobuf")


def ask(path, **parameters):
    url = sys.argv[1] + path + "?" + urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def base(name):
    return name[:-6] if name.endswith("_total") else name


# ---- series: what each job scraped lately; of a value that moved meanwhile, only that it is there

raw = ask("/api/v1/query", query='{__name__=~"epicor_.*",job=~"text|openmetrics|protobuf"}[3s]')["result"]
jobs = {job: {} for job in JOBS}
natives = {}
for found in raw:
    labels = dict(found["metric"])
    job, name = labels.pop("job"), labels.pop("__name__")
    labels.pop("instance")
    key = (name, tuple(sorted(labels.items())))
    if "histograms" in found:
        assert job == "protobuf", f"a native histogram of {job}"
        natives[key] = [histogram for _, histogram in found["histograms"]]
    elif not name.endswith("_created"):
        jobs[job][key] = {value for _, value in found["values"]}

families = {name for name, _ in natives}
assert families, "no native histogram has come"
classic = {f + suffix for f in families for suffix in ("_bucket", "_sum", "_count")}
compared = 0
for job in JOBS[1:]:
    wanted = {key for key in jobs["text"] if job != "protobuf" or key[0] not in classic}
    for key in wanted ^ jobs[job].keys():
        sys.exit(f"only in one of text and {job}: {key}")
    for key in wanted:
        told, other = jobs["text"][key], jobs[job][key]
        if len(told) == 1 and len(other) == 1:
            if told != other:
                sys.exit(f"{key}: {told} as text, {other} as {job}")
            compared += 1
for (name, labels), histograms in natives.items():
    for suffix in ("count", "sum"):
        told = jobs["text"][(name + "_" + suffix, labels)]
        other = {histogram[suffix] for histogram in histograms}
        if len(told) == 1 and len(other) == 1:
            if {float(v) for v in told} != {float(v) for v in other}:
                sys.exit(f"{name}{labels}: {suffix} {told} as text, {other} as a native histogram")
            compared += 1
        # Its buckets hold what the classic +Inf does.
    for histogram in histograms:
        held = sum(float(bucket[3]) for bucket in histogram.get("buckets", []))
        assert held == float(histogram["count"]), f"{name}{labels}: {held} in buckets of {histogram['count']}"

# ---- types and helps

told = {}
for job in JOBS:
    metadata = ask("/api/v1/targets/metadata", match_target='{job="%s"}' % job)
    told[job] = {base(m["metric"]): (m["type"], m["help"]) for m in metadata}
    units = {m["unit"] for m in metadata if m["metric"] == "epicor_probe_duration_seconds"}
    assert units == ({"seconds"} if job == "openmetrics" else {""}), f"unit of {job}: {units}"
for job in JOBS[1:]:
    if told[job] != told["text"]:
        sys.exit(f"types or helps differ in {job}: {dict(set(told[job].items()) ^ set(told['text'].items()))}")

# ---- exemplars

exemplars = {job: set() for job in JOBS}
now = time.time()
for found in ask("/api/v1/query_exemplars", query='{__name__=~"epicor_.*"}', start=now - 300, end=now + 1):
    labels = found["seriesLabels"]
    for exemplar in found["exemplars"]:
        name = labels["__name__"]
        exemplars[labels["job"]].add((name[:-7] if name.endswith("_bucket") else name,
                                      exemplar["labels"]["correlation_id"], float(exemplar["value"])))
assert not exemplars["text"], "exemplars in text 0.0.4"
for job in JOBS[1:]:
    names = {name for name, _, _ in exemplars[job]}
    for name in ("epicor_probe_failures_total", "epicor_failures_total", "epicor_probe_duration_seconds"):
        if name not in names:
            sys.exit(f"no exemplar of {name} by {job}")
both = exemplars["openmetrics"] & exemplars["protobuf"]
assert both, "no exemplar that came by OpenMetrics and by protobuf"

print(f"{compared} values of {len(jobs['text'])} series the same in two formats each, {len(natives)} native histograms,",
      f"{len(told['text'])} families, {len(both)} exemplars in both")
if compared < 400:
    sys.exit("too few of the values stood still")
