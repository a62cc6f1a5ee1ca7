"""Whether all queries of boards return data: python3 dashboards_data.py PROMETHEUS_URL START END BOARD...

START and END are seconds since 1970. Asks each query at many moments in between and wants one finite number at least; of one
with `or` each operand is asked by itself, since a zero behind it would hide that nothing is found before it. Prints
`N queries, M with each operand of or, all with data`, or those without, and ends with 1 if there is any. END may be +SECONDS: then it is now, and those
without data are asked again for so long.
"""
import json
import math
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import dashboards
import promql

# Prometheus gives at most 11,000 moments.
MOMENTS = 2000
# What a board would ask with, by the interval of the scrapes: the first with which there is data will do.
RATE_INTERVALS = ("1m", "15s", "4s", "5m", "20m")


def ask(url, expression, start, end):
    """Whether there is a finite number, or what Prometheus says against it."""
    step = max(1, math.ceil((end - start) / MOMENTS))
    form = urllib.parse.urlencode({"query": expression, "start": start, "end": end, "step": step})
    try:
        with urllib.request.urlopen(url + "/api/v1/query_range", form.encode(), 60) as answer:
            series = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        return False, json.load(error)["error"]
    return any(math.isfinite(float(value)) for one in series for _, value in one["values"]), None


def has_data(url, board, expression, start, end):
    error = None
    for rate_interval in RATE_INTERVALS if "$__rate_interval" in expression else RATE_INTERVALS[:1]:
        text = dashboards.filled(board, expression, __rate_interval=rate_interval, __range="%ds" % (end - start))
        found, error = ask(url, text, start, end)
        if found or error:
            break
    return found, error


def main(url, start, end, paths):
    until = time.monotonic() + float(end if end.startswith("+") else 0)
    boards = [dashboards.read(path) for path in paths]
    queries = [(board, panel, target) for board in boards for panel, target in dashboards.queries_of(board)]
    asked = [(*query, operand) for query in queries for operand in promql.alternatives(query[2]["expr"])]
    left = asked
    while True:
        without = []
        for board, panel, target, operand in left:
            now = int(time.time()) if end.startswith("+") else int(end)
            found, error = has_data(url.rstrip("/"), board, operand, int(start), now)
            if not found:
                without.append((board, panel, target, operand, error))
        left = [one[:4] for one in without]
        if not left or time.monotonic() >= until:
            break
        time.sleep(0.5)
    for board, panel, target, operand, error in without:
        print("%s, panel %r, query %s: %s" % (board["name"], panel["title"], target["refId"], error or operand))
    print("%d queries, %d with each operand of or, %s" % (len(queries), len(asked), "%d without data" % len(left) if left else "all with data"))
    return 1 if left or not queries else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
