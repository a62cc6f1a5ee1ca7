"""Whether the looks of dashboards.py find what they are for: python3 dashboards_test.py PROMTOOL FAMILIES RECORDED BOARD

Breaks the good board in one way after the other, and wants a finding of the check that is named, each time.
"""
import copy
import sys

import dashboards
import promql


def variable(board, name):
    return next(v for v in board["templating"]["list"] if v["name"] == name)


def panel(board, kind="timeseries"):
    return next(p for p in board["panels"] if p["type"] == kind)


def expr(text):
    """A break that puts another query in the place of the first graph's."""
    return lambda b: panel(b)["targets"][0].update(expr=text)


def selecting(form):
    return expr(form % 'job=~"$job", instance=~"$instance"')


def setting(of="timeseries", **keys):
    return lambda b: panel(b, of).update(**keys)


def placed(kind="timeseries", **keys):
    return lambda b: panel(b, kind)["gridPos"].update(**keys)


def of_variable(which, **keys):
    return lambda b: variable(b, which).update(**keys)


def override(*properties):
    return lambda b: panel(b)["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": i, "value": v} for i, v in properties]})


def column_lost(b):
    panel(b, "table")["transformations"][1]["options"]["renameByName"].popitem()


BREAKS = [
    ("template-datasource-rule", of_variable("datasource", label="Prometheus")),
    ("template-datasource-rule", of_variable("datasource", name="source")),
    ("template-datasource-rule", of_variable("datasource", query="loki")),
    ("template-job-rule", of_variable("job", multi=False)),
    ("template-job-rule", of_variable("job", allValue=".*")),
    ("template-job-rule", of_variable("job", label="Scrape job")),
    ("template-job-rule", lambda b: b["templating"]["list"].remove(variable(b, "job"))),
    ("template-instance-rule", of_variable("instance", type="custom")),
    ("template-instance-rule", of_variable("instance", datasource={"type": "prometheus", "uid": "abc"})),
    ("template-label-promql-rule", lambda b: variable(b, "job")["query"].update(query="label_values(up{, job)")),
    ("template-label-promql-rule", lambda b: variable(b, "job")["query"].update(query="values_of(up)")),
    ("template-on-time-change-reload-rule", of_variable("probe", refresh=1)),
    ("panel-datasource-rule", setting(datasource={"type": "prometheus", "uid": "abc"})),
    ("panel-datasource-rule", lambda b: panel(b)["targets"][0].update(datasource={"type": "prometheus", "uid": "abc"})),
    ("panel-title-description-rule", setting(title="")),
    ("panel-title-description-rule", setting(description="")),
    ("panel-units-rule", lambda b: panel(b)["fieldConfig"]["defaults"].pop("unit")),
    ("panel-units-rule", lambda b: panel(b)["fieldConfig"]["defaults"].update(unit="seconds")),
    ("panel-units-rule", override(("unit", "seconds"))),
    ("panel-no-targets-rule", setting(targets=[])),
    ("target-promql-rule", selecting("sum(rate(epicor_probe_runs_total{%s}[$__rate_interval])")),
    ("target-promql-rule", expr("")),
    ("target-promql-rule", selecting("rate(epicor_up{%s})")),
    ("target-logql-rule", lambda b: panel(b)["targets"][0].update(datasource={"type": "loki", "uid": "${datasource}"})),
    ("target-logql-auto-rule", selecting("rate(epicor_probe_runs_total{%s}[$__auto])")),
    ("target-rate-interval-rule", selecting("rate(epicor_probe_runs_total{%s}[5m])")),
    ("target-rate-interval-rule", selecting("sum by (code) (increase(epicor_probe_responses_total{%s}[1d]))")),
    ("target-rate-interval-rule", selecting("irate(epicor_probe_runs_total{%s}[$__range])")),
    ("target-rate-interval-rule", selecting("rate(sum(epicor_up{%s})[5m:])")),
    ("target-job-rule", expr('epicor_up{instance=~"$instance"}')),
    ("target-job-rule", expr('epicor_up{job="epicor", instance=~"$instance"}')),
    ("target-job-rule", expr('epicor_up{job!~"$job", instance=~"$instance"}')),
    ("target-job-rule", selecting("epicor_up{%s} and on (appserver) epicor_maintenance")),
    ("target-instance-rule", expr('epicor_up{job=~"$job"}')),
    ("target-counter-agg-rule", selecting("sum by (probe) (epicor_probe_runs_total{%s})")),
    ("target-counter-agg-rule", selecting("avg_over_time(epicor_probe_runs_total{%s}[$__rate_interval])")),
    ("uneditable-dashboard", lambda b: b.update(editable=True)),
    ("one data source", lambda b: b["templating"]["list"].append({**variable(b, "datasource"), "name": "other"})),
    ("title asks", setting(title="Latency")),
    ("title fits", setting("stat", title="Which of all the app servers is down at this moment?")),
    ("title once", lambda b: b["panels"][1].update(title=b["panels"][0]["title"])),
    ("description is a sentence", setting(description="the latency")),
    ("metric known", selecting("epicor_probe_latency{%s}")),
    ("metric known", selecting("histogram_quantile(0.9, epicor_up_bucket{%s})")),
    ("metric known", selecting("histogram_quantile(0.9, epicor_probe_duration_seconds{%s})")),
    ("metric known", expr('{__name__=~"epicor_worth_.+", job=~"$job", instance=~"$instance"}')),
    ("replicas count once", selecting("sum by (state) (epicor_sessions{%s})")),
    ("replicas count once", selecting("sum(max_over_time(license:epicor_license_seats_used:max1d{%s}[1d]))")),
    ("replicas count once", selecting("max(count by (appserver) (epicor_up{%s} == 0))")),
    ("variable's metric known", of_variable("appserver", definition='label_values(epicor_servers{job=~"$job"}, appserver)')),
    ("not deprecated", setting(type="graph")),
    ("not deprecated", setting(seriesOverrides=[])),
    ("schema not deprecated", lambda b: b.update(schemaVersion=27)),
    ("uid", lambda b: b.update(uid="x")),
    ("tags and links", lambda b: b.update(tags=[])),
    ("tags and links", lambda b: b.update(links=[])),
    ("id once", lambda b: b["panels"][1].update(id=b["panels"][0]["id"])),
    ("query named", lambda b: panel(b)["targets"].append(panel(b)["targets"][0])),
    ("within the grid", placed(x=20, w=12)),
    ("no overlap", lambda b: b["panels"][-1]["gridPos"].update(b["panels"][-2]["gridPos"])),
    ("high enough", placed("stat", h=3)),
    ("variables used", lambda b: b["templating"]["list"].append({**variable(b, "probe"), "name": "extra"})),
    ("variables defined", selecting('epicor_up{%s, appserver=~"$server"}')),
    ("variables defined", lambda b: b["templating"]["list"].remove(variable(b, "company"))),
    ("variables defined", lambda b: b["templating"]["list"].reverse()),
    ("columns exist", column_lost),
    ("colours that all tell apart", override(("color", {"mode": "fixed", "fixedColor": "red"}))),
    ("colours that all tell apart", lambda b: panel(b)["fieldConfig"]["defaults"].update(
        thresholds={"mode": "absolute", "steps": [{"value": None, "color": "green"}]})),
    ("series told apart", lambda b: panel(b)["fieldConfig"].update(overrides=[])),
    ("series told apart", lambda b: panel(b)["fieldConfig"]["defaults"].update(color={"mode": "palette-classic"})),
    ("series told apart", lambda b: panel(b)["targets"][0].update(legendFormat="limit")),
    ("series told apart", lambda b: panel(b)["targets"][0].update(legendFormat="{{appserver}} {{reason}}")),
    ("board's uid once", None),
    ("board's title once", None),
]

# expression: what it selects, as (name, window, function)
LOOKS = [
    ('a{x="}[1m]"} + b', [("a", None, None), ("b", None, None)]),
    ('sum by (job, le) (rate(c_total{job=~"$job",}[$__rate_interval] offset 1w)) > bool 2.5e3', [("c_total", "$__rate_interval", "rate")]),
    ("sum(a) by (b) / on (x) group_left (y) max without (z) (c)", [("a", None, "sum"), ("c", None, "max")]),
    ("max_over_time((rate(a[5m]) * on (i) group_left () b)[30d:5m])", [("a", "5m", "rate"), ("b", None, "max_over_time")]),
    ('3600 * ($hours - 1) + time() + {__name__=~"v_.+"} @ end()', [(None, None, None)]),
    ("target:a:rate5m and ignoring (r) (b unless c)", [("target:a:rate5m", None, None), ("b", None, None), ("c", None, None)]),
]

# expression: the operands of its outermost `or`s
ALTERNATIVES = [
    ('count(a{b="x or y"} == 0)', ['count(a{b="x or y"} == 0)']),
    ('count(a{b="("} == 0) or 0 * count(a)', ['count(a{b="("} == 0)', "0 * count(a)"]),
    ("topk by (x) (1, (a or on (x, y) b - 1) and c) or ignoring (z) vector(-1) or d[5m:]",
     ["topk by (x) (1, (a or on (x, y) b - 1) and c)", "vector(-1)", "d[5m:]"]),
    ("f(a or b, c)", ["f(a or b, c)"]),
    ("orb or ore", ["orb", "ore"]),
]


def main(promtool, families, recorded, path):
    context = dashboards.Context(promtool, open(families).read().split(), open(recorded).read().split())
    board = dashboards.read(path)
    wrong = ["the good board: %s" % (found,) for found in dashboards.findings([board], context)]
    broken = []
    for name, break_it in BREAKS:
        one = copy.deepcopy(board)
        if break_it:
            break_it(one)
        broken.append((name, [one] if break_it else [one, one]))
    context.parse([dashboards.filled(b, t["expr"]) for _, boards in broken for b in boards for _, t in dashboards.queries_of(b)])
    for number, (name, boards) in enumerate(broken):
        found = {found[1] for found in dashboards.findings(boards, context)}
        if name not in found:
            wrong.append("break %d is not found by %r, but by %s" % (number, name, sorted(found)))
    for name in sorted(set(dashboards.CHECKS) - {name for name, _ in BREAKS}):
        wrong.append("no break is for %r" % name)
    for expression, expected in LOOKS:
        seen = [(s.name, s.window, s.function) for s in promql.look(expression)[0]]
        if seen != expected:
            wrong.append("%s: %s in place of %s" % (expression, seen, expected))
    for expression, expected in ALTERNATIVES:
        if promql.alternatives(expression) != expected:
            wrong.append("%s: %s in place of %s" % (expression, promql.alternatives(expression), expected))
    print("\n".join(wrong + ["%d checks, %d ways to break a board" % (len(dashboards.CHECKS), len(BREAKS))]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
