"""The REST API asked by programs that others wrote: schemathesis, by the OpenAPI document, and a client of the reference."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import made_up
from server import PASSWORD, Server, until

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / "target" / "e2e"
DOCUMENT = ROOT / "openapi" / "controller.json"
# Cases of each operation; all of them come to about two minutes.
EXAMPLES = 15
SEED = 7
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def tools():
    """The Python of an environment with requirements.lock in it, made once for each state of that file."""
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
    # Signing in with made-up passwords makes who does it wait; so that comes last, alone.
    signing_in = "post_session"
    try:
        for which in (["--exclude-operation-id", signing_in], ["--include-operation-id", signing_in]):
            done = subprocess.run(command + which, cwd=server.data_dir.parent, env=environment, capture_output=True, text=True,
                                  timeout=400, check=False)
            assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    finally:
        server.stop()


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
