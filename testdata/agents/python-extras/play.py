#!/usr/bin/env python3
"""Records what Python's zero-code agent sends for Celery over redis, a FastAPI websocket, GraphQL and a script without a
request, and writes python-extras-{traces,metrics,logs}.bin and -expected.json into the folder above.

  python3 -m venv V && V/bin/pip install --no-deps -r requirements.lock && V/bin/python play.py

Needs redis-server (Debian's redis-server package). What is sent is fixed, see `play` and EXPECTED."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from websockets.sync.client import connect

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "examples/shop"))
from record import Recorder  # noqa: E402

REDIS_PORT, DESK_PORT = 17401, 17402
DESK = f"http://127.0.0.1:{DESK_PORT}"
EXPECTED = {
    "desk": {"GET /order/{number}": 5, "GET /lost/{number}": 1, "POST /graphql": 3, "websocket /ws/{room}": 1, "GET (no route)": 1},
    "worker": {"letters.send": {"calls": 5, "errors": 0}, "letters.lose": {"calls": 1, "errors": 1}},
    "cron": {"roots": ["redis GET", "HTTP GET", "HTTP GET"]},
}


def environment(service, recorder):
    return {
        **{name: value for name, value in os.environ.items() if not name.endswith("CA_BUNDLE")},
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=post,host.name=post-host",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{recorder.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
        "DESK_PORT": str(DESK_PORT),
        "DESK_URL": DESK,
    }


def start(service, recorder, *command):
    programs = pathlib.Path(sys.executable).parent
    words = [sys.executable, programs / "opentelemetry-instrument", *command]
    return subprocess.Popen([str(word) for word in words], cwd=HERE, env=environment(service, recorder))


def wait_for(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)


def ask(path, body=None):
    request = urllib.request.Request(DESK + path, body and json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        error.read()


def play(recorder):
    for number in (1, 2, 3):
        ask(f"/order/{number}")
    ask("/lost/4")
    ask("/graphql", {"query": "query Greet { greeting(name: \"Ada\") }", "operationName": "Greet"})
    ask("/graphql", {"query": "{ greeting(name: \"Bo\") }"})
    ask("/graphql", {"query": "query Broken { broken }"})
    ask("/nowhere/5")
    with connect(f"ws://127.0.0.1:{DESK_PORT}/ws/42") as room:
        for word in ("one", "two", "three"):
            room.send(word)
            room.recv()
    start("cron", recorder, sys.executable, "cron.py").wait()


def main():
    recorder = Recorder()
    redis = subprocess.Popen(["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL)
    wait_for(REDIS_PORT)
    programs = pathlib.Path(sys.executable).parent
    worker = start("worker", recorder, programs / "celery", "-A", "letters", "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip")
    desk = start("desk", recorder, sys.executable, "desk.py")
    wait_for(DESK_PORT)
    play(recorder)
    time.sleep(8)  # more than the agents' export interval: the worker has done its letters by then
    for process in (desk, worker, redis):
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    recorder.close()
    sizes = recorder.save(HERE.parent, "python-extras-")
    (HERE.parent / "python-extras-expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")
    print(sizes)


if __name__ == "__main__":
    main()
