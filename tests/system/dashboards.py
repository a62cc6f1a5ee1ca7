"""Looks at the boards as they are committed: python3 dashboards.py PROMTOOL FAMILIES RECORDED BOARD...

FAMILIES and RECORDED are files with a name a line: the series that the program has, those that the rules record. Prints each
finding with the name of its check, and ends with 1 if there is any. The checks are those of grafana/dashboard-linter under
its names, and ours; none has an exception.
"""
import collections
import json
import re
import subprocess
import sys
import tempfile

import promql

DATASOURCE = "${datasource}"
INTERNAL = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}
IN_LINKS = {"__data", "__url_time_range"}
PROMETHEUS_OWN = {"up", "ALERTS", "ALERTS_FOR_STATE"}
UNITS = set("none string short percent percentunit bool bytes decbytes ms s m h d dtdurations dtdhms dateTimeAsIso "
            "dateTimeFromNow hertz ops reqps rps wps iops cps cpm opm rpm wpm Bps binBps".split())
TYPES = {"stat", "timeseries", "table", "heatmap", "state-timeline", "row", "bargauge", "barchart", "text"}
# Okabe and Ito's colours and a grey; what Grafana calls so is not told apart by everybody.
# Behind them may stand how dense they are.
COLOURS = re.compile(r"(#(009E73|E69F00|D55E00|0072B2|56B4E9|F0E442|CC79A7|8e8e8e)([0-9A-Fa-f]{2})?|transparent)")
# Gauges of app servers and targets, each of which every replica of the agent shows; but for what each agent does for itself.
SHOWN_BY_ALL = re.compile(r"(license:)?epicor_(?!exporter_|requests_|sessions_open$|probe_interval_seconds$)"
                          r"(?!.*_(total|bucket|sum|count)$).*")
SCHEMES = {"Blues", "Oranges", "Greys", "Viridis"}


def panels_of(board):
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries_of(board):
    """(panel, target) of every query."""
    return [(panel, target) for panel in panels_of(board) for target in panel.get("targets") or []]


def filled(board, text, **values):
    """The text with values for its variables: all that there are, or the present one; those of Grafana can be given."""
    for v in board["templating"]["list"]:
        values.setdefault(v["name"], v.get("allValue") or (".+" if v["type"] == "query" else str(v["current"].get("value"))))
    for name, value in {**INTERNAL, **values}.items():
        text = re.sub(r"\$(?:%s\b|\{%s\})" % (name, name), lambda _: value, text)
    return text


class Context:
    """What the checks know besides the board."""

    def __init__(self, promtool, families, recorded):
        self.promtool = promtool
        self.families = set(families)
        self.recorded = set(recorded)
        self.errors = {}  # of expressions

    def parse(self, expressions):
        new = [e for e in dict.fromkeys(expressions) if e not in self.errors]
        if not new:
            return
        rules = [{"record": "q%d" % i, "expr": e or "()"} for i, e in enumerate(new)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)
            file.flush()
            said = subprocess.run([self.promtool, "check", "rules", file.name], capture_output=True, text=True)
        self.errors.update({e: None for e in new})
        for number, error in re.findall(r'"q(\d+)": (could not parse expression: .*)', said.stderr + said.stdout):
            self.errors[new[int(number)]] = error
        if said.returncode and not any(self.errors[e] for e in new):
            raise SystemExit("promtool: " + said.stderr + said.stdout)

    def known(self, name):
        return name in self.families or name in self.recorded or name in PROMETHEUS_OWN


CHECKS = {}


def check(name):
    def add(function):
        CHECKS[name] = function
        return function
    return add


def each_panel(function):
    """Makes a check of a board out of one of a panel that is no row."""
    def all_panels(board, context):
        for panel in panels_of(board):
            if panel["type"] != "row":
                for fault in function(panel, context):
                    yield "panel %r: %s" % (panel.get("title", ""), fault)
    return all_panels


def each_query(function):
    """Likewise of one of a query."""
    def all_queries(board, context):
        for panel, target in queries_of(board):
            for fault in function(target.get("expr", ""), context, board):
                yield "panel %r, query %s: %s" % (panel.get("title", ""), target.get("refId"), fault)
    return all_queries


def variables_of(board):
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def strings_in(value):
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from strings_in(part)


# Those of grafana/dashboard-linter.

@check("template-datasource-rule")
def _(board, context):
    sources = [v for v in board["templating"]["list"] if v["type"] == "datasource"]
    if [(v["name"], v["label"], v["query"]) for v in sources] != [("datasource", "Data source", "prometheus")]:
        yield "not one variable for the data source, called datasource, labelled Data source, of Prometheus"


def of_identity(name):
    def look(board, context):
        v = variables_of(board).get(name)
        if not v or v["type"] != "query":
            yield "no variable %s that is read from Prometheus" % name
        elif v["datasource"]["uid"] != DATASOURCE or v["label"] != name.title() or not v["multi"] or v.get("allValue") != ".+":
            yield "the variable %s is not of the data source, labelled %s, of several values, all of them .+" % (name, name.title())
    return look


check("template-job-rule")(of_identity("job"))
check("template-instance-rule")(of_identity("instance"))


@check("template-label-promql-rule")
def _(board, context):
    for v in board["templating"]["list"]:
        if v["type"] == "query":
            form = re.fullmatch(r"label_values\((.+), (\w+)\)", v["query"]["query"])
            context.parse([filled(board, form.group(1))] if form else [])
            if not form or context.errors[filled(board, form.group(1))] or v["definition"] != v["query"]["query"]:
                yield "the variable %s is not read by label_values of an expression" % v["name"]


@check("template-on-time-change-reload-rule")
def _(board, context):
    for v in board["templating"]["list"]:
        if v["type"] == "query" and v["refresh"] != 2:
            yield "the variable %s is not read anew with the time" % v["name"]


@check("panel-datasource-rule")
@each_panel
def _(panel, context):
    if any(of.get("datasource", {}).get("uid") != DATASOURCE for of in [panel] + (panel.get("targets") or [])):
        yield "not the board's data source"


@check("panel-title-description-rule")
@each_panel
def _(panel, context):
    if not panel.get("title") or not panel.get("description"):
        yield "no title, or no description"


@check("panel-units-rule")
@each_panel
def _(panel, context):
    units = [panel["fieldConfig"]["defaults"].get("unit", "")]
    units += [p["value"] for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "unit"]
    for unit in sorted(set(units) - UNITS):
        if not unit.startswith("time:"):
            yield "no unit, or one that is not known: %r" % unit


@check("panel-no-targets-rule")
@each_panel
def _(panel, context):
    if not panel.get("targets"):
        yield "no query"


@check("target-promql-rule")
@each_query
def _(expr, context, board):
    context.parse([filled(board, expr)])
    if not expr or context.errors[filled(board, expr)]:
        yield context.errors[filled(board, expr)] or "empty"


@check("target-logql-rule")
def _(board, context):
    for panel, target in queries_of(board):
        if target.get("datasource", {}).get("type") != "prometheus":
            yield "panel %r, query %s: not one of Prometheus" % (panel.get("title", ""), target.get("refId"))


@check("target-logql-auto-rule")
@each_query
def _(expr, context, board):
    if "$__auto" in expr:
        yield "LogQL's $__auto"


@check("target-rate-interval-rule")
@each_query
def _(expr, context, board):
    for window in promql.look(expr)[1]:
        if window.function in ("rate", "irate", "increase") and window.text != "$__rate_interval":
            yield "%s over %s in place of $__rate_interval" % (window.function, window.text)


def of_matcher(name):
    def look(expr, context, board):
        for selector in promql.look(expr)[0]:
            if selector.matchers.get(name) != ("=~", "$" + name):
                yield '%s without %s=~"$%s"' % (selector.name, name, name)
    return each_query(look)


check("target-job-rule")(of_matcher("job"))
check("target-instance-rule")(of_matcher("instance"))


@check("target-counter-agg-rule")
@each_query
def _(expr, context, board):
    for selector in promql.look(expr)[0]:
        name = selector.name or selector.matchers.get("__name__", ("", ""))[1]
        if re.search(r"_total$", name) and (not selector.window or selector.function not in ("rate", "irate", "increase")):
            yield name + " stands outside rate, irate and increase"


@check("uneditable-dashboard")
def _(board, context):
    if board["editable"] is not False:
        yield "it can be edited"


# Ours.

@check("one data source")
def _(board, context):
    if sum(v["type"] == "datasource" for v in board["templating"]["list"]) != 1:
        yield "not one variable for the data source"


@check("title asks")
@each_panel
def _(panel, context):
    if not panel.get("title", "").endswith("?"):
        yield "its title does not say what question it answers"


@check("title fits")
@each_panel
def _(panel, context):
    # At 1280 pixels a column is 52 wide; 70 go for margins and the mark of the description; a letter takes 7.
    if len(panel.get("title", "")) > (52 * panel["gridPos"]["w"] - 70) / 7:
        yield "its title is cut off at 1280 pixels"


@check("title once")
def _(board, context):
    for title, count in collections.Counter(panel.get("title") for panel in panels_of(board)).items():
        if count > 1:
            yield "%d panels ask %r" % (count, title)


@check("description is a sentence")
@each_panel
def _(panel, context):
    if not re.fullmatch(r"[A-Z].*\.", panel.get("description", ""), re.S):
        yield "its description is no sentence"


@check("metric known")
@each_query
def _(expr, context, board):
    for selector in promql.look(expr)[0]:
        operator, pattern = selector.matchers.get("__name__", ("=~", "(?!)"))
        if selector.name and not context.known(selector.name):
            yield "no metric is called " + selector.name
        if not selector.name and not (operator == "=~" and any(re.fullmatch(pattern, f) for f in context.families)):
            yield "no metric is called like " + pattern


@check("replicas count once")
@each_query
def _(expr, context, board):
    for selector in promql.look(expr)[0]:
        if selector.aggregation in ("sum", "count", "count_values") and SHOWN_BY_ALL.fullmatch(selector.name or ""):
            yield "%s of %s, which each replica of the agent shows, without a max or min within" % (selector.aggregation, selector.name)


@check("variable's metric known")
def _(board, context):
    for v in board["templating"]["list"]:
        for selector in promql.look(v["definition"])[0] if v["type"] == "query" else []:
            if selector.matchers or selector.name.startswith("epicor"):
                if not context.known(selector.name):
                    yield "the variable %s asks for %s" % (v["name"], selector.name)


@check("not deprecated")
@each_panel
def _(panel, context):
    if panel["type"] not in TYPES:
        yield "the type %s" % panel["type"]
    for key in ("thresholds", "yaxes", "seriesOverrides", "aliasColors", "valueMaps", "styles"):
        if key in panel:
            yield "the key %s" % key


@check("schema not deprecated")
def _(board, context):
    if board["schemaVersion"] < 36:
        yield "the schema %d" % board["schemaVersion"]


@check("uid")
def _(board, context):
    if board["uid"] != "epicor-" + board["name"]:
        yield "its uid is not epicor-%s" % board["name"]


@check("tags and links")
def _(board, context):
    if board["tags"] != ["epicor"] or [link.get("tags") for link in board["links"]] != [["epicor"]]:
        yield "not the tag of all boards, or no links to the others"


@check("id once")
def _(board, context):
    ids = [panel.get("id") for panel in panels_of(board)]
    if len(set(ids)) != len(ids) or None in ids:
        yield "panels without an id of their own"


@check("query named")
@each_panel
def _(panel, context):
    names = [target.get("refId") for target in panel.get("targets") or []]
    if len(set(names)) != len(names) or None in names:
        yield "queries without a name of their own"


@check("within the grid")
@each_panel
def _(panel, context):
    place = panel["gridPos"]
    if place["x"] < 0 or place["w"] < 1 or place["x"] + place["w"] > 24:
        yield "it stands beyond the edge"


@check("no overlap")
def _(board, context):
    cells = {}
    for panel in panels_of(board):
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if cells.setdefault((x, y), panel) is not panel:
                    yield "panel %r overlaps %r" % (panel.get("title", ""), cells[x, y].get("title", ""))
                    return


@check("high enough")
@each_panel
def _(panel, context):
    if panel["gridPos"]["h"] < (4 if panel["type"] == "stat" else 5):
        yield "too low for its head and what it shows"


@check("variables used")
def _(board, context):
    used = {"datasource"}
    for text in strings_in(board["panels"] + [v.get("definition", "") for v in board["templating"]["list"]]):
        used.update(re.findall(r"\$\{?(\w+)", text))
    for name in sorted(set(variables_of(board)) - used):
        yield "the variable %s is used nowhere" % name


@check("variables defined")
def _(board, context):
    seen = []
    for v in board["templating"]["list"]:
        for name in re.findall(r"\$\{?(\w+)", v.get("definition", "")):
            if name not in seen:
                yield "the variable %s asks for %s, which is not defined before it" % (v["name"], name)
        seen.append(v["name"])
    for text in strings_in(board["panels"]):
        for name in re.findall(r"\$\{?([A-Za-z_]\w*)", text):
            if name not in seen and name not in INTERNAL and name not in IN_LINKS:
                yield "the variable %s is defined nowhere" % name


@check("columns exist")
@each_panel
def _(panel, context):
    for transformation in panel.get("transformations", []):
        if transformation["id"] == "organize":
            shown = set(transformation["options"]["renameByName"].values())
            for override in panel["fieldConfig"]["overrides"]:
                if override["matcher"]["id"] == "byName" and override["matcher"]["options"] not in shown:
                    yield "no column %r" % override["matcher"]["options"]


@check("colours that all tell apart")
@each_panel
def _(panel, context):
    def colours(value):
        if isinstance(value, dict):
            for key, part in value.items():
                if key in ("color", "fixedColor") and isinstance(part, str):
                    yield part
                yield from colours(part)
        elif isinstance(value, list):
            for part in value:
                yield from colours(part)
    for colour in sorted(set(colours(panel["fieldConfig"]))):
        if not COLOURS.fullmatch(colour):
            yield "the colour %s" % colour
    scheme = panel["options"].get("color", {}).get("scheme")
    if panel["type"] == "heatmap" and scheme not in SCHEMES:
        yield "the colours %s" % scheme


@check("series told apart")
@each_panel
def _(panel, context):
    if panel["type"] != "timeseries":
        return
    # {{...}} whose values nobody knows beforehand; the others' are closed lists.
    names = [target.get("legendFormat", "") for target in panel["targets"]]
    if any(re.search(r"\{\{(appserver|company|probe|license|instance|path)\}\}|^__auto$", name) for name in names):
        if "lastNotNull" not in panel["options"]["legend"].get("calcs", []):
            yield "its legend does not tell the last values, though its colours cannot be fixed"
        return
    if panel["fieldConfig"]["defaults"].get("color", {}).get("mode") != "fixed":
        yield "its colours are those of Grafana, though the names of its series are known"
    coloured = [o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"] if any(p["id"] == "color" for p in o["properties"])]
    for name in names:
        if "{{" in name and len(coloured) < 2 or "{{" not in name and name not in coloured:
            yield "no colour of its own for %r" % name


def findings(boards, context):
    """Of all boards: [(board, check, fault), ...]."""
    # At once, since promtool takes its time to start.
    context.parse([filled(board, target["expr"]) for board in boards for _, target in queries_of(board) if target.get("expr")])
    found = [(board["name"], name, fault) for board in boards for name, look in CHECKS.items() for fault in look(board, context)]
    for key in ("uid", "title"):
        for value, count in collections.Counter(board[key] for board in boards).items():
            if count > 1:
                found.append((value, "board's %s once" % key, "%d boards have it" % count))
    return found


def read(path):
    board = json.load(open(path))
    board["name"] = re.sub(r".*/|\.json$", "", path)
    return board


if __name__ == "__main__":
    of = Context(sys.argv[1], *(open(path).read().split() for path in sys.argv[2:4]))
    faults = findings([read(path) for path in sys.argv[4:]], of)
    for fault in faults:
        print("%s: %s: %s" % fault)
    sys.exit(1 if faults else 0)
