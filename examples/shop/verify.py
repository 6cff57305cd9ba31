#!/usr/bin/env python3
"""Runs the shop against a recorder, sends it exactly N requests, stops it, and compares the spans that arrived with
what the driver says it caused: entry spans of every tier by method, route and outcome, and calls on every edge.
This checks the shop and its driver, so that whoever watches the shop can rely on the driver's figures.

  verify.py --requests 40 --seed 7 [--save DIR --prefix shop-] [--tls]

Exit code 1 with the differences when they are not the same."""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from record import Recorder
from run import SHOP, WORK

READY_WITHIN_SECONDS = 900
QUIET_SECONDS = 3.0  # fast export sends spans every half second
OF_THIS_MACHINE = ("host.id", "container.id", "os.version")
KINDS = {2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--port-base", type=int, default=17200)
    parser.add_argument("--save", type=pathlib.Path, help="keep what was recorded in this folder")
    parser.add_argument("--prefix", default="shop-")
    parser.add_argument("--tls", action="store_true", help="report over HTTPS with a certificate made for this run (needs openssl)")
    parser.add_argument("--flush", action="store_true", help="agents export every 5 s as is their default, so that the last spans come at the stop")
    parser.add_argument("--attribute", action="append", default=[], metavar="KEY=VALUE", help="a further resource attribute")
    return parser.parse_args()


def main():
    options = parse()
    run_with_libraries()
    with tempfile.TemporaryDirectory() as folder:
        recorder, report = record(options, pathlib.Path(folder))
    if options.save:
        make_neutral(recorder)
        sizes = recorder.save(options.save, options.prefix)
        (options.save / f"{options.prefix}expected.json").write_text(json.dumps(report, indent=1) + "\n")
        print(f"saved {sizes}")
    differences = compare(report, recorder.bodies["traces"])
    print("\n".join(differences) or f"{report['requests']} requests: every entry and every edge is as expected")
    return 1 if differences or report["unexpected"] else 0


def run_with_libraries():
    """Goes on under the shop's own Python, which can read OTLP, setting it up first if need be."""
    python = WORK / "venv/bin/python"
    if pathlib.Path(sys.prefix).resolve() != (WORK / "venv").resolve():
        subprocess.run([sys.executable, SHOP / "run.py", "--prepare-only"], check=True)
        os.execv(python, [str(python), *sys.argv])


def record(options, folder):
    """What arrived at a recorder, flush at the end included, and the driver's report."""
    secure = make_certificate(folder) if options.tls else {}
    recorder = Recorder(**secure)
    ready = folder / "ready.json"
    command = [
        sys.executable, SHOP / "run.py", "--endpoint", f"{recorder.scheme}://127.0.0.1:{recorder.port}", "--api-key", "recorded",
        "--traffic", "none", "--port-base", str(options.port_base), "--ready-file", ready, "--data-dir", folder / "data",
    ]  # fmt: skip
    if not options.flush:
        command.append("--fast-export")
    if options.tls:
        command += ["--ca", secure["certificate"]]
    for attribute in options.attribute:
        command += ["--attribute", attribute]
    shop = subprocess.Popen(command)
    try:
        wait_until_ready(shop, ready)
        driven = subprocess.run(
            [sys.executable, SHOP / "driver.py", "--port", str(options.port_base), "--requests", str(options.requests),
             "--seed", str(options.seed), "--concurrency", str(options.concurrency)],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        settle(recorder, 1.0 if options.flush else QUIET_SECONDS)
    finally:
        before = len(recorder.bodies["traces"])
        shop.terminate()
        code = shop.wait()
    recorder.close()
    print(f"{len(recorder.bodies['traces']) - before} of {len(recorder.bodies['traces'])} batches of spans came at the stop")
    if code != 0:
        raise SystemExit(f"the shop ended with {code}")
    keys = {headers.get("x-api-key") for headers in recorder.headers.values()}
    if keys != {"recorded"}:
        raise SystemExit(f"agents sent other keys than they were given: {keys}")
    return recorder, json.loads(driven.stdout)


def make_certificate(folder):
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=recorder", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return {"certificate": certificate, "key": key}


def wait_until_ready(shop, ready):
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while not ready.exists():
        if shop.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the shop did not open")
        time.sleep(0.1)


def settle(recorder, quiet):
    """Waits until no spans have come for `quiet` seconds, so that work behind the queues is done when the shop stops."""
    spans, since = -1, time.monotonic()
    while time.monotonic() - since < quiet:
        if len(recorder.bodies["traces"]) != spans:
            spans, since = len(recorder.bodies["traces"]), time.monotonic()
        time.sleep(0.1)


def make_neutral(recorder):
    """Takes what is particular to this machine out of what is kept: same length, so that nothing else in the bodies changes."""
    values = set()
    for resource in resources(recorder.bodies["traces"]):
        values |= {pair.value.string_value.encode() for pair in resource.attributes if pair.key in OF_THIS_MACHINE}
    for signal_name, bodies in recorder.bodies.items():
        for value in values:
            bodies = [body.replace(value, b"0" * (len(value) - 1) + b"1") for body in bodies]
        recorder.bodies[signal_name] = bodies


def resources(bodies):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    return [each.resource for body in bodies for each in ExportTraceServiceRequest.FromString(body).resource_spans]


class Span:
    """A span with what the comparison needs."""

    def __init__(self, tier, scope, span):
        self.tier, self.scope, self.name = tier, scope, span.name
        self.kind = KINDS.get(span.kind, "INTERNAL")
        self.trace, self.id, self.parent = span.trace_id, span.span_id, span.parent_span_id
        self.failed = span.status.code == 2
        self.attributes = {pair.key: plain(pair.value) for pair in span.attributes}

    def get(self, *names):
        return next((self.attributes[name] for name in names if name in self.attributes), None)


def plain(value):
    which = value.WhichOneof("value")
    return getattr(value, which) if which else None


def decode(bodies):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = []
    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {pair.key: plain(pair.value) for pair in resource.resource.attributes}
            for scope in resource.scope_spans:
                spans.extend(Span(attributes["service.name"], scope.scope.name, span) for span in scope.spans)
    return spans


def compare(report, bodies):
    """The differences between what the driver says and what the agents reported, as lines."""
    spans = decode(bodies)
    by_id = {(span.trace, span.id): span for span in spans}
    differences = []
    if len(by_id) != len(spans):
        differences.append(f"{len(spans) - len(by_id)} spans came twice")
    expected = {(row["tier"], row["method"], row["route"]): (row["calls"], row["errors"]) for row in report["entries"]}
    differences += differing("entry", expected, count_entries(spans, by_id))
    expected = {(row["from"], row["to"]): (row["calls"], row["failed"]) for row in report["edges"]}
    return differences + differing("edge", expected, count_edges(spans, by_id))


def differing(what, expected, seen):
    return [
        f"{what} {' '.join(key)}: expected {expected.get(key, (0, 0))}, reported {tuple(seen.get(key, (0, 0)))} (calls, failed)"
        for key in sorted({*expected, *seen})
        if tuple(expected.get(key, (0, 0))) != tuple(seen.get(key, (0, 0)))
    ]


def parent_here(span, by_id):
    """The span's parent in the same tier."""
    parent = by_id.get((span.trace, span.parent))
    return parent if parent and parent.tier == span.tier else None


def count_entries(spans, by_id):
    counts = collections.defaultdict(lambda: [0, 0])
    for span in spans:
        if span.kind in ("SERVER", "CONSUMER") and parent_here(span, by_id) is None:
            count = counts[entry_key(span)]
            count[0] += 1
            count[1] += span.failed
    return counts


def entry_key(span):
    if span.kind == "CONSUMER":
        return span.tier, "process", {"fulfilment": "orders", "notify": "parcels"}[span.tier]
    return span.tier, span.get("http.request.method", "http.method"), span.get("http.route") or ""


def count_edges(spans, by_id):
    counts = collections.defaultdict(lambda: [0, 0])
    called = {(span.trace, span.parent): span.tier for span in spans if span.kind == "SERVER"}
    for span in spans:
        edge = edge_of(span, by_id, called)
        if edge:
            counts[edge][0] += 1
            counts[edge][1] += span.failed
    return counts


def edge_of(span, by_id, called):
    outer = parent_here(span, by_id)
    if span.kind == "CONSUMER":
        return f"queue:{({'fulfilment': 'orders', 'notify': 'events'})[span.tier]}", span.tier
    if span.kind not in ("CLIENT", "PRODUCER") or (outer and outer.kind == span.kind):
        return None
    if span.kind == "PRODUCER":
        return span.tier, f"queue:{({'fulfilment': 'events', 'order': 'orders'})[span.tier]}"
    system = span.get("db.system.name", "db.system")
    if system:
        return span.tier, {"mysql": "mariadb"}.get(system, system)
    return span.tier, called.get((span.trace, span.id), "bank" if span.tier == "payment" else f"unknown:{span.name}")


if __name__ == "__main__":
    sys.exit(main())
