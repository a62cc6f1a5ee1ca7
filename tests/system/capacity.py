"""A history of license seats whose answers are known: python3 capacity.py COMMAND ...

  history FILE                 writes 60 days of samples as OpenMetrics text
  record URL RULES PASS FILE   writes what the rules would have recorded, of those that read what PASS - 1 others have recorded;
                               ends with 1 if there are none
  check URL RULES BOARD        asks Prometheus what the board and the alert ask, computes the same from the samples themselves,
                               and prints both; ends with 1 if they differ

Nothing here is computed by PromQL: quantiles, windows, growth, days and hours are worked out from the list of samples.
"""
import datetime
import functools
import json
import random
import re
import sys
import urllib.parse
import urllib.request

HOUR, DAY, STEP = 3600, 86400, 300
UTC_OFFSET = -6  # Chicago in winter, all the time
START = int(datetime.datetime(2026, 1, 5, 20, tzinfo=datetime.timezone.utc).timestamp())  # a Monday
END = START + 60 * DAY
PREDICTED = START + 42 * DAY
TIMES = range(START, END + 1, STEP)

NEVER = 9e15
CROSSED = 63, 66  # the seats that the growing type owns, and the day on which it comes to them

# What a working day's peak is, by the day's number, before noise; what is owned; how much the peaks scatter.
SHAPES = {
    ("live", "Default"): (lambda day: 30 + 0.5 * day, CROSSED[0], 1.2),  # grows
    ("live", "WebService"): (lambda day: 20 if day < 45 else 34, 40, 1.2),  # a step
    ("live", "DataCollection"): (lambda day: 1 if 21 <= day < 35 else 25, 28, 1.0),  # the plant is shut for two weeks
    ("live", "TimeExpense"): (lambda day: 40, 52, 4.0),  # noise
    ("live", "CRM"): (lambda day: 12, 15, 0.0),  # flat
    ("live", "EnterpriseSearch"): (lambda day: 15 if day % 30 in (24, 25) else 10, 17, 0.5),  # the end of each month
    ("live", "MobileFramework"): (lambda day: 29 if day == 57 else 18, 30, 0.6),  # one day leaps out
    ("pilot", "Default"): (lambda day: 20 + 0.1 * day, 30, 0.6),  # grows slowly: 30 on day 100
}
GROWING = ("live", "Default")
HOURS = [0.08] * 6 + [0.3, 0.7, 1, 1, 1, 1, 0.8, 1, 1, 1, 0.9, 0.6, 0.3] + [0.12] * 5


def local(time):
    return datetime.datetime.utcfromtimestamp(time + UTC_OFFSET * HOUR)


def working(time):
    at = local(time)
    return at.weekday() < 5 and 7 <= at.hour < 18


def make_samples():
    samples = {}
    for number, (key, (shape, owned, scatter)) in enumerate(SHAPES.items()):
        chance = random.Random(number)
        first = local(START).date()
        peaks = {}
        values = samples[key] = []
        for time in TIMES:
            at = local(time)
            day = (at.date() - first).days
            if day not in peaks:
                weekend = 0.1 if at.weekday() >= 5 else 1
                peaks[day] = weekend * (shape(day) + chance.gauss(0, scatter))
            value = round(peaks[day] * HOURS[at.hour] * (1 - 0.1 * chance.random()))
            values.append(max(0, min(owned, value)))
    return samples


SAMPLES = make_samples()


def between(values, start, end):
    """The samples from start to end, both included."""
    first = max(0, -(-(start - START) // STEP))
    return values[first : (end - START) // STEP + 1]


def quantile(part, values):
    values = sorted(values)
    place = part * (len(values) - 1)
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


@functools.lru_cache(None)
def daily_peak(key, time):
    return max(between(SAMPLES[key], time - DAY, time))


def peaks(key, start, end):
    """Daily peaks as they stand at noon and midnight (UTC)."""
    first = -(-start // (12 * HOUR)) * 12 * HOUR
    return [daily_peak(key, time) for time in range(first, end + 1, 12 * HOUR) if time >= START]


@functools.lru_cache(None)
def reckoned(key, time):
    return quantile(0.95, peaks(key, time - 28 * DAY, time))


@functools.lru_cache(None)
def growth(key, time):
    a, b, c = (quantile(0.8, peaks(key, time - (n + 1) * 14 * DAY, time - n * 14 * DAY)) for n in range(3))
    return min(a - b, b - c)


def predicted(key, time):
    return reckoned(key, time) + max(0, growth(key, time))


def running_out(key, time):
    owned = SHAPES[key][1]
    recent = range(max(PREDICTED, time - DAY), time + 1, 4 * HOUR)
    return sum(predicted(key, t) for t in recent) / len(recent) >= owned > reckoned(key, time)


def at_work(key, start, end):
    """What is in use in business hours, which only the app server live has."""
    values = between(SAMPLES[key], start, end)
    return [v for v, t in zip(values, range(start, end + 1, STEP)) if key[0] != "live" or working(t)]


def crossing(key):
    owned = SHAPES[key][1]
    if reckoned(key, END) >= owned:
        return 1000 * END
    a_fortnight = growth(key, END)
    fortnights = (owned - reckoned(key, END)) / a_fortnight if a_fortnight > 1 else 26
    return 1000 * (END + 14 * DAY * fortnights) if fortnights < 26 else NEVER


def week():
    """Of each hour of the week, Monday first, the mean of its highest shares of what is owned, over four weeks."""
    cells = {}
    for time in range(END - 28 * DAY, END + 1, HOUR):
        share = max(max(between(SAMPLES[key], time - HOUR + 30, time - 30)) / SHAPES[key][1] for key in SHAPES)
        at = local(time - HOUR)
        cells.setdefault((str(at.weekday()), str(at.hour)), []).append(share)
    return {cell: sum(shares) / len(shares) for cell, shares in cells.items()}


def write_history(path):
    with open(path, "w") as out:

        def family(name, series):
            out.write("# TYPE %s gauge\n" % name)
            for labels, values in series:
                start = "%s{job=\"epicor\",instance=\"agent:10606\",%s} " % (name, labels)
                out.writelines("%s%d %d\n" % (start, v, t) for v, t in values)

        def labels(key):
            return 'appserver="%s",company="",license="%s"' % key

        recent = [t for t in TIMES if t >= END - 29 * DAY]
        family("epicor_license_seats_used", ((labels(key), zip(values, TIMES)) for key, values in SAMPLES.items()))
        family("epicor_license_seats_owned", ((labels(key), ((shape[1], t) for t in recent)) for key, shape in SHAPES.items()))
        family("epicor_business_hours", [('appserver="live"', ((working(t), t) for t in TIMES if t >= END - 31 * DAY))])
        out.write("# EOF\n")


def recording_rules(path):
    """Name and lines of each recording rule of seats."""
    text = open(path).read()
    for name, body in re.findall(r"^      - record: (license:\S+)\n((?:        .*\n)+)", text, re.M):
        yield name, body


def write_recorded(url, path, wanted, out):
    """As promtool tsdb create-blocks-from rules, but at full hours: that shifts its times by a hash of the file's name."""
    passes, expressions = {}, {}
    for name, body in recording_rules(path):
        passes[name] = 1 + max([passes[read] for read in passes if re.search(r"\b%s\b" % read, body)], default=0)
        expressions[name] = " ".join(body.split()).removeprefix("expr: ").removeprefix(">- ")
    chosen = [name for name in passes if passes[name] == wanted]
    with open(out, "w") as file:
        for name in chosen:
            series = {}
            ranges = [(START, 4 * HOUR)] + [(END - 30 * DAY, STEP)] * (wanted == 1)
            for start, step in ranges:
                for found in ask(url, "query_range", query=expressions[name], start=start, end=END, step=step):
                    labels = ",".join('%s="%s"' % label for label in found["metric"].items() if label[0] != "__name__")
                    series.setdefault(labels, {}).update(found["values"])
            file.write("# TYPE %s gauge\n" % name)
            for labels, values in series.items():
                file.writelines("%s{%s} %s %d\n" % (name, labels, values[time], time) for time in sorted(values))
        file.write("# EOF\n")
    return bool(chosen)


def ask(url, path, **parameters):
    query = urllib.parse.urlencode(parameters).encode()
    with urllib.request.urlopen("%s/api/v1/%s" % (url, path), query) as answer:
        return json.load(answer)["data"]["result"]


def filled(expression):
    for name, value in (("utc_offset", UTC_OFFSET), ("__rate_interval", "20m")):
        expression = expression.replace("$" + name, str(value))
    return re.sub(r"\$\w+", ".*", expression)


def alert_expression(path):
    body = re.search(r"- alert: EpicorLicenseSeatsRunningOut\n(.*?)\n        for:", open(path).read(), re.S).group(1)
    return " ".join(body.split()).removeprefix("expr: >- ")


def check(url, rules, board):
    panels = {panel["title"]: panel for panel in json.load(open(board))["panels"]}
    faults = []
    compared = 0

    def expression(title, ref):
        return filled(next(t["expr"] for t in panels[title]["targets"] if t["refId"] == ref))

    def instant(title, ref):
        return ask(url, "query", query=expression(title, ref), time=END)

    def by_license(result):
        return {(s["metric"]["appserver"], s["metric"]["license"]): float(s["value"][1]) for s in result}

    def compare(question, asked, computed, tolerance, row=""):
        nonlocal compared
        compared += 1
        near = asked is not None and abs(asked - computed) <= tolerance
        if not near:
            faults.append("%s %s: asked %s, computed %s" % (question, row, asked, computed))
        return near

    def table(question, asked, computed, tolerance, shown=lambda v: "%.2f" % v):
        if set(asked) != set(computed):
            faults.append("%s: asked %s, computed %s" % (question, sorted(asked), sorted(computed)))
        print("%s (to %g)" % (question, tolerance))
        for key in computed:
            near = compare(question, asked.get(key), computed[key], tolerance, " ".join(key))
            answer = shown(asked[key]) if key in asked else "nothing"
            print("  %-24s asked %-16s computed %-16s%s" % (" ".join(key), answer, shown(computed[key]), "" if near else " DIFFERENT"))

    def day(milliseconds):
        if milliseconds == NEVER:
            return "not in a year"
        return datetime.datetime.utcfromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d")

    sufficed = next(title for title in panels if title.startswith("How many seats would have sufficed"))
    month = {key: at_work(key, END - 30 * DAY, END) for key in SHAPES}
    table("Owned", by_license(instant(sufficed, "A")), {key: SHAPES[key][1] for key in SHAPES}, 0)
    for ref, part in (("B", 0.95), ("C", 0.99), ("D", 1)):
        computed = {key: quantile(part, month[key]) for key in SHAPES}
        table("Seats that cover %g %% of 30 days" % (100 * part), by_license(instant(sufficed, ref)), computed, 1e-6)
    for ref, question, compute in (
        ("E", "Peak to reckon with", reckoned),
        ("F", "Growth a fortnight", growth),
        ("G", "Peak in 14 days", predicted),
    ):
        computed = {key: compute(key, END) for key in SHAPES}
        table(question, by_license(instant(sufficed, ref)), computed, 1e-6)
    asked = by_license(instant(sufficed, "H"))
    table("Gone on, to a second", asked, {key: crossing(key) for key in SHAPES}, 1000, day)
    truth = 1000 * (START + CROSSED[1] * DAY)
    compare("Gone on, as the history was made", asked[GROWING], truth, 1000 * 7 * DAY)
    print("  %-24s made to be gone on %s, weekends and scatter apart (to a week)" % (" ".join(GROWING), day(truth)))
    first = float(instant("When will seats be gone?", "A")[0]["value"][1])
    compare("When will seats be gone?", first, min(crossing(key) for key in SHAPES), 1000)

    title = next(title for title in panels if title.startswith("How high was the peak of each day"))
    for series in ask(url, "query_range", query=expression(title, "A"), start=START + DAY, end=END, step=DAY):
        key = series["metric"]["appserver"], series["metric"]["license"]
        if len(series["values"]) != 60:
            faults.append("%s %s: %d daily peaks in 60 days" % (*key, len(series["values"])))
        for time, value in series["values"]:
            compare("Daily peak", float(value), daily_peak(key, int(time)), 0, " ".join(key))

    computed = week()
    asked = instant("At which hours of the week are the seats taken?", "A")
    for series in asked:
        cell = series["metric"]["day"], series["metric"]["hour"]
        compare("Hour of the week", float(series["value"][1]), computed.pop(cell, -1), 1e-9, "day %s, hour %s" % cell)
    if computed or len(asked) != 7 * 24:
        faults.append("Hours of the week: %d asked, not asked %s" % (len(asked), sorted(computed)))

    # The alert at each time since six weeks are known, not at the end only.
    fires = {}
    for series in ask(url, "query_range", query=alert_expression(rules), start=PREDICTED, end=END, step=4 * HOUR):
        fires[series["metric"]["appserver"], series["metric"]["license"]] = [int(time) for time, _ in series["values"]]
    expected = {key: [t for t in range(PREDICTED, END + 1, 4 * HOUR) if running_out(key, t)] for key in SHAPES}
    for key in SHAPES:
        compare("Times at which the alert's expression holds", len(fires.get(key, [])), len(expected[key]), 0, " ".join(key))
        if fires.get(key, []) != expected[key]:
            faults.append("%s %s: the alert's expression holds at other times" % key)
    if set(fires) != {GROWING} or fires[GROWING][-1] != END:
        faults.append("the alert's expression holds for %s" % sorted(fires))
    else:
        print("The alert's expression holds for %s %s and no other, from %s on" % (*GROWING, day(1000 * fires[GROWING][0])))
    print("%d answers compared" % compared)
    for fault in faults[:40]:
        print("DIFFERENT: " + fault)
    return not faults


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "history":
        write_history(*arguments)
    elif command == "record":
        sys.exit(not write_recorded(arguments[0], arguments[1], int(arguments[2]), arguments[3]))
    elif command == "check":
        sys.exit(not check(*arguments))
    else:
        sys.exit(__doc__)
