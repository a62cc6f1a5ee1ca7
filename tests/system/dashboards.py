"""Looks at the boards as they are committed: python3 dashboards.py FAMILIES RECORDED EXPRESSIONS BOARD...

FAMILIES and RECORDED are files with a name a line: the metrics that the program has, those that the rules record. Writes every
query, with values for its variables, into the file EXPRESSIONS, a line each behind the board's name and a tab. Prints what is
wrong, and ends with 1 if anything is.
"""
import json
import re
import sys

families, recorded = (set(open(path).read().split()) for path in sys.argv[1:3])
prometheus_own = {"up", "ALERTS"}
values = {"__rate_interval": "1m", "__range": "1h", "__interval": "15s", "utc_offset": "0"}
label_values = {"job": ".+", "instance": ".+", "appserver": ".+", "company": ".*", "probe": ".+", "license": ".+"}
deprecated = {"graph", "singlestat", "table-old", "grafana-piechart-panel"}
faults, expressions, uids, titles = [], [], {}, {}


def filled(text):
    for name, value in {**values, **label_values}.items():
        text = re.sub(r"\$(?:%s\b|\{%s\})" % (name, name), value, text)
    return text


def family_exists(name):
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return name in families or base in families or name in recorded or name in prometheus_own


def look_at_query(fault, expr, used):
    used.update(re.findall(r"\$\{?([A-Za-z_]\w*)", expr))
    for name in re.findall(r"\b((?:\w+:)?(?:epicor|process)_\w+(?::\w+)?)", re.sub(r'"[^"]*"', '""', expr)):
        if not family_exists(name) and name not in ("epicor_value_",):
            fault("no metric is called " + name)
    for selector in re.findall(r"[a-z_:0-9]+\{([^}]*)\}", expr):
        if "ALERTS" not in expr and ('job=~"$job"' not in selector or 'instance=~"$instance"' not in selector):
            fault("a selector without job and instance: {%s}" % selector)
    for function, window in re.findall(r"\b(rate|irate|increase)\([^\[]*\[([^\]:]+)\]", expr):
        if function != "increase" and window == "5m" and "[30d:5m]" not in expr:
            fault("%s over a fixed %s in place of $__rate_interval" % (function, window))
    for name in re.findall(r"\b(\w+_total)\b", re.sub(r'"[^"]*"', '""', expr)):
        if not re.search(r"\b(rate|irate|increase)\(\s*%s\b" % name, expr):
            fault(name + " stands outside rate and increase")


def look_at_panel(board, panel, used, cells):
    def fault(what):
        faults.append("%s, panel %r: %s" % (board, panel.get("title", ""), what))

    if panel["type"] in deprecated:
        fault("its type is deprecated")
    place = panel["gridPos"]
    if place["x"] + place["w"] > 24:
        fault("it stands beyond the right edge")
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            if cells.setdefault((x, y), panel["id"]) != panel["id"]:
                fault("it overlaps another")
                return
    if panel["type"] == "row":
        return
    if not panel.get("title", "").endswith("?"):
        fault("its title is no question")
    if not panel.get("description", "").endswith("."):
        fault("no description, or none that ends in a full stop")
    if not panel["fieldConfig"]["defaults"].get("unit"):
        fault("no unit")
    if panel["type"] == "stat" and place["h"] < 4:
        fault("too low for its head and its figure")
    if not panel.get("targets"):
        fault("no query")
    if panel["datasource"]["uid"] != "${datasource}":
        fault("not the board's data source")
    for target in panel.get("targets", []):
        if target["datasource"]["uid"] != "${datasource}":
            fault("a query with a data source of its own")
        look_at_query(fault, target["expr"], used)
        expressions.append("%s\t%s" % (board, filled(target["expr"]).replace("\n", " ")))


def look_at_board(path):
    board = path.rsplit("/", 1)[-1]
    data = json.load(open(path))

    def fault(what):
        faults.append("%s: %s" % (board, what))

    if data["editable"]:
        fault("it can be edited")
    if data["uid"] != "epicor-" + board[: -len(".json")] or uids.setdefault(data["uid"], board) != board:
        fault("its uid is not epicor-NAME")
    if titles.setdefault(data["title"], board) != board:
        fault("its title is another board's too")
    if data["tags"] != ["epicor"] or not data["links"]:
        fault("no tag or no links to the others")
    variables = {v["name"]: v for v in data["templating"]["list"]}
    sources = [v for v in variables.values() if v["type"] == "datasource"]
    if len(sources) != 1 or sources[0]["name"] != "datasource":
        fault("not one variable for the data source, called datasource")
    used = {"datasource"}
    for name in ("job", "instance"):
        v = variables.get(name)
        if not v or not v["multi"] or not v["includeAll"] or v["allValue"] != ".+":
            fault("no variable %s with several values, all of them .+" % name)
    for v in variables.values():
        if v["type"] == "query":
            used.update(re.findall(r"\$(\w+)", v["definition"]))
            if v["refresh"] != 2:
                fault("the variable %s is not read anew with the time" % v["name"])
            metric = re.match(r"label_values\((\w+)", v["definition"]).group(1)
            if not family_exists(metric):
                fault("the variable %s asks for %s, which there is not" % (v["name"], metric))
    ids = [panel["id"] for panel in data["panels"]]
    if len(set(ids)) != len(ids):
        fault("two panels with one id")
    cells = {}
    for panel in data["panels"]:
        look_at_panel(board, panel, used, cells)
    for name in sorted(set(variables) - used):
        fault("the variable %s is used nowhere" % name)
    for name in sorted(used - set(variables) - set(values)):
        fault("the variable %s is defined nowhere" % name)


for path in sys.argv[4:]:
    look_at_board(path)
with open(sys.argv[3], "w") as out:
    out.write("".join(line + "\n" for line in expressions))
print("\n".join(faults))
sys.exit(1 if faults else 0)
