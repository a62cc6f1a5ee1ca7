"""A healthy day: what an ordinary day brings, on app servers of its own, in compressed time; nothing of it may be told.

The hours are as long as the factor makes them; what comes once a day comes once. The windows of the configuration are in
whole minutes of the real clock.
"""
import datetime
import signal
import time

from faults import Fault

TOKEN_LIFETIME = 75  # renewed at 80 %: each compressed hour
LOST_EVERY = 60  # one request an hour


def minute(seconds_ahead):
    """The first whole minute after so many seconds from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_ahead + 60)
    return at.replace(second=0, microsecond=0)


def window(begin, end):
    return "Mon-Sun %s-%s" % (begin.strftime("%H:%M"), end.strftime("%H:%M"))


def healthy(name, **more):
    return Fault(name, "", "", "", **more)


class Event:
    """Something that begins at a time and, with an end, is undone at another."""

    def __init__(self, what, begin, end=None, every=0):
        self.what, self.begin, self.end, self.every = what, begin, end, every
        self.times = 0
        self.on = False


class Day:
    def __init__(self, stage, hours):
        self.stage = stage
        self.seconds = hours * 60
        self.night = minute(40)
        self.maintenance = minute(25), minute(25) + datetime.timedelta(minutes=1)
        recycle = self.maintenance[0].timestamp() + 5
        self.servers = [
            healthy("day", flags=["--token-lifetime=%d" % TOKEN_LIFETIME], server="business_hours = Mon-Sun\n",
                    probes="[probe NAME-stock]\nkind = baq\nbaq = zExporterPartOnHand\nvalue.parts_on_hand = PartWhse_OnHandQty\n"
                           "value.parts_on_hand.aggregate = sum\nvalue.parts_on_hand.labels = class=Part_ClassID\nmax_series = 2\n"
                           "[probe NAME-shift]\nkind = baq\nbaq = zExporterOrdersByPlant\nparam.CurrentPlant = MfgSys\nactive = %s\n"
                           % window(self.night - datetime.timedelta(hours=2), self.night)),
            healthy("day-recycled", server="maintenance = %s\n" % window(*self.maintenance)),
            # 25 s stay 25 s, since Kinetic's own time is not compressed: the intervals are such that they are an ordinary late run.
            healthy("day-cold", usual=False, probes="".join(
                "[probe NAME-%s]\nkind = baq\nbaq = %s\ninterval = 15s\ntimeout = 60s\n" % pair
                for pair in (("orders", "zExporterOpenOrders"), ("parts", "zExporterPartOnHand")))),
        ]
        self.events = [
            Event(("day", "fault=http_502 times=1"), 10, every=LOST_EVERY),
            Event(("day", "fault=http_404 times=1"), 38),
            Event(("day-cold", "fault=slow times=1"), 20),
            Event(("agent", signal.SIGHUP), 40),
            Event(("day-recycled", "fault=http_503"), recycle, recycle + 12),
        ]
        self.started = None
        self.missing = []  # of what should have come

    def go_on(self, now):
        self.started = self.started or now
        for event in self.events:
            begin = event.begin if event.begin > 1e6 else self.started + event.begin
            server, what = event.what
            if not event.on and now >= begin + event.times * event.every and (event.every or not event.times):
                event.times += 1
                event.on = event.end is not None
                if server == "agent":
                    self.stage.agent.signal(what)
                else:
                    self.stage.simulators[server].command("begin " + what)
            elif event.on and now >= event.end:
                event.on = False
                self.stage.simulators[server].command("end " + what)

    def over(self, now):
        """All has happened that comes once, and the time after it in which something late would be told."""
        latest = max(self.night.timestamp() + 10, self.maintenance[1].timestamp() + 10, self.started + self.seconds)
        return all(event.times and not event.on for event in self.events) and now > latest

    def lacks(self):
        """What of the day has not come."""
        left = [" ".join(map(str, event.what)) for event in self.events if not event.times or event.on]
        renewals = self.stage.query('epicor_token_requests_total{appserver="day"} >= 2')
        recycled = self.stage.query('epicor_maintenance{appserver="day-recycled"} == 0')
        return left + ([] if renewals else ["a renewal of the token"]) + ([] if recycled else ["the end of the maintenance"])

    def said(self):
        return "; ".join("%s %s %d times" % (event.what[0], str(event.what[1]).split()[0], event.times) for event in self.events)
