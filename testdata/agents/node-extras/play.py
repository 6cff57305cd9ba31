#!/usr/bin/env python3
"""Records what Node.js's zero-code agent sends for GraphQL and a websocket on a bare http server, and writes
node-extras-{traces,metrics}.bin and -expected.json into the folder above.

  npm ci --ignore-scripts && python3 play.py

What is sent is fixed: three named GraphQL operations, one without a name, one that does not parse, one websocket with two
messages, one path that is not there."""

import base64
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

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "examples/shop"))
from record import Recorder  # noqa: E402

PORT = 17411
QUERIES = [
    {"query": 'query Greeting { greeting(name: "Ada") }', "operationName": "Greeting"},
    {"query": 'mutation Greet { greet(name: "Bo") }', "operationName": "Greet"},
    {"query": "query Broken { broken }"},
    {"query": '{ greeting(name: "Cy") }'},
    {"query": "{ greeting("},
]
# The agent reports no span for an upgrade to a websocket.
EXPECTED = {
    "lobby": {"POST (no route)": len(QUERIES), "GET (no route)": 1, "websocket /ws": 0},
    "graphql": {"query Greeting": 1, "mutation Greet": 1, "query Broken": 1, "query": 1, "does not parse": 1},
}


def environment(recorder):
    return {
        **os.environ,
        "LOBBY_PORT": str(PORT),
        "OTEL_SERVICE_NAME": "lobby",
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=hotel,host.name=hotel-host",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{recorder.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_NODE_RESOURCE_DETECTORS": "env,process,serviceinstance",
    }


def wait_for(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)


def ask(method, path, body=None):
    data = body and json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data, {"content-type": "application/json"}, method=method)
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        error.read()


def talk():
    """A websocket with two masked text frames, closed after a second (RFC 6455; the answers are not needed)."""
    with socket.create_connection(("127.0.0.1", PORT)) as room:
        key = base64.b64encode(b"vedette-recorder").decode()
        room.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in room.recv(4096)
        for word in (b"one", b"two"):
            room.sendall(bytes([0x81, 0x80 | len(word), 0, 0, 0, 0]) + word)
            room.recv(64)
        time.sleep(1)


def main():
    recorder = Recorder()
    command = ["node", "--require", "@opentelemetry/auto-instrumentations-node/register", "lobby.js"]
    lobby = subprocess.Popen(command, cwd=HERE, env=environment(recorder))
    wait_for(PORT)
    for query in QUERIES:
        ask("POST", "/graphql", query)
    ask("GET", "/nowhere/5")
    talk()
    lobby.send_signal(signal.SIGTERM)
    lobby.wait(30)
    recorder.close()
    sizes = recorder.save(HERE.parent, "node-extras-")
    (HERE.parent / "node-extras-logs.bin").unlink()  # nothing there logs
    (HERE.parent / "node-extras-expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")
    print(sizes)


if __name__ == "__main__":
    main()
