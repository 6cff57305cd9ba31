#!/usr/bin/env python3
"""A tiny OTLP/HTTP receiver that keeps each posted body as it came (inflated), in order of arrival, for fixtures and
for checking what agents send. It answers every body with success and judges nothing.

  record.py --port 4318 --out DIR [--prefix shop-] [--certificate c.pem --key k.pem]

On SIGTERM or Ctrl-C it writes DIR/<prefix>{traces,metrics,logs}.bin: for each body its length (u32, little endian)
and the body (a protobuf ExportTraceServiceRequest, ExportMetricsServiceRequest or ExportLogsServiceRequest)."""

import argparse
import gzip
import http.server
import pathlib
import signal
import ssl
import struct
import sys
import threading
import time

SIGNALS = ("traces", "metrics", "logs")


class Recorder:
    """The receiver and what it has got. `bodies[signal]` is a list of bytes, `headers[signal]` the last headers."""

    def __init__(self, port=0, certificate=None, key=None):
        self.bodies = {signal_name: [] for signal_name in SIGNALS}
        self.headers = {}
        self.last_arrival = time.monotonic()
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, path, body, headers):
        """Keeps a body; False if the path is none of OTLP's."""
        signal_name = path.rsplit("/", 1)[-1]
        if path != f"/v1/{signal_name}" or signal_name not in SIGNALS:
            return False
        with self.lock:
            self.bodies[signal_name].append(body)
            self.headers[signal_name] = dict(headers)
            self.last_arrival = time.monotonic()
        return True

    def save(self, folder, prefix=""):
        """Writes the three files; returns their sizes in bytes by name."""
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {}
        with self.lock:
            for signal_name, bodies in self.bodies.items():
                path = folder / f"{prefix}{signal_name}.bin"
                path.write_bytes(b"".join(struct.pack("<I", len(body)) + body for body in bodies))
                sizes[path.name] = path.stat().st_size
        return sizes

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _handler(recorder):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.read_body()
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                known = recorder.add(self.path, body, self.headers)
                self.send_response(200 if known else 404)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def read_body(self):
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                chunks = []
                while length := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(length))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def log_message(self, format, *args):
                """Nobody reads an access log here."""

        return Handler


def read_frames(path):
    """The bodies of a file that `save` wrote."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4318)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--certificate", type=pathlib.Path)
    parser.add_argument("--key", type=pathlib.Path)
    options = parser.parse_args()
    recorder = Recorder(options.port, options.certificate, options.key)
    print(f"receiving on {recorder.scheme}://127.0.0.1:{recorder.port}", file=sys.stderr, flush=True)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()
    recorder.close()
    for name, size in recorder.save(options.out, options.prefix).items():
        print(f"{name}: {size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
