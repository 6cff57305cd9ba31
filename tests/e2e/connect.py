"""Connecting an agent: the page's own commands, run on what is another machine to the server, and what the page says of
attempts that went wrong.

The agents come from the pinned set that examples/shop prepared, so the commands' step "Install the agent" is not run;
that the set holds what the step names is checked. With VEDETTE_E2E_INSTALL=1 the step is run too, before the machine
is cut off: it takes the versions that it names from the package registries.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from netns import Namespace, NoNamespace
from server import KEY, Server, free_port, until
from shop import ROOT

PREPARED = ROOT / "target" / "shop"
SKIP = "VEDETTE_E2E_SKIP_NETNS"
INSTALL_STEP = "Install the agent"
REQUESTS = 3

PYTHON_APP = """\
import os
from flask import Flask

app = Flask(__name__)


@app.route("/hello/<name>")
def hello(name):
    return f"hello {name}"


app.run(port=int(os.environ["APP_PORT"]))
"""
NODE_APP = """\
require('http').createServer((request, response) => response.end(`hello from ${request.url}`)).listen(process.env.APP_PORT, '127.0.0.1')
"""


class OpenServer(Server):
    """Reachable from another machine, under an address that its certificate names."""

    def __init__(self, binary, work, address):
        super().__init__(binary, work)
        self.address = address
        self.url = f"https://{address}:{self.ports['https']}"

    def command(self):
        command = super().command()
        command[command.index("--https-listen") + 1] = f"0.0.0.0:{self.ports['https']}"
        return [*command, "--tls-name", self.address]


def the_pages_commands_connect_python_and_nodejs_from_another_machine(world):
    try:
        with Namespace() as machine:
            work = world.work / "connect"
            work.mkdir()
            server = OpenServer(world.options.vedette, work, machine.here)
            server.start()
            try:
                for way in (Python, NodeJs):
                    way(server, machine, work).check()
            finally:
                server.stop()
    except NoNamespace as error:
        if os.environ.get(SKIP) != "1":
            raise AssertionError(f"{error}. Run as root, or set {SKIP}=1 to go without this check.") from error
        sys.stderr.write(f"SKIPPED, NOT CHECKED: the page's commands from another machine ({error}; {SKIP}=1)\n")


class Connected:
    """A program under an agent, connected by the page's commands for its language."""

    id = app_file = app = None

    def __init__(self, server, machine, work):
        self.server, self.machine = server, machine
        self.folder = work / self.id
        self.folder.mkdir()
        self.port = free_port()
        self.tier = f"hello-{self.id}"
        self.steps = self.shown_steps()
        (self.folder / self.app_file).write_text(self.app)

    def shown_steps(self):
        about = self.server.get("/api/v1/connect")
        self.fingerprint = about["ca_fingerprint_sha256"]
        target = {"url": about["otlp_http_url"], "accessKey": about["access_key"], "caFingerprint": self.fingerprint,
                  "application": "a shop", "environment": "e2e", "tier": self.tier}
        assert target["url"] == self.server.url, f"the page shows {target['url']}, the server is at {self.server.url}"
        done = subprocess.run(["node", "scripts/snippets.mjs", json.dumps(target)], cwd=ROOT / "web",
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["ways"][self.id]

    def check(self):
        self.install()
        with open(self.folder / "log", "w") as log:
            program = subprocess.Popen(self.machine.command("sh", "-eu", "-c", self.script()), cwd=self.folder,
                                       env=self.environment(), stdout=log, stderr=log, start_new_session=True)
        try:
            self.drive(program)
            until(f"{self.tier} is listed", 60, self.is_listed)
            printed = (self.folder / "log").read_text()
            assert self.fingerprint in printed, f"the fingerprint that the page shows was not printed:\n{printed}"
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tier} printed:\n{(self.folder / 'log').read_text()[-3000:]}") from error
        finally:
            # Node.js's agent takes SIGTERM for itself, and its program would live on.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait(timeout=20)

    def script(self):
        """All steps but the installation, as one would type them."""
        shell = [step for step in self.steps if step["language"] == "shell" and step["title"] != INSTALL_STEP]
        assert len(shell) >= 3, shell
        return "\n".join(step["code"] for step in shell)

    def environment(self):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("OTEL_") and name not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS")}
        return {**kept, "APP_PORT": str(self.port)}

    def install_code(self):
        return next(step["code"] for step in self.steps if step["title"] == INSTALL_STEP)

    def drive(self, program):
        def asked():
            assert program.poll() is None, f"the program ended with {program.returncode}"
            done = subprocess.run(self.machine.command("curl", "-sf", f"http://127.0.0.1:{self.port}/hello/world"),
                                  capture_output=True, check=False)
            return done.returncode == 0
        until(f"{self.tier} answers", 60, asked)
        for _ in range(REQUESTS - 1):
            assert asked()

    def is_listed(self):
        """The application and the tier, by the names typed on the page, with every call counted."""
        now = int(time.time() * 1000)
        window = {"from": now - 10 * 60_000, "to": now + 5 * 60_000}
        applications = self.server.get("/api/v1/applications", **window)["items"]
        application = next((item["id"] for item in applications if item["name"] == "a shop-e2e"), None)
        if application is None:
            raise OSError(f"no application `a shop-e2e` in {[item['name'] for item in applications]}")
        tiers = self.server.get(f"/api/v1/applications/{application}/tiers", **window)["items"]
        if self.tier not in [tier["name"] for tier in tiers]:
            raise OSError(f"no tier {self.tier} in {[tier['name'] for tier in tiers]}")
        traces = self.server.get("/api/v1/snapshots", application=application, kept="false", limit=200, **window)["items"]
        seen = len([row for row in traces if row["tier"]["name"] == self.tier])
        if seen < REQUESTS:
            raise OSError(f"{seen} of {REQUESTS} calls of {self.tier}")
        assert seen == REQUESTS, f"{seen} calls of {self.tier} instead of {REQUESTS}"
        return True


class Python(Connected):
    id, app_file, app = "python", "app.py", PYTHON_APP

    def install(self):
        if os.environ.get("VEDETTE_E2E_INSTALL") == "1":
            self.bin = self.folder / "venv" / "bin"
            subprocess.run([sys.executable, "-m", "venv", self.folder / "venv"], check=True)
            subprocess.run([self.bin / "pip", "install", "-q", "flask"], check=True)
            subprocess.run(["sh", "-eu", "-c", self.install_code()], check=True, cwd=self.folder, env=self.environment())
            return
        self.bin = PREPARED / "venv" / "bin"
        named = {word for word in self.install_code().splitlines()[0].split() if word.startswith("opentelemetry-")}
        done = subprocess.run([self.bin / "pip", "freeze"], capture_output=True, text=True, check=True)
        missing = named - set(done.stdout.split())
        assert named and not missing, f"the shop's libraries lack {missing}"

    def environment(self):
        environment = super().environment()
        return {**environment, "PATH": f"{self.bin}:{environment['PATH']}", "PYTHONUNBUFFERED": "1"}


class NodeJs(Connected):
    id, app_file, app = "nodejs", "app.js", NODE_APP

    def install(self):
        if os.environ.get("VEDETTE_E2E_INSTALL") == "1":
            subprocess.run(["sh", "-eu", "-c", self.install_code()], check=True, cwd=self.folder, env=self.environment())
            return
        modules = PREPARED / "node" / "node_modules"
        named = [word.rsplit("@", 1) for word in self.install_code().split() if word.startswith("@opentelemetry/")]
        missing = [(name, version) for name, version in named if self.version(modules / name) != version]
        assert named and not missing, f"the shop's libraries lack {missing}"
        (self.folder / "node_modules").symlink_to(modules)

    @staticmethod
    def version(package):
        path = package / "package.json"
        return json.loads(path.read_text())["version"] if path.exists() else None


def wrong_attempts_are_shown_with_their_remedy(world):
    """Each mistake people make, made with curl; the page must name it and say what to do."""
    server, work = world.server, world.work / "attempts"
    work.mkdir()
    (work / "big").write_bytes(b"\0" * (17 << 20))
    (work / "old.json").write_text(json.dumps(span_of_another_century()))
    key, trust, protobuf = ["-H", f"x-api-key: {KEY}"], ["--cacert", server.ca], ["-H", "content-type: application/x-protobuf"]
    nothing = ["--data-binary", ""]
    curl(server, "/v1/traces", *trust, *protobuf, *nothing, "-H", "x-api-key: somebody else's", status=401)
    curl(server, "/v1/traces", *trust, *protobuf, *nothing, status=401)
    curl(server, "/v1/trace", *trust, *key, *protobuf, *nothing, status=404)
    # Over HTTP/2, Debian 12's curl (7.88) forgets an answer that comes before it has sent everything; over HTTP/1.1 it asks
    # first (Expect: 100-continue), so that the answer cannot cross the body on its way.
    curl(server, "/v1/traces", *trust, *key, *protobuf, "--data-binary", f"@{work / 'big'}", "--http1.1", status=413)
    curl(server, "/v1/traces", *trust, *key, "-H", "content-type: application/json", "--data-binary", f"@{work / 'old.json'}", status=200)
    curl(server, "/v1/traces", *key, *protobuf, *nothing, status=None)
    wanted = {
        "unknown_key": ("refused", "/v1/traces", "vedette access-key list"),
        "no_key": ("refused", "/v1/traces", "OTEL_EXPORTER_OTLP_HEADERS"),
        "wrong_path": ("refused", "/v1/trace", "/v1/traces"),
        "too_big": ("refused", "/v1/traces", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        "clock_off": ("refused", "/v1/traces", "clock"),
        "not_trusted": ("failed", "", "OTEL_EXPORTER_OTLP_CERTIFICATE"),
    }

    def all_listed():
        lines = differences(server, wanted)
        if lines:
            raise OSError("\n".join(lines))
        return True

    until("every mistake is listed", 10, all_listed)
    shutil.rmtree(work)


def differences(server, wanted):
    items = server.get("/api/v1/connect/attempts")["items"]
    lines = []
    for cause, (result, path, remedy) in wanted.items():
        found = [item for item in items if item["code"].split(" ")[-1] == cause and item["path"] == path]
        if not found:
            lines.append(f"no {cause} of {path!r} in {[(item['code'], item['path']) for item in items]}")
        elif found[0]["result"] != result or remedy not in found[0]["remedy"] or not found[0]["message"]:
            lines.append(f"{cause}: {found[0]}")
    return lines


def curl(server, path, *options, status):
    """`status` None: the connection must fail for want of trust."""
    done = subprocess.run(["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-X", "POST", *map(str, options), server.url + path],
                          capture_output=True, text=True, timeout=30, check=False)
    if status is None:
        assert done.returncode == 60, f"curl trusted the server or failed otherwise: {done.returncode}"
    else:
        assert done.stdout == str(status), f"{path} with {options}: {done.stdout} instead of {status}"


def span_of_another_century():
    span = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET /", "kind": 2,
            "startTimeUnixNano": "1000000000000000000", "endTimeUnixNano": "1000000000100000000"}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "late-riser"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}


CHECKS = [the_pages_commands_connect_python_and_nodejs_from_another_machine, wrong_attempts_are_shown_with_their_remedy]
