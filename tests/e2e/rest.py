"""The REST API asked by programs that others wrote: schemathesis, by the OpenAPI document, and a client of the reference."""

import base64
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import jaeger
import made_up
from server import PASSWORD, Server, until

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / "target" / "e2e"
MAKING_TOOLS = threading.Lock()
DOCUMENT = ROOT / "openapi" / "controller.json"
# Cases of each operation; all of them come to about two minutes.
EXAMPLES = 15
SEED = 7
# Operations that a password is given to, which schemathesis can only guess, and those that may lock out who asks.
GUESSING = ["post_session", "put_profile_password", "put_users_password", "put_one_of_users", "delete_one_of_users"]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def tools():
    """The Python of an environment with requirements.lock in it, made once for each state of that file."""
    with MAKING_TOOLS:
        lock = HERE / "requirements.lock"
        venv, mark = TOOLS / "venv", TOOLS / "venv-of"
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest() + sys.version
        python = venv / "bin" / "python"
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
            # The shop's environment has a pip wherever the demonstration runs.
            prepared = ROOT / "target" / "shop" / "venv" / "bin" / "python"
            pip = prepared if prepared.exists() else sys.executable
            subprocess.run([pip, "-m", "pip", "--python", python, "install", "-q", "--disable-pip-version-check", "--no-deps", "-r", lock],
                           check=True, timeout=600)
            mark.write_text(wanted)
        return python


def reporting_server(world, name):
    """A server of its own, to which the application made by hand has reported."""
    work = world.work / name
    work.mkdir()
    server = Server(world.options.vedette, work)
    server.start()
    made_up.report(server)
    until("all of it is counted", 60, lambda: counted(server))
    return server


def counted(server):
    applications = server.get("/api/v1/applications")["items"]
    found = next((one for one in applications if one["name"] == made_up.APPLICATION), None)
    return found and found["figures"]["calls"] == made_up.TRACES


@check
def schemathesis_finds_nothing_by_the_openapi_document(world):
    python, server = tools(), reporting_server(world, "schemathesis")
    environment = dict(os.environ, NO_COLOR="1")
    # Without config file of the working directory, and reports where they are thrown away.
    command = [python, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run", DOCUMENT, "--url", server.url,
               "--tls-verify", server.ca, "--auth", f"admin:{PASSWORD}", "--seed", str(SEED),
               "--max-examples", str(EXAMPLES), "--continue-on-failure", "--warnings", "off"]
    # Made-up passwords make who tries them wait; so that comes last, alone.
    first = [part for operation in GUESSING for part in ("--exclude-operation-id", operation)]
    last = [part for operation in GUESSING for part in ("--include-operation-id", operation)]
    try:
        for which in (first, last):
            done = subprocess.run(command + which, cwd=server.data_dir.parent, env=environment, capture_output=True, text=True,
                                  timeout=900, check=False)
            assert done.returncode == 0, found_by(done.stdout) + done.stdout[-12000:] + done.stderr[-2000:]
    finally:
        server.stop()


def found_by(report):
    """Each operation that something was found of, with what was found: bodies that were sent may be very long."""
    titles = re.compile(r"^_+ (.+?) _+$|^- (.+)$|^(\[[45]\d\d\].*)$|^ {4}`(.{1,300})", re.MULTILINE)
    return "\n".join(" ".join(filter(None, found.groups())) for found in titles.finditer(report)) + "\n"


@check
def a_client_written_for_the_reference_reads_all_that_there_is(world):
    python, server = tools(), reporting_server(world, "reference")
    try:
        # The client takes the CA to trust from there only.
        environment = dict(os.environ, REQUESTS_CA_BUNDLE=str(server.ca))
        done = subprocess.run([python, HERE / "controller_client.py", server.url, PASSWORD, made_up.APPLICATION], env=environment,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    finally:
        server.stop()


@check
def jaegers_api_tells_the_traces_that_were_reported(world):
    server = reporting_server(world, "jaeger")

    def ask(path, **parameters):
        answer = server.get(f"/jaeger/api/{path}", **parameters)
        assert answer["errors"] is None, answer["errors"]
        return answer["data"]

    def told():
        assert ask("services") == ["mail", "stock", "web"]
        assert ask("services/stock/operations") == ["GET /items", "SELECT"]
        found = ask("traces", service="stock", operation="SELECT", minDuration="8ms", maxDuration="8ms", limit=100)
        assert {trace["traceID"] for trace in found} == {made_up.trace_id(number + 1) for number in range(made_up.TRACES)}
        assert {len(trace["spans"]) for trace in found} == {6}, "whole traces"
        failed = ask("traces", service="web", tags='{"error":"true"}', limit=100)
        assert len(failed) == made_up.TRACES // 5, len(failed)
        ada = ask("traces", service="web", tag="user.id:user-1", limit=100)
        assert len(ada) == len([number for number in range(1, made_up.TRACES + 1) if number % 3 == 1]), len(ada)
        calls = {(link["parent"], link["child"]): link["callCount"] for link in ask("dependencies")}
        assert calls[("web", "stock")] == made_up.TRACES, calls
        jaeger.jaegers_front_end(server)
        jaeger.grafanas_data_source(server)

    try:
        told()
        # From segments now, not from memory.
        server.stop()
        server.start()
        told()
    finally:
        server.stop()


@check
def a_token_lasts_across_a_restart_and_ends_with_its_client(world):
    work = world.work / "tokens"
    work.mkdir()
    server = Server(world.options.vedette, work)
    server.start()
    try:
        made = json.loads(asked(server, "POST", "/api/v1/api-clients", json.dumps({"name": "ci"}), basic()))
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": made["client_id"],
                                       "client_secret": made["secret"]})
        told = json.loads(asked(server, "POST", "/controller/api/oauth/access_token", form))
        bearer = {"Authorization": f"Bearer {told['access_token']}"}
        asked(server, "GET", "/api/v1/applications", None, bearer)
        server.stop()
        server.start()
        asked(server, "GET", "/prometheus/api/v1/labels", None, bearer)
        asked(server, "DELETE", f"/api/v1/api-clients/{made['id']}", None, basic())
        try:
            asked(server, "GET", "/api/v1/applications", None, bearer)
        except urllib.error.HTTPError as error:
            assert error.code == 401 and "invalid_token" in error.headers["WWW-Authenticate"], error.headers
        else:
            raise AssertionError("the token of a client that is gone was taken")
    finally:
        server.stop()


def basic():
    return {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}


def asked(server, method, path, body, headers=None):
    kind = "application/json" if body and body.startswith("{") else "application/x-www-form-urlencoded"
    request = urllib.request.Request(server.url + path, method=method, data=body and body.encode(),
                                     headers={"Content-Type": kind, **(headers or {})})
    context = ssl.create_default_context(cafile=str(server.ca))
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:
        return answer.read()
