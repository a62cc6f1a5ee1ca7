"""Holds an OpenMetrics page against the strict parser of Prometheus's Python client, and against the same page in text 0.0.4.

strict_page.py OPENMETRICS-PAGE TEXT-PAGE [hostile]
Without `hostile` the pages may be of different moments: then names, labels, types and helps are compared, not values."""
import math
import sys

try:
    from prometheus_client.openmetrics import parser as openmetrics
    from prometheus_client import parser as text
except ImportError:
    sys.exit("there is no prometheus_client: install Debian's package python3-prometheus-client (sh packaging/packages.sh test)")

# The same as in hostile_page.c.
HOSTILE = 'a"b\\c\nd ü 日本 { } , = # EOF # {x="y"} 1 \\n \\\\'
LEVELS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf, "1e+300": 1e300, "-4.9e-324": -5e-324, "0.1": 0.1,
          "123456789012345680": 123456789012345680.0, "1700000000.123": 1700000000.123, "": 0.0}


def read(path):
    with open(path, encoding="utf-8", newline="") as page:
        return page.read()


def series(families, values):
    """Name and labels of each series, and with values their spelling (-0 is 0); what OpenMetrics has alone is left out."""
    found = {}
    for family in families:
        for sample in family.samples:
            if sample.name.endswith("_created"):
                continue
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"twice: {key}"
            found[key] = repr(float(sample.value) + 0.0) if values else None
    return found


def family_name(family):
    return family.name[:-6] if family.type == "counter" and family.name.endswith("_total") else family.name


strict_page, text_page = read(sys.argv[1]), read(sys.argv[2])
hostile = len(sys.argv) > 3
strict = list(openmetrics.text_string_to_metric_families(strict_page))
loose = list(text.text_string_to_metric_families(text_page))
assert strict_page.endswith("\n# EOF\n")

in_strict, in_text = series(strict, hostile), series(loose, hostile)
for key in in_strict.keys() ^ in_text.keys():
    sys.exit(f"only in one of the formats: {key}")
for key, value in in_strict.items():
    if value != in_text[key]:
        sys.exit(f"{key}: {value} in OpenMetrics, {in_text[key]} in text")
told = {family_name(f): (f.type, f.documentation) for f in strict}
assert told == {family_name(f): (f.type, f.documentation) for f in loose}, "types or helps differ"
for family in strict:
    for unit in ("seconds", "bytes", "ratio"):
        assert (family.unit == unit) == family.name.endswith("_" + unit), f"unit of {family.name}: {family.unit}"
assert "unknown" not in {family.type for family in strict}

exemplars = [s.exemplar for f in strict for s in f.samples if s.exemplar]
created = sum(s.name.endswith("_created") for f in strict for s in f.samples)
if hostile:
    places = {(s.labels["thing"], s.labels["place"]) for f in strict for s in f.samples}
    assert places == {(HOSTILE, '\n\n""\\'), ("", "plain")}, places
    by_name = {f.name: f for f in strict}
    assert by_name["hostile_runs"].documentation == HOSTILE
    assert {s.labels["company"] for s in by_name["hostile_seats"].samples} == {HOSTILE, ""}
    assert {s.labels["code"] for s in by_name["hostile_answers_seconds"].samples} == {"200", HOSTILE, "\ufffd not UTF-8"}
    for sample in by_name["hostile_level_ratio"].samples:
        assert repr(float(sample.value) + 0.0) == repr(LEVELS[sample.labels["value"]]), sample
    assert {s.labels["le"] for s in by_name["hostile_time_seconds"].samples if "le" in s.labels} == {
        "0.0001", "0.5", "1.0", "10.0", "1000.0", "+Inf"}
    assert len(exemplars) == 8
    assert {tuple(e.labels.items()) for e in exemplars} == {
        (("correlation_id", "7".zfill(114)),), (("a", "# {,="), ("b", '\\"\n')), (("a", "low"),), (("a", "high"),)}
    assert {float(e.timestamp) for e in exemplars} == {1700000000.123456789}
    assert {float(s.value) for f in strict for s in f.samples if s.name.endswith("_created")} <= {1700000000.123456789}
print(len(strict), "families,", len(in_strict), "series,", created, "created,", len(exemplars), "exemplars")
