"""The table of faults: each row befalls an app server of its own, or the agent, and must raise one alert, once, and nothing
else."""
import ctypes
import os
import re
import signal
import threading
import time
from dataclasses import dataclass, field

from stage import Failure

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000


@dataclass
class Fault:
    name: str  # of its app server
    alert: str
    scope: str
    severity: str
    do: list = field(default_factory=list)  # commands of the simulator; undone in the other order
    labels: dict = field(default_factory=dict)  # further ones of the alert
    flags: list = field(default_factory=list)  # of the simulator
    server: str = ""  # keys of [appserver NAME]
    probes: str = ""  # sections; NAME stands for the app server's
    usual: bool = True  # with the probes orders and companies, that all have
    tls: bool = False
    from_start: bool = False
    ready: str = ""  # PromQL that must be true before it begins
    often: float = 0  # the commands come again each so many seconds, and end by themselves
    hold: float = 25  # seconds from the beginning to the end, at least until it was noticed
    extra: float = 0  # seconds that are its own before an alert can be due
    passes: bool = False  # resolves by itself while the fault goes on
    linger: float = 0  # seconds for which a range of its rule goes on to hold the fault
    replicas: bool = False  # a second agent watches it too
    about: str = ""  # what the table prints

    @property
    def appserver(self):
        return "" if self.scope == "agent" else self.name

    def begin(self, stage):
        for words in self.do:
            stage.simulators[self.name].command("begin " + words)

    def end(self, stage):
        if not self.passes and not self.often:
            for words in reversed(self.do):
                stage.simulators[self.name].command("end " + words)


def server(name, alert, severity, **more):
    return Fault(name, alert, "appserver", severity, **more)


def probe(name, alert, severity="warning", **more):
    more.setdefault("labels", {"probe": "orders"})
    return Fault(name, alert, "probe", severity, **more)


ORDERS = "path=zExporterOpenOrders"
TOKEN = "[probe NAME-login]\nkind = token\n"
PING = "[probe NAME-ping]\nkind = efx\nlibrary = MonitorLib\nfunction = Ping\nexpect.Success = true\n"
HEALTH = "[probe NAME-health]\nkind = health\nchecks = erp, database, report_server\ncutoff = 10m\n"
TASKS = "[probe NAME-tasks]\nkind = tasks\nwindow = 1h\nschedules = yes\nschedule_grace = 10m\n"
SEATS = "[probe NAME-seats]\nkind = licenses\nsource = service\n"
QUIET = ["--tasks-waiting=0", "--tasks-failed=0"]
OFTEN = "[probe NAME-often]\nkind = baq\nbaq = zExporterOrdersByPlant\nparam.CurrentPlant = MfgSys\ninterval = 250ms\n"
OAUTH = ("auth = oauth2\noauth2_token_url = TOKEN_ENDPOINT\noauth2_client_id_env = KINETIC_CLIENT_ID\n"
         "oauth2_client_secret_env = KINETIC_CLIENT_SECRET\n")

FAULTS = [
    # the way in
    server("password-changed", "EpicorCredentialsRejected", "critical", do=["change=password=second-password"], probes=TOKEN,
           about="the password was changed"),
    server("account-locked", "EpicorCredentialsRejected", "critical", do=["fault=accounts_locked"], flags=["--token-lifetime=5"],
           extra=5, about="the account is locked, noticed at the next login"),
    server("key-rotated", "EpicorApiKeyRejected", "critical", do=["change=api-key=second-api-key"], about="the API key was rotated"),
    probe("key-of-company", "EpicorApiKeyRejected", do=["change=company-key=EPIC07=other-key"], flags=["--company-key=EPIC07=key-07"],
          server="api_key.EPIC07_env = KINETIC_API_KEY_EPIC07\n",
          probes="[probe NAME-other]\nkind = baq\nbaq = zExporterOrdersByPlant\nparam.CurrentPlant = MfgSys\ncompany = EPIC07\n",
          labels={"probe": "key-of-company-other", "company": "EPIC07"}, about="the API key of one company was rotated"),
    server("no-telling-text", "EpicorAuthenticationFailed", "critical", do=["fault=http_401"], server="auth = basic\n",
           about="401 as IIS's page to Basic authentication"),
    server("sign-key-changed", "EpicorTokenRejected", "critical", do=["fault=http_401_empty path=/api/"],
           about="living tokens are refused"),
    server("token-service-off", "EpicorTokenServiceDown", "critical", do=["change=way=token-feature=off-404"],
           flags=["--token-lifetime=5"], extra=5, about="the token service is switched off"),
    server("provider-down", "EpicorTokenServiceDown", "critical", do=["fault=identity_provider_refuses"], server=OAUTH,
           flags=["--oauth", "--oauth-port=0", "--token-lifetime=5"], extra=5, about="the identity provider is down"),
    server("renewal-fails", "EpicorTokenRenewalFailing", "warning", do=["fault=http_503 path=TokenResource"],
           flags=["--token-lifetime=40"], server="token_renew_at = 50%\n", probes=TOKEN, extra=20, hold=8,
           about="the token cannot be renewed, the old one lives"),
    # seats
    server("calls-refused", "EpicorLicenseSeatsExhausted", "critical", do=["fault=license_exhausted path=/api/"],
           about="no seat is left: calls are refused"),
    server("seats-used-up", "EpicorLicenseSeatsExhausted", "critical", do=["change=others=Default=20"],
           flags=["--seats=Default=20", "--others=Default=8"], probes=SEATS, extra=5, about="all owned seats are used"),
    server("calls-delayed", "EpicorLicenseThrottled", "critical", do=["change=others=WebService=1"],
           flags=["--seats=WebService=1", "--way=shared-delay-ms=16000"], usual=False,
           probes="[probe NAME-orders]\nkind = baq\nbaq = zExporterOpenOrders\ninterval = 9s\ntimeout = 25s\n"
                  "[probe NAME-companies]\nkind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies\ninterval = 9s\ntimeout = 25s\n",
           ready='min(epicor_probe_runs_total{appserver="calls-delayed"}) >= 6', extra=60,
           about="web-service seats are gone: calls take 16 s longer"),
    server("seats-low", "EpicorLicenseSeatsLow", "warning", do=["change=others=Default=19"],
           flags=["--seats=Default=20", "--others=Default=8"], probes=SEATS, about="19 of 20 seats are used"),
    # the server
    server("pool-stopped", "EpicorUnavailable", "critical", do=["fault=http_503"],
           about="the application pool has stopped: 503"),
    server("many-targets", "EpicorUnavailable", "critical", do=["fault=http_503"], usual=False, replicas=True,
           flags=["--company=C%02d" % i for i in range(10)],
           server="company = %s\n" % ", ".join("C%02d" % i for i in range(10)),
           probes="".join("[probe NAME-%d]\nkind = baq\nbaq = zExporterOpenOrders\n" % i for i in range(5)),
           about="the same, with 50 targets and two agents"),
    server("hangs", "EpicorUnavailable", "critical", do=["fault=slow"], server="max_in_flight = 50\n",
           about="every request hangs"),
    server("database-dead", "EpicorUnavailable", "critical", do=["fault=http_500"],
           about="every request ends in 500"),
    server("not-kinetic", "EpicorUnavailable", "critical", do=["fault=html_200"],
           about="every request gets a page with 200"),
    server("upgrade", "EpicorUpgradePending", "critical", do=["fault=conversions_pending"], about="a database upgrade is not finished"),
    server("saas-throttles", "EpicorThrottled", "warning", do=["fault=http_429"], about="429 to every request"),
    server("port-closed", "EpicorUnreachable", "critical", do=["change=closed"], about="the port refuses connections"),
    server("redirected", "EpicorUnreachable", "critical", do=["fault=redirect_302"], about="every request is sent to a login page"),
    server("wrong-name", "EpicorUnreachable", "critical", do=["change=certificate=wrong-name"], tls=True,
           about="the certificate is another server's"),
    server("certificate-10-days", "EpicorCertificateExpiring", "warning", do=["change=certificate-days=10"], tls=True, extra=5,
           about="the certificate ends in 10 days"),
    server("certificate-2-days", "EpicorCertificateExpiring", "critical", do=["change=certificate-days=2"], tls=True, extra=5,
           about="the certificate ends in 2 days"),
    server("certificate-over", "EpicorCertificateExpiring", "critical", do=["change=certificate-days=-1"], tls=True, extra=5,
           about="the certificate has expired: nothing gets through"),
    server("key-expires", "EpicorApiKeyExpiring", "warning", do=["change=key-days=10"], probes="[probe NAME-keys]\nkind = api_keys\n",
           extra=5, about="an API key ends in 10 days"),
    server("key-over", "EpicorApiKeyExpiring", "warning", do=["change=key-days=-2"], probes="[probe NAME-keys]\nkind = api_keys\n",
           extra=5, about="an API key has expired two days ago"),
    server("new-version", "EpicorServerChanged", "info", do=["change=version=11.3.100.0"], probes="[probe NAME-version]\nkind = version\n",
           passes=True, about="the server was updated"),
    server("not-live", "EpicorServerChanged", "info", do=["change=pilot"], server="expect_production = yes\n",
           probes="[probe NAME-version]\nkind = version\n", about="Pilot answers where Live is expected"),
    server("clock-ahead", "EpicorClockSkew", "warning", do=["change=clock-offset=120"], about="the server's clock is 2 min ahead"),
    # single probes
    probe("right-missing", "EpicorAccessDenied", do=["fault=access_denied " + ORDERS], about="the account lacks a right"),
    probe("baq-gone", "EpicorProbeTargetMissing", do=["change=gone=BaqSvc/zExporterOpenOrders"], about="the BAQ was deleted"),
    probe("unpublished", "EpicorProbeTargetMissing", do=["change=gone=efx/MonitorLib/Ping"], probes=PING,
          labels={"probe": "unpublished-ping"}, about="a function is no longer published"),
    probe("request-wrong", "EpicorProbeMisconfigured", do=["fault=odata4_400 " + ORDERS], about="our request is wrong"),
    probe("function-throws", "EpicorServerErrors", do=["fault=http_500 path=MonitorLib"], probes=PING,
          labels={"probe": "function-throws-ping"}, about="a function throws"),
    probe("query-limit", "EpicorProbeTimeouts", do=["fault=query_timeout " + ORDERS], labels={"reason": "query_timeout"},
          about="the query runs into its limit"),
    probe("our-limit", "EpicorProbeTimeouts", do=["fault=slow path=zExporterPartOnHand"], server="max_in_flight = 50\n",
          probes="[probe NAME-parts]\nkind = baq\nbaq = zExporterPartOnHand\ntimeout = 1s\n",
          labels={"probe": "our-limit-parts", "reason": "timeout"}, about="the answer comes later than we wait"),
    probe("cut-answer", "EpicorInvalidResponses", do=["fault=broken_json_200 " + ORDERS], about="the answer is cut"),
    probe("too-large", "EpicorInvalidResponses", do=["change=rows=zExporterOpenOrders=100"], flags=["--rows=zExporterOpenOrders=5"],
          usual=False, probes="[probe NAME-rows]\nkind = baq\nbaq = zExporterOpenOrders\nmax_response = 8KiB\n"
                             "[probe NAME-companies]\nkind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies\n",
          labels={"probe": "too-large-rows", "reason": "too_large"}, about="an answer above max_response"),
    probe("function-says-no", "EpicorExpectationFailed", do=["change=function-fails=MonitorLib/Ping"], probes=PING,
          labels={"probe": "function-says-no-ping"}, about="a function answers 200 and reports failure"),
    probe("too-many-rows", "EpicorRowsOutOfBounds", do=["change=rows=zExporterOpenOrders=500"], usual=False,
          probes="[probe NAME-rows]\nkind = baq\nbaq = zExporterOpenOrders\nrows = count\nrows_max = 400\n"
                 "[probe NAME-companies]\nkind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies\n",
          labels={"probe": "too-many-rows-rows"}, about="more rows than rows_max"),
    probe("unusual-rows", "EpicorRowsUnusual", do=["change=rows=zExporterOpenOrders=300"], flags=["--rows=zExporterOpenOrders=60"],
          usual=False, probes="[probe NAME-rows]\nkind = baq\nbaq = zExporterOpenOrders\nrows = count\nrows_deviation = 50%\n",
          labels={"probe": "unusual-rows-rows"}, about="five times the rows of three weeks (backfilled)"),
    probe("session-gone", "EpicorProbeFailing", do=["fault=http_410 " + ORDERS], labels={"reason": "conflict_or_gone"},
          about="any other reason: 410"),
    probe("paging-cut", "EpicorRowsTruncated", "info", do=["change=rows=zExporterPartOnHand=400"],
          flags=["--rows=zExporterPartOnHand=150"],
          probes="[probe NAME-parts]\nkind = baq\nbaq = zExporterPartOnHand\nrows = all\npage_size = 100\nfetch_limit = 300\n"
                 "orderby = Part_PartNum\n",
          labels={"probe": "paging-cut-parts"}, about="more rows than fetch_limit"),
    probe("column-gone", "EpicorSchemaChanged", "info", do=["change=column-gone=zExporterOpenOrders=OrderHed_OrderNum"], passes=True,
          about="a column of a BAQ is gone"),
    probe("slow", "EpicorProbeSlow", do=["change=delay=zExporterOrdersByPlant=2500"], extra=8,
          probes="[probe NAME-plants]\nkind = baq\nbaq = zExporterOrdersByPlant\nparam.CurrentPlant = MfgSys\nlatency_limit = 2s\ntimeout = 6s\ninterval = 4s\n",
          labels={"probe": "slow-plants"}, about="slower than latency_limit"),
    probe("burn-fast", "EpicorErrorBudgetBurnFast", "critical", do=["fault=http_500 path=zExporterOrdersByPlant times=1"], often=1.0,
          probes=OFTEN, labels={"probe": "burn-fast-often"}, extra=10, linger=30, about="every fourth run fails, never two in a row"),
    probe("burn-slow", "EpicorErrorBudgetBurnSlow", do=["fault=http_500 path=zExporterOrdersByPlant times=1"], often=11.5,
          probes=OFTEN, labels={"probe": "burn-slow-often"}, extra=80, linger=45, about="every 46th run fails"),
    # what Epicor tells of itself
    server("tasks-wait", "EpicorTaskAgentStuck", "warning", do=["change=tasks-waiting=3"], flags=QUIET, probes=HEALTH,
           about="no task agent takes the tasks"),
    server("schedules-late", "EpicorSchedulesOverdue", "warning", do=["change=schedules-overdue=2"], flags=QUIET, probes=TASKS,
           about="schedules are overdue"),
    server("tasks-fail", "EpicorTasksFailing", "warning", do=["change=tasks-failed=4"], flags=QUIET, probes=TASKS, about="tasks end in error"),
    server("no-reports", "EpicorReportServerDown", "warning", do=["change=fail=Ice.BO.HealthCheckSvc/ReportServerAlive=500"],
           flags=QUIET, probes=HEALTH, about="the report server is down"),
    server("database-slow", "EpicorDatabaseSlow", "warning", do=["change=database-latency=900"],
           server="database_latency_limit = 200ms\n", flags=QUIET, probes=HEALTH, about="the database is slow"),
    server("sessions-left", "EpicorSessionsOrphaned", "info", do=["change=sessions-expired=25"], from_start=True, extra=10,
           flags=["--sessions-expired=0"],
           probes="[probe NAME-sessions]\nkind = sessions\n", about="25 expired sessions stay (backfilled)"),
    server("too-tight", "EpicorScheduleTooTight", "warning", do=["change=delay=/api/=1400"], server="max_in_flight = 1\n", extra=10, linger=15,
           about="requests take 1.4 s, two probes want one place each 2 s"),
]


class SeatsGrow(Fault):
    """It has grown for weeks when the rehearsal begins (history.py); it is over when seats are bought."""

    def begin(self, stage):
        pass

    def end(self, stage):
        stage.simulators[self.name].command("begin change=seats=Default=200")


FAULTS.append(SeatsGrow("seats-growing", "EpicorLicenseSeatsRunningOut", "appserver", "warning", from_start=True, extra=10,
                        flags=["--seats=Default=100", "--others=Default=84", "--seats=WebService=20"], probes=SEATS,
                        about="peaks grow by 20 a fortnight (backfilled)"))


class ConfigurationBroken(Fault):
    def begin(self, stage):
        self.good = open(stage.path("agent.ini")).read()
        stage.write("agent.ini", self.good + "[probe broken]\nkind = nothing\n")
        stage.agent.signal(signal.SIGHUP)

    def end(self, stage):
        stage.write("agent.ini", self.good)
        stage.agent.signal(signal.SIGHUP)


def interval_set(stage, seconds):
    text = open(stage.path("agent.ini")).read()
    stage.write("agent.ini", re.sub(r"^interval = \S+", "interval = %ds" % seconds, text, count=1, flags=re.M))
    stage.agent.signal(signal.SIGHUP)


class AgentHangs(Fault):
    """The thread that runs the probes stands still; the one that answers scrapes goes on."""

    def begin(self, stage):
        interval_set(stage, 1)  # all targets are stale within half of Alertmanager's group_wait
        time.sleep(6)
        self.thread = stage.agent.thread("agent")
        self.trace(PTRACE_SEIZE)
        self.trace(PTRACE_INTERRUPT)
        os.waitpid(self.thread, WALL)

    def end(self, stage):
        self.trace(PTRACE_DETACH)

    def trace(self, request):
        if libc.ptrace(request, self.thread, None, None) != 0:
            raise Failure("a thread of the agent cannot be halted (%s): who rehearses has to be root, or to have CAP_SYS_PTRACE"
                          % os.strerror(ctypes.get_errno()))


class AgentStarved(Fault):
    """It gets the processor for moments only: shorter than a scrape may take, so that it is late and not gone."""

    def begin(self, stage):
        interval_set(stage, 10)  # a run that is half an interval late would be left out, and not counted as late
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.starve, args=(stage.agent,), daemon=True)
        self.thread.start()

    def starve(self, agent):
        while not self.over.is_set() and agent.process.poll() is None:
            agent.signal(signal.SIGSTOP)
            self.over.wait(1.5)
            agent.signal(signal.SIGCONT)
            self.over.wait(0.7)

    def end(self, stage):
        self.over.set()
        self.thread.join()


class AgentGone(Fault):
    def begin(self, stage):
        stage.agent.signal(signal.SIGKILL)
        stage.agent.process.wait()

    def end(self, stage):
        stage.agent = stage.agent_start("agent", stage.path("agent.ini"))


# One after the other, when all the others are over.
OF_THE_AGENT = [
    ConfigurationBroken("agent-config", "EpicorExporterConfigReloadFailed", "agent", "warning", hold=8,
                        about="a reload with faults: the old configuration stays"),
    AgentHangs("agent-hangs", "EpicorProbeStale", "agent", "warning", hold=0, extra=6,
               about="the agent's thread stands still, scrapes go on"),
    AgentStarved("agent-starved", "EpicorExporterOverloaded", "agent", "warning", hold=15, extra=8,
                 about="the agent gets too little of the processor"),
    AgentGone("agent-gone", "EpicorExporterDown", "agent", "critical", hold=8, about="the agent was killed"),
]
