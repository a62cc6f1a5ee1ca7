"""What happened before the rehearsal: rows of rules that look back for weeks stand on it. A day of the last 24 hours is a
compressed one of 24 minutes; before that there are weeks of the real clock, which the boards look at."""
import time

JOB = 'job="epicor",instance="agent:10606"'
HOUR = 3600
ORDERS = 60  # rows, week by week


def seats(day):
    """Peaks of the license that grows, so many days before the start: 84 at the end, 20 more each fortnight."""
    return max(4, round(84 - day * 20 / 14))


def samples(now, value):
    """Hours of the last 60 days, then minutes, which are compressed hours, up to the start."""
    for at in range(now - 60 * 24 * HOUR, now - 24 * HOUR, HOUR):
        yield at, value((now - at) / 86400)
    for at in range(now - 24 * HOUR, now - 30, 60):
        yield at, value((now - at) / 1440)


def openmetrics(played):
    """Gauges of the rows that look back, if they are played: growing peaks of seats, rows of a query, sessions left, the old
    version."""
    now = int(time.time())
    license = 'appserver="seats-growing",company="",license="Default"'
    rows = 'appserver="unusual-rows",company="EPIC06",probe="unusual-rows-rows"'
    sessions = 'appserver="sessions-left",company="EPIC06",license="Default",state="expired"'
    families = [
        ("license:epicor_license_seats_used:max1d", license, seats),
        ("license:epicor_license_seats_used:max1d", license.replace("Default", "WebService"), lambda day: 20),  # all there are
        ("epicor_license_seats_used", license, seats),
        ("epicor_license_seats_owned", license, lambda day: 100),
        ("license:epicor_license_seats_used:ratio", license, lambda day: seats(day) / 100),
        ("epicor_probe_rows", rows, lambda day: ORDERS),
        ("epicor_sessions", sessions, lambda day: 25),
        ("epicor_server_info", 'appserver="new-version",version="11.3.100.7"', lambda day: 1),
    ]
    lines = []
    for name, labels, value in families:
        if labels.split('"')[1] in played:
            if "# TYPE %s gauge" % name not in lines:
                lines.append("# TYPE %s gauge" % name)
            lines += ["%s{%s,%s} %g %d" % (name, JOB, labels, number, at) for at, number in samples(now, value)]
    return "\n".join(lines + ["# EOF\n"]) if lines else ""
