"""A Vedette process of the test's own: its ports, data directory, REST."""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PASSWORD = "an end-to-end password"
KEY = "an-end-to-end-access-key"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, seconds, attempt):
    """Repeats an attempt until it gives something true; raises with what it gave last."""
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = attempt()
            if last:
                return last
        except (OSError, urllib.error.HTTPError, json.JSONDecodeError) as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s; last: {last}")
        time.sleep(0.1)


class Server:
    def __init__(self, binary, work, **more):
        self.binary = str(binary)
        self.data_dir = Path(work) / "data"
        self.ports = {name: free_port() for name in ("https", "grpc", "http")}
        self.url = f"https://localhost:{self.ports['https']}"
        # VEDETTE_E2E_… and others steer checks; the server refuses settings it does not know.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        # What is stored is what a check reports, unless it asks for Vedette's own.
        self.environment = dict(inherited, VEDETTE_ADMIN_PASSWORD=PASSWORD, VEDETTE_ACCESS_KEY=KEY, **{"VEDETTE_SELF_MONITORING": "false", **more})
        self.log = Path(work) / "vedette.log"
        self.process = None

    @property
    def ca(self):
        return self.data_dir / "tls" / "ca.pem"

    def command(self):
        return [self.binary, "serve", "--data-dir", str(self.data_dir),
                "--https-listen", f"127.0.0.1:{self.ports['https']}",
                "--otlp-grpc-listen", f"127.0.0.1:{self.ports['grpc']}",
                "--otlp-http-listen", f"127.0.0.1:{self.ports['http']}", "--public-url", self.url]

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment, stdout=log, stderr=log)
        until("Vedette answers", 30, self.is_up)

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Vedette ended with {self.process.returncode}:\n{self.tail()}")
        return self.ca.exists() and self.get("/api/v1/about")

    def proc(self, name):
        return Path(f"/proc/{self.process.pid}") / name

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; returns how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        assert code == 0, f"Vedette ended with {code} on SIGTERM:\n{self.tail()}"
        return time.monotonic() - began

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def read(self, path, stranger=False):
        request = urllib.request.Request(self.url + path)
        if not stranger:
            token = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.read()

    def get(self, path, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return json.loads(self.read(path + query))
