"""The bank: somebody else's HTTP service, not instrumented. The card's number decides what it answers
(see `CARDS` in traffic.py): slow after `SLOW_SECONDS`, declined, 503, or approved."""

import http.server
import json
import os
import time

SLOW_SECONDS = 0.9


class Bank(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        card = json.loads(self.rfile.read(int(self.headers["content-length"])))["card"]
        if card.endswith("0009"):
            time.sleep(SLOW_SECONDS)
        if card.endswith("0005"):
            self.answer(503, {"error": "closed for maintenance"})
        else:
            self.answer(200, {"approved": not card.endswith("0002")})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format, *args):
        """Nobody reads the bank's access log."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SHOP_PORT"])), Bank).serve_forever()
