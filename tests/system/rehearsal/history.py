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


def openmetrics(fault_of_seats, fault_of_rows, fault_of_sessions, fault_of_version):
    """A gauge for each of the rows that look back: growing peaks of seats, rows of a query, sessions left, the old version."""
    now = int(time.time())
    license = '%s,appserver="%s",company="",license="Default"' % (JOB, fault_of_seats)
    target = '%s,appserver="%s",company="EPIC06",probe="%s-rows"' % (JOB, fault_of_rows, fault_of_rows)
    families = [
        ("license:epicor_license_seats_used:max1d", license, seats),
        ("epicor_license_seats_used", license, seats),
        ("epicor_license_seats_owned", license, lambda day: 100),
        ("license:epicor_license_seats_used:ratio", license, lambda day: seats(day) / 100),
        ("epicor_probe_rows", target, lambda day: ORDERS),
        ("epicor_sessions", '%s,appserver="%s",company="EPIC06",license="Default",state="expired"' % (JOB, fault_of_sessions),
         lambda day: 25),
        ("epicor_server_info", '%s,appserver="%s",version="11.3.100.7"' % (JOB, fault_of_version), lambda day: 1),
    ]
    lines = []
    for name, labels, value in families:
        lines.append("# TYPE %s gauge" % name)
        lines += ["%s{%s} %g %d" % (name, labels, number, at) for at, number in samples(now, value)]
    return "\n".join(lines) + "\n# EOF\n"
