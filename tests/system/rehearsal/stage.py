"""The programs of the rehearsal: a simulator for each app server, the agent, Prometheus, Alertmanager, and who receives
what Alertmanager sends. All on ports that the system picks; all ended with the stage."""
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request

SECRETS = {"KINETIC_USERNAME": "epicor-monitor", "KINETIC_PASSWORD": "demo-password", "KINETIC_API_KEY": "demo-api-key",
           "KINETIC_API_KEY_EPIC07": "key-07", "KINETIC_CLIENT_ID": "demo-client", "KINETIC_CLIENT_SECRET": "demo-client-secret"}


class Failure(Exception):
    """What could not be set up; the rehearsal cannot go on."""


def await_(what, found, seconds=60):
    """The first true answer of found(), asked again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.1)
    raise Failure("waited %d s in vain: %s" % (seconds, what))


class Program:
    def __init__(self, folder, name, command, **more):
        self.log = os.path.join(folder, name + ".log")
        self.name = name
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT,
                                            **{"stdin": subprocess.DEVNULL, **more})

    def text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def said(self, pattern):
        """The first group of the pattern in its output, once it is there."""
        def look():
            if self.process.poll() is not None:
                raise Failure("%s has ended: %s" % (self.name, self.text()[-2000:]))
            found = re.search(pattern, self.text(), re.M)
            return found and found[1]
        return await_("%s says %s" % (self.name, pattern), look)

    def thread(self, name):
        """The number of the thread of this name."""
        for number in os.listdir("/proc/%d/task" % self.process.pid):
            if open("/proc/%d/task/%s/comm" % (self.process.pid, number)).read().strip() == name:
                return int(number)
        raise Failure("%s has no thread %s" % (self.name, name))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()

    def ended(self):
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Simulator(Program):
    """An app server that takes faults and changes by command."""

    def __init__(self, folder, build, name, flags):
        super().__init__(folder, "simulator-" + name,
                         [build + "/kinetic_simulator", "--listen-address=127.0.0.1:0", "--latency=5-20", "--commands"] + flags,
                         stdin=subprocess.PIPE)
        self.answered = 0

    def url(self):
        return self.said(r"^listening on (\S+)")

    def command(self, words):
        self.process.stdin.write((words + "\n").encode())
        self.process.stdin.flush()
        self.answered += 1
        answers = await_("%s answers: %s" % (self.name, words), lambda: self.answers(self.answered), 20)
        if not answers[-1].startswith("done"):
            raise Failure("%s: %s" % (self.name, answers[-1]))

    def answers(self, count):
        found = re.findall(r"^(?:done|refused): .*$", self.text(), re.M)
        return found[:count] if len(found) >= count else None


class Notification:
    """One message of Alertmanager: a group of alerts that fire, or that have all been resolved."""

    def __init__(self, at, receiver, body):
        self.at = at
        self.receiver = receiver
        self.status = body["status"]
        self.alert = body["groupLabels"].get("alertname", "")
        self.appserver = body["groupLabels"].get("appserver", "")
        self.alerts = [alert for alert in body["alerts"] if alert["status"] == body["status"]]

    def __str__(self):
        return "%s %s of %s to %s, %d alerts: %s" % (self.status, self.alert, self.appserver or "the agent", self.receiver,
                                                     len(self.alerts), [a["labels"] for a in self.alerts])


class Webhook:
    def __init__(self):
        self.lock = threading.Lock()
        self.messages = []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with webhook.lock:
                    webhook.messages.append(Notification(time.time(), self.path.lstrip("/"), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port

    def received(self):
        with self.lock:
            return list(self.messages)


def listening_port(process):
    """Of a program that does not say which port it got."""
    def look():
        inodes = set()
        for descriptor in os.listdir("/proc/%d/fd" % process):
            try:
                found = re.match(r"socket:\[(\d+)\]", os.readlink("/proc/%d/fd/%s" % (process, descriptor)))
            except OSError:
                continue
            if found:
                inodes.add(found[1])
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in open(table).read().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    return int(fields[1].rsplit(":", 1)[1], 16)
        return None
    return await_("process %d listens" % process, look)


class Stage:
    def __init__(self, folder, build, tools):
        self.folder, self.build, self.tools = folder, build, tools
        self.programs = []
        self.simulators = {}
        self.webhook = Webhook()
        self.prometheus_url = None
        self.addresses = {}  # of agents

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        return self.path(name)

    def start(self, program):
        self.programs.append(program)
        return program

    def simulator_start(self, name, flags):
        self.simulators[name] = self.start(Simulator(self.folder, self.build, name, flags))

    def agent_start(self, name, configuration):
        """At the address that it had before, if it had one."""
        agent = self.start(Program(self.folder, name, [
            self.build + "/epicor_exporter", "--config.file=" + configuration,
            "--web.listen-address=" + self.addresses.get(name, "127.0.0.1:0")], env={**os.environ, **SECRETS}))
        self.addresses[name] = agent.said(r"msg=serving .*address=(\S+)")
        return agent

    def alertmanager_start(self, config):
        program = self.start(Program(self.folder, "alertmanager", [
            self.tools + "/prometheus-alertmanager", "--config.file=" + self.write("alertmanager.yml", config),
            "--storage.path=" + self.path("alertmanager"), "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="],
            cwd=os.path.join(self.tools, "../share/prometheus/alertmanager")))
        return "127.0.0.1:%d" % listening_port(program.process.pid)

    def blocks_make(self, openmetrics):
        """History before the start, as blocks of Prometheus."""
        subprocess.run([self.tools + "/promtool", "tsdb", "create-blocks-from", "--max-block-duration=4096h", "openmetrics",
                        self.write("history.om", openmetrics), self.path("data")],
                       check=True, stdout=subprocess.DEVNULL)

    def prometheus_start(self, rules, alertmanager):
        self.write("prometheus.yml", {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [self.write("rules.yml", rules)],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
            "scrape_configs": [{"job_name": "epicor", "static_configs": [
                {"targets": [address], "labels": {"instance": name + ":10606"}} for name, address in self.addresses.items()]}]})
        program = self.start(Program(self.folder, "prometheus", [
            self.tools + "/prometheus", "--config.file=" + self.path("prometheus.yml"),
            "--storage.tsdb.path=" + self.path("data"), "--storage.tsdb.retention.time=100d",
            "--rules.alert.resend-delay=1s", "--web.listen-address=127.0.0.1:0"]))
        self.prometheus_url = "http://127.0.0.1:%d" % listening_port(program.process.pid)
        await_("Prometheus is ready", self.prometheus_ready)

    def prometheus_ready(self):
        try:
            return urllib.request.urlopen(self.prometheus_url + "/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def query(self, expression):
        """The series of an instant query: labels and value."""
        url = self.prometheus_url + "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        answer = json.load(urllib.request.urlopen(url, timeout=30))
        return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]

    def stop(self):
        for program in reversed(self.programs):
            program.stop()
        return {program.name: program.ended() for program in self.programs}
