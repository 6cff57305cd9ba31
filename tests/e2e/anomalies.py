"""Detection end to end: the shop has a history, then something in one of its services breaks; the anomaly opens, names what is at fault, is
told by a web hook, and is over when the fault is. The history is real: two minutes of the shop's own traffic, sent again as two days of it.

A statement becomes slow; VEDETTE_E2E_FAULTS=statement,errors,processor names others, which then come one after the other."""

import gzip
import http.client
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from daily import Traffic
from notices import Receiver, ask
from server import KEY, Server, until
from shop import ROOT, Shop

CHECKS = []
APPLICATION, TRANSACTION = "shop", "GET /product/:id"
# Two days, in which detection sees a season.
HOURS = int(os.environ.get("VEDETTE_E2E_HISTORY_HOURS", "48"))
SHOP_PYTHON = ROOT / "target" / "shop" / "venv" / "bin" / "python"
RECORDED_SECONDS = 120
# Bodies of agents are put together up to this size: the same spans in a fraction of the requests.
BODY_BYTES = 512 * 1024
RATE = "2"
# Longer than the usual 40 ms by far, and shorter than what any of the shop's callers gives up after.
SLOW_MS = 600
FAULTS = os.environ.get("VEDETTE_E2E_FAULTS", "statement").split(",")
# After the first minute that is slow a minute of waiting for what is late, and what a loaded machine adds.
OPENS_WITHIN = 180 + 60
CLOSES_WITHIN = 900


def check(function):
    CHECKS.append(function)
    return function


class Recorder:
    """Stands between the agents and Vedette: passes on what they report, and keeps traces and logs while it is asked to."""

    def __init__(self, port, folder):
        self.folder, self.is_recording, self.kept, self.open = folder, False, 0, {}
        folder.mkdir(parents=True)
        lock = threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.whole()
                recorder.keep(lock, self.path, self.headers, body)
                behind = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                wanted = ("content-type", "content-encoding", "x-api-key", "user-agent")
                behind.request("POST", self.path, body, {name: value for name, value in self.headers.items() if name.lower() in wanted})
                answer = behind.getresponse()
                said = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Retry-After"):
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
                behind.close()

            def whole(self):
                """The body, also of a client that says its length piece by piece."""
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers["Content-Length"]))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, lock, path, headers, body):
        kind = path.rsplit("/", 1)[-1]
        if not self.is_recording or kind not in ("traces", "logs"):
            return
        assert headers["Content-Type"] == "application/x-protobuf", headers["Content-Type"]
        if headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        # Messages of Protocol Buffers one after the other are one message with the lists of both.
        with lock:
            file = self.open.get(kind)
            if file is None or file.stat().st_size + len(body) > BODY_BYTES:
                file = self.open[kind] = self.folder / f"{self.kept:06}.{kind}.pb"
                self.kept += 1
            with open(file, "ab") as recorded:
                recorded.write(body)


class Behind:
    """Where the shop's agents report to, as it wants to be told."""

    def __init__(self, url, ca):
        self.url, self.ca = url, ca


class SlowStatement:
    """Reading an ordinary product takes longer, as after an index is lost."""

    measure, evidence = "RESPONSE_TIME", {"OWN_TIME", "BETWEEN"}

    def __init__(self, shop):
        self.catalogue = Catalogue(shop)

    def begin(self):
        self.catalogue.run(f"UPDATE products SET delay_ms = {SLOW_MS} WHERE id < 13")

    def end(self):
        self.catalogue.run("UPDATE products SET delay_ms = 0 WHERE id < 13")

    def shows(self, anomaly):
        return anomaly["observed"] > anomaly["expected"] + SLOW_MS / 2


class ErrorPath:
    """What the catalogue asks for is called otherwise, as after a migration that was meant for its next version."""

    measure, evidence = "ERROR_SHARE", {"OWN_ERRORS", "FAILED_CALLS", "DEEPEST_ERROR", "EXCEPTION"}

    def __init__(self, shop):
        self.catalogue = Catalogue(shop)

    def begin(self):
        self.catalogue.run("ALTER TABLE products RENAME COLUMN price_cents TO price")

    def end(self):
        self.catalogue.run("ALTER TABLE products RENAME COLUMN price TO price_cents")

    def shows(self, anomaly):
        return anomaly["observed"] > 50


class Starved:
    """The catalogue gets the processor a tenth of the time only, as beside a neighbour that takes the rest or below a limit."""

    measure, evidence = "RESPONSE_TIME", {"OWN_TIME", "BETWEEN", "RESOURCE"}
    ON, OFF = 0.02, 0.18

    def __init__(self, shop):
        self.pid = json.loads(shop.ready.read_text())["pids"]["catalog"]
        self.over, self.thread = threading.Event(), None

    def begin(self):
        self.thread = threading.Thread(target=self.starve, daemon=True)
        self.thread.start()

    def starve(self):
        try:
            while not self.over.is_set():
                os.kill(self.pid, signal.SIGSTOP)
                self.over.wait(self.OFF)
                os.kill(self.pid, signal.SIGCONT)
                self.over.wait(self.ON)
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def end(self):
        self.over.set()
        if self.thread:
            self.thread.join()

    def shows(self, anomaly):
        return anomaly["observed"] > 1.5 * anomaly["expected"]


KINDS = {"statement": SlowStatement, "errors": ErrorPath, "processor": Starved}


class Catalogue:
    """The database that the shop's service `catalog` reads products from."""

    def __init__(self, shop):
        self.port = json.loads(shop.ready.read_text())["ports"]["mariadb"]

    def run(self, statement):
        code = (f"import pymysql; to = pymysql.connect(host='127.0.0.1', port={self.port}, user='shop', password='shop', database='shop', autocommit=True); "
                f"to.cursor().execute({statement!r})")
        subprocess.run([SHOP_PYTHON, "-c", code], check=True, timeout=60)


@check
def a_statement_that_becomes_slow_is_an_anomaly_with_its_cause_until_it_is_fast_again(world):
    work = world.work / "anomalies"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    receiver = Receiver()
    server = Server(world.options.vedette, work, VEDETTE_NOTICE_ALLOW="127.0.0.1,::1")
    shop = traffic = recorder = None
    try:
        server.start()
        recorder = Recorder(server.ports["http"], work / "recorded")
        shop = Shop(Behind(recorder.url, server.ca), work)
        shop.wait()
        traffic = Traffic(shop, RATE)
        traffic.send("steady")
        application = until("the shop's transaction", 120, lambda: transaction(server) and of_name(server))
        watch(server, application, False)
        record(recorder)
        back_fill(world, server, recorder)
        watch(server, application, True)
        is_learnt(server, application)
        tell_by_hook(server, application, receiver)
        for name in FAULTS:
            found_and_over(server, application, KINDS[name](shop), receiver)
    finally:
        receiver.server.shutdown()
        if traffic:
            traffic.stop()
        if shop:
            shop.stop()
        if recorder:
            recorder.server.shutdown()
        if server.process and server.process.poll() is None:
            server.stop()


def of_name(server):
    found = server.get("/api/v1/applications")["items"]
    return next((one["id"] for one in found if one["name"] == APPLICATION), None)


def transaction(server):
    application = of_name(server)
    rows = server.get(f"/api/v1/applications/{application}/business-transactions", limit=1000)["items"] if application else []
    return next((row["id"] for row in rows if row["name"] == TRANSACTION), None)


def watch(server, application, enabled):
    path = f"/api/v1/applications/{application}/anomaly-settings"
    ask(server, "PUT", path, {**server.get(path), "enabled": enabled})


def record(recorder):
    """Two minutes of what the shop does, from its being warm on."""
    recorder.is_recording = True
    end = time.monotonic() + RECORDED_SECONDS
    until("it is recorded", RECORDED_SECONDS + 60, lambda: time.monotonic() > end and recorder.kept > 0)
    recorder.is_recording = False


def back_fill(world, server, recorder):
    command = [world.options.loadgen, "replay", "--recorded", recorder.folder, "--hours", str(HOURS), "--every-s", str(RECORDED_SECONDS),
               "--vary", "0.3", "--endpoint", f"http://127.0.0.1:{server.ports['http']}", "--api-key", KEY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    print("        history: " + done.stdout.strip().splitlines()[-1], flush=True)
    # The oldest minutes are counted first: the last ones before the recording say that all are.
    until("the history is counted", 600, lambda: is_counted(server))


def is_counted(server):
    now = int(time.time() * 1000)
    series = server.get(f"/api/v1/business-transactions/{transaction(server)}/series", **{"from": now - 900_000, "to": now - 240_000})
    return all(point["calls"] > 0 for point in series["points"]) and len(series["points"]) >= 9


def model(server, application):
    now = int(time.time() * 1000)
    return server.get(f"/api/v1/applications/{application}/anomaly-model", **{
        "entity_kind": "BUSINESS_TRANSACTION", "entity": transaction(server), "measure": "RESPONSE_TIME", "from": now - 1_800_000, "to": now})


def anomalies(server, application):
    return server.get("/api/v1/anomalies", application=application, limit=1000)["items"]


def is_open(server, application):
    """The transaction's anomaly, while there is one."""
    return next((one for one in anomalies(server, application)
                 if one["entity"]["name"] == TRANSACTION and one["entity_kind"] == "BUSINESS_TRANSACTION" and one["status"] == "OPEN"), None)


def is_learnt(server, application):
    """All of its past, which takes a few steps."""
    until("it is learnt", 600, lambda: model(server, application)["readings"] >= HOURS * 55)


def found_and_over(server, application, fault, receiver):
    until("nothing is wrong with it", 900, lambda: not is_open(server, application))
    told_before = len(receiver.got)
    fault.begin()
    began = time.time()
    try:
        opened = until("the anomaly opens", OPENS_WITHIN, lambda: is_open(server, application))
        print(f"        opened after {time.time() - began:.0f} s: {opened['summary']}", flush=True)
        told = until("the web hook", 60, lambda: [got for _, _, got in receiver.got[told_before:] if any("product" in str(entry) for entry in got["entries"])])
        assert opened["measure"] == fault.measure and fault.shows(opened), opened
        assert abs(opened["onset_at"] / 1000 - began) <= 120, (opened["onset_at"], began)
        assert told[0]["link"].startswith(server.url + f"/applications/{application}/anomalies/{opened['id']}?"), told[0]["link"]
        blamed(until("its cause", 120, lambda: named(server, opened["id"])), fault.evidence)
    finally:
        fault.end()
    ended = time.time()
    until("the anomaly closes", CLOSES_WITHIN, lambda: is_closed(server, application, ended))
    print(f"        closed {time.time() - ended:.0f} s after its end", flush=True)
    until("the web hook is told of its end", 120, lambda: [got for _, _, got in receiver.got[told_before:] if is_of_end(got)])
    print(f"        the web hook was told {len(receiver.got) - told_before} times", flush=True)


def is_of_end(told):
    return any(str(entry["event_type"]).startswith("ANOMALY_CLOSE") and "product" in str(entry) for entry in told["entries"])


def is_closed(server, application, ended, told=[0]):
    """Says each minute how the one that is open stands."""
    still = is_open(server, application)
    minute = int(time.time() - ended) // 60
    if still and minute != told[0]:
        told[0] = minute
        at = model(server, application)
        states = [(point["state"], point["value"] and round(point["value"]), round(point["rarity"], 1)) for point in at["points"][-4:]]
        print(f"        {minute} min after its end: {still['level']}, {still['worst']} at worst; the last minutes of {at['measure']}: {states}", flush=True)
    return not still


def named(server, anomaly):
    detail = server.get(f"/api/v1/anomalies/{anomaly}")
    return detail if detail["anomaly"]["verdict"] == "CAUSE" else None


def blamed(detail, kinds):
    """The catalogue, its process or the database that only it asks for products, and by what that shows."""
    suspect = detail["suspects"][0]
    evidence = [(one["kind"], one["text"]) for one in suspect["evidence"]]
    print(f"        blamed: {suspect['entity_kind']} {suspect['entity']['name']}, {suspect['confidence']:.2f}: {evidence[:3]}", flush=True)
    at_fault = (suspect["entity"]["name"] == "catalog" or (suspect["tier"] or {}).get("name") == "catalog"
                or (suspect["entity_kind"] == "BACKEND" and "shop" in suspect["entity"]["name"]))
    assert at_fault, [(one["entity"], one["confidence"]) for one in detail["suspects"]]
    assert kinds & {kind for kind, _ in evidence}, evidence
    assert detail["path"][-1]["entity"]["name"] == TRANSACTION, detail["path"]


def tell_by_hook(server, application, receiver):
    action = {"name": "hook", "application": None, "secrets": {}, "doing": {
        "kind": "http", "preset": "webhook", "method": "POST", "url": f"http://localhost:{receiver.port}/hook",
        "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "X-Token", "value": "none"}], "body": "{{ notice|tojson }}"}}
    hook = json.loads(ask(server, "POST", "/api/v1/actions", action))["id"]
    ask(server, "POST", "/api/v1/policies", {
        "name": "anomalies", "application": application, "enabled": True, "rules": [], "entities": [], "actions": [hook], "custom_events": [],
        "event_types": ["ANOMALY_OPEN_WARNING", "ANOMALY_OPEN_CRITICAL", "ANOMALY_UPGRADED", "ANOMALY_CLOSE_WARNING", "ANOMALY_CLOSE_CRITICAL"],
        "gather_seconds": 0, "every_hours": None})
