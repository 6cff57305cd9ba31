"""End to end: a real Vedette, the shop under real agents, a real browser, real kills.

Checks that mostly wait for minutes to pass, each with a Vedette and a shop of its own, begin first and run beside the others.
Prints one line a check and closes with `N passed, N failed`; exit code 1 when one failed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anomalies
import connect
import daily
import expected
import faults
import load
import notices
import prometheus
import rest
from server import KEY, PASSWORD, Server, free_port, until
from shop import ROOT, Shop

REQUESTS = 120
CHECKS = []
# At the same time as all of these.
BESIDE = []
# Only where --only asks for them: what else happens on the machine is seen by them too.
ASKED = []


def check(function):
    CHECKS.append(function)
    return function


def window():
    """Wide enough to hold the traffic to the end of every check."""
    now = int(time.time() * 1000)
    return {"from": now - 30 * 60_000, "to": now + 5 * 60_000}


class World:
    """What the checks share."""

    def __init__(self, options, work):
        self.options = options
        self.work = Path(work)
        self.server = Server(options.vedette, self.work)
        self.shop = None
        self.plan = None
        self.window = window()

    def application(self, name="shop"):
        items = self.server.get("/api/v1/applications", **self.window)["items"]
        return next((item["id"] for item in items if item["name"] == name), None)

    def shown(self):
        application = self.application()
        if application is None:
            return ["there is no application shop yet"]
        flow_map = self.server.get(f"/api/v1/applications/{application}/flow-map", **self.window)
        transactions = expected.shown_transactions(self.server, application, self.window)
        return (expected.differences("BT", expected.wanted_transactions(self.plan), transactions)
                + expected.differences("edge", expected.wanted_edges(self.plan), expected.shown_edges(flow_map)))


@check
def a_new_server_comes_up(world):
    began = time.monotonic()
    world.server.start()
    took = time.monotonic() - began
    # No measurement, only that it does not hang: docs/performance.md has how long a start takes.
    assert took < 10, f"{took:.1f} s"


@check
def a_second_process_on_the_data_directory_refuses(world):
    command = world.server.command()
    for name in world.server.ports.values():
        command = [part.replace(str(name), str(free_port())) if part.startswith("127.0.0.1:") else part for part in command]
    done = subprocess.run(command, env=world.server.environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and str(world.server.process.pid) in done.stderr, done.stderr


@check
def plain_http_on_the_https_port_gets_a_sentence(world):
    done = subprocess.run(["curl", "-s", "-i", f"http://127.0.0.1:{world.server.ports['https']}/"],
                          capture_output=True, text=True, timeout=10, check=False)
    assert "400" in done.stdout and "https://" in done.stdout, done.stdout


@check
def a_stranger_gets_nothing_but_the_sign_in_page_and_the_ca(world):
    for path in ("/ca.pem", "/api/v1/about", "/healthz", "/readyz", "/"):
        world.server.read(path, stranger=True)
    for path in ("/api/v1/applications", "/controller/rest/applications", "/api/v1/access-keys"):
        try:
            world.server.read(path, stranger=True)
        except urllib.error.HTTPError as error:
            assert error.code == 401, f"{path}: {error.code}"
        else:
            raise AssertionError(f"{path} was answered")


@check
def real_agents_report_exactly_what_was_sent(world):
    world.shop = Shop(world.server, world.work)
    world.shop.wait()
    world.plan = world.shop.drive(REQUESTS, seed=11)
    world.window = window()
    until("every call and every edge is shown", 100, lambda: exact(world))


def exact(world):
    """Raises what `until` tries again after, with the differences as its last word."""
    lines = world.shown()
    if lines:
        raise OSError("\n".join(lines))
    return True


@check
def the_figures_stay_the_same_on_refresh_and_across_a_restart(world):
    assert world.shown() == [], world.shown()
    took = world.server.stop()
    assert took < 10, f"stopping took {took:.1f} s"
    world.server.start()
    until("the figures after a restart", 20, lambda: exact(world))


@check
def the_references_api_says_the_same(world):
    wanted = {name: calls for name, (calls, _) in expected.wanted_transactions(world.plan).items()}

    def shown():
        rows = world.server.get("/controller/rest/applications/shop/metric-data", **{
            "metric-path": "Business Transaction Performance|Business Transactions|web|*|Calls per Minute",
            "time-range-type": "BETWEEN_TIMES", "start-time": world.window["from"], "end-time": int(time.time() * 1000),
            "rollup": "true", "output": "JSON"})
        return {row["metricPath"].split("|")[3]: row["metricValues"][0]["sum"] for row in rows if row["metricValues"]}

    # There, a minute is shown once it is over.
    until(f"{wanted}", 100, lambda: shown() == wanted)


@check
def a_trace_is_whole_with_its_spans_in_order(world):
    application = world.application()
    page = world.server.get("/api/v1/snapshots", application=application, kept="false", limit=200, **world.window)
    checkout = next(row for row in page["items"] if row["bt"] and row["bt"]["name"] == "POST /checkout" and row["spans"] > 10)
    trace = world.server.get(f"/api/v1/traces/{checkout['trace_id']}")
    tiers = {span["tier"]["name"] for span in trace["spans"]}
    assert {"web", "order", "payment"} <= tiers, tiers
    ids = {span["span_id"] for span in trace["spans"]}
    assert len(ids) == len(trace["spans"]), "each span once"
    assert all(span["start_us"] >= 0 and span["duration_us"] >= 0 for span in trace["spans"])


@check
def the_pages_work_in_a_real_browser(world):
    # Other checks run beside it.
    environment = dict(os.environ, VEDETTE_URL=world.server.url, VEDETTE_USER="admin", VEDETTE_PASSWORD=PASSWORD, VEDETTE_PATIENCE="3")
    done = subprocess.run(["npx", "--no-install", "playwright", "test", "e2e/pages.spec.ts"], cwd=ROOT / "web",
                          env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


for connecting in connect.CHECKS:
    check(connecting)

for fault in faults.CHECKS:
    check(fault)


@check
def prometheus_writes_every_sample_it_scrapes(world):
    prometheus.run(world)


for asked in rest.CHECKS:
    check(asked)


for told in notices.CHECKS:
    check(told)

BESIDE.extend(daily.CHECKS)
ASKED.extend(anomalies.CHECKS)


@check
def a_backup_of_the_running_server_restores_to_the_same_figures(world):
    copy, restored = world.work / "copy", Server(world.options.vedette, world.work / "restored")
    for command in (["backup", str(copy), "--data-dir", str(world.server.data_dir)],
                    ["restore", str(copy), "--data-dir", str(restored.data_dir)]):
        (world.work / "restored").mkdir(exist_ok=True)
        done = subprocess.run([world.options.vedette, *command], env=world.server.environment, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    restored.start()
    original, world.server = world.server, restored
    try:
        until("the restored figures", 20, lambda: exact(world))
    finally:
        world.server = original
        restored.stop()


for long in load.CHECKS:
    check(long)


def named(function):
    return function.__name__.replace("_", " ")


def passes(function, world):
    """Whether the check does, said in a line."""
    began = time.monotonic()
    try:
        function(world)
        print(f"ok      {named(function)} ({time.monotonic() - began:.1f} s)", flush=True)
        return True
    except Exception:  # a check may fail in any way; the others go on
        print(f"FAILED  {named(function)}\n{traceback.format_exc()}", flush=True)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vedette", required=True, type=Path)
    parser.add_argument("--loadgen", required=True, type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--full-load", action="store_true", help="kill under as much load as is taken, not a little")
    parser.add_argument("--only", help="run checks whose name holds this")
    parser.add_argument("--keep", action="store_true", help="keep the working directory")
    options = parser.parse_args()
    # These steer tests of pages alone; a server, ours or loadgen's, refuses settings that it does not know.
    for name in ("VEDETTE_PATIENCE", "VEDETTE_RETRIES"):
        os.environ.pop(name, None)
    options.vedette, options.loadgen = options.vedette.resolve(), options.loadgen.resolve()
    work = tempfile.mkdtemp(prefix="vedette-e2e-")
    world = World(options, work)

    def asked(functions):
        return [function for function in functions if not options.only or options.only in named(function)]

    with ThreadPoolExecutor() as pool:
        longer = [pool.submit(passes, function, world) for function in asked(BESIDE)]
        further = asked(ASKED) if options.only else []
        outcomes = [passes(function, world) for function in [CHECKS[0], *asked(CHECKS[1:]), *further]]
        outcomes += [one.result() for one in longer]
    passed, failed = outcomes.count(True), outcomes.count(False)
    if failed:
        print("--- vedette's log\n" + world.server.tail())
    if world.shop:
        world.shop.stop()
    if world.server.process and world.server.process.poll() is None:
        world.server.stop()
    if not options.keep and not failed:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
