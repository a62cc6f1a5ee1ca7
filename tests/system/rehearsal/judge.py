"""What was expected against what was sent."""


def group(messages, alert, appserver):
    return [m for m in messages if (m.alert, m.appserver) == (alert, appserver)]


def faults_of(play, messages, slack):
    """What is wrong with a row, in words; empty: it passed."""
    fault = play.fault
    expected = {"scope": fault.scope, "severity": fault.severity, **fault.labels}
    if fault.appserver:
        expected["appserver"] = fault.appserver
    mine = group(messages, fault.alert, fault.appserver)
    firing = [m for m in mine if m.status == "firing"]
    wrong = []
    if not play.begun:
        return ["it could not begin"]
    if not firing:
        wrong.append("no notification")
    if len(firing) > 1:
        wrong.append("%d notifications" % len(firing))
    if firing and play.noticed - play.begun > play.limit + slack:
        wrong.append("came after %.0f s, %.0f are due" % (play.noticed - play.begun, play.limit))
    for alert in (a for m in firing for a in m.alerts):
        for label, value in expected.items():
            if alert["labels"].get(label) != value:
                wrong.append("label %s is %r, not %r" % (label, alert["labels"].get(label), value))
    if firing and not play.resolved:
        wrong.append("not resolved")
    elif firing and not fault.passes and play.resolved < play.ended:
        wrong.append("resolved %.0f s before the fault was over" % (play.ended - play.resolved))
    elif firing and not fault.passes and play.resolved - play.ended > play.last + slack:
        wrong.append("resolved after %.0f s, %.0f are due" % (play.resolved - play.ended, play.last))
    for other in messages:
        if fault.appserver and other.appserver == fault.appserver and other not in mine:
            wrong.append("also %s %s" % (other.alert, other.status))
    return sorted(set(wrong))


def evidence(play, agent_log):
    """What the agent said of a row that has failed."""
    about = "appserver=%s " % play.fault.name
    for line in [line for line in agent_log.splitlines() if about in line][-20:]:
        print("    " + line)


def table(plays, messages, healthy, slack, agent_log):
    print("%-20s %-48s %-32s %4s %8s %6s %9s  %s" % ("app server", "fault", "alert", "sent", "noticed", "due", "resolved", ""))
    bad = 0
    known = []
    for play in plays:
        fault = play.fault
        known += [m for m in messages if (fault.appserver and m.appserver == fault.appserver) or
                  (m.alert, m.appserver) == (fault.alert, fault.appserver)]
        wrong = faults_of(play, messages, slack)
        bad += bool(wrong)
        sent = len([m for m in group(messages, fault.alert, fault.appserver) if m.status == "firing"])
        noticed = "%.0f s" % (play.noticed - play.begun) if play.noticed else "-"
        resolved = "%.0f s" % (play.resolved - (play.begun if fault.passes else play.ended)) if play.resolved and play.ended else "-"
        print("%-20s %-48s %-32s %4d %8s %4.0f s %9s  %s" % (fault.name, fault.about[:48], fault.alert, sent, noticed, play.limit,
                                                             resolved, "; ".join(wrong) or "passed"))
        if wrong:
            evidence(play, agent_log)
    if healthy:
        print("healthy day: %s%s" % (healthy.said(), "; NOT PLAYED: " + ", ".join(healthy.missing) if healthy.missing else ""))
    strays = [m for m in messages if m not in known]
    for message in strays:
        print("not expected: %s" % message)
    print("%d rows, %d passed; %d notifications beside them" % (len(plays), len(plays) - bad, len(strays)), flush=True)
    return not bad and not strays and not (healthy and healthy.missing)
