"""Hands scrapes on with another Accept header, so that one Prometheus asks one exporter for every format:
accept_proxy.py HOST:PORT. It prints its own port; the first part of the path says which format."""
import http.client
import http.server
import sys

ACCEPT = {
    "text": "text/plain;version=0.0.4",
    # As Prometheus 2.42 asks.
    "openmetrics": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
}


class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, kind, path = self.path.split("/", 2)
        exporter = http.client.HTTPConnection(sys.argv[1], timeout=10)
        exporter.request("GET", "/" + path, headers={"Accept": ACCEPT[kind]})
        answer = exporter.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print("listening on", server.server_port, flush=True)
server.serve_forever()
