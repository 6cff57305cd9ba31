"""Runs Vedette with the demo shop reporting to it over HTTPS, until Ctrl-C.

Prints where to look, how long each step takes, and fails loudly when a service of the shop reports no span.
"""

import argparse
import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {"web", "catalog", "cart", "order", "payment", "fulfilment", "notify"}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Api:
    """Vedette's REST, with its own CA trusted."""

    def __init__(self, url, password, ca):
        self.url = url
        self.context = ssl.create_default_context(cafile=str(ca))
        token = base64.b64encode(f"admin:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=10, context=self.context) as answer:
            return json.load(answer)


def wait_until(what, seconds, ready, alive):
    """Waits for a condition; says what was waited for when it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive():
            sys.exit(f"demo: {what}: the process ended")
        if ready():
            return
        time.sleep(0.2)
    sys.exit(f"demo: {what}: not within {seconds} s")


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def stop(process):
    """Asks a process to end, and waits until it has."""
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()


def calls(api, since):
    """How many calls each tier of the shop has shown since then."""
    window = f"from={since}&to={int(time.time() * 1000) + 60_000}"
    counted = {}
    for application in api.get(f"/api/v1/applications?{window}")["items"]:
        if application["name"].startswith("shop"):
            found = api.get(f"/api/v1/applications/{application['id']}/tiers?{window}")["items"]
            counted.update({tier["name"]: tier["figures"]["calls"] for tier in found if tier["figures"]})
    return counted


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vedette", required=True)
    parser.add_argument("--port", type=int, default=9443)
    parser.add_argument("--data-dir", default=str(ROOT / "target" / "demo"))
    parser.add_argument("--password", default=os.environ.get("VEDETTE_ADMIN_PASSWORD", "demo-password"))
    parser.add_argument("--seconds", type=float, help="stop by itself")
    options = parser.parse_args()
    key = os.environ.get("VEDETTE_ACCESS_KEY", "demo-access-key")
    began = time.monotonic()

    def said(text):
        print(f"demo: {time.monotonic() - began:6.1f} s  {text}", flush=True)

    url = f"https://localhost:{options.port}"
    environment = dict(os.environ, VEDETTE_ADMIN_PASSWORD=options.password, VEDETTE_ACCESS_KEY=key)
    command = [options.vedette, "serve", "--data-dir", options.data_dir, "--https-listen",
               f"0.0.0.0:{options.port}", "--public-url", url]
    if answers(options.port):
        sys.exit(f"demo: port {options.port} is taken: another demo runs here, or another program")
    # Sessions of their own: a terminal sends Ctrl-C to its whole session, and the two have to end in order.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    shop = None
    try:
        wait_until("Vedette", 30, lambda: answers(options.port), lambda: server.poll() is None)
        said(f"Vedette is up at {url}")
        ca = Path(options.data_dir) / "tls" / "ca.pem"
        api = Api(url, options.password, ca)
        # What an earlier demonstration sent says nothing about this one.
        since = int(time.time() * 1000) - 300_000
        before = calls(api, since)
        shop = subprocess.Popen([
            sys.executable, str(ROOT / "examples" / "shop" / "run.py"), "--endpoint", url, "--api-key", key,
            "--ca", str(ca), "--attribute", f"host.name={socket.gethostname()}",
        ], start_new_session=True)
        missing = set(SERVICES)

        def all_report():
            now = calls(api, since)
            missing.difference_update(tier for tier in SERVICES if now.get(tier, 0) > before.get(tier, 0))
            return not missing

        end = time.monotonic() + 600
        while not all_report():
            if shop.poll() is not None or server.poll() is not None:
                sys.exit("demo: the shop or Vedette ended")
            if time.monotonic() > end:
                sys.exit(f"demo: no span came from {', '.join(sorted(missing))}")
            time.sleep(1)
        said(f"all {len(SERVICES)} services of the shop report")
        print(f"\n    open      {url}\n    user      admin\n    password  {options.password}\n"
              f"    CA        {ca}\n    stop      Ctrl-C\n", flush=True)
        stop_at = time.monotonic() + options.seconds if options.seconds else None
        while shop.poll() is None and server.poll() is None:
            if stop_at and time.monotonic() > stop_at:
                return
            time.sleep(0.5)
        sys.exit("demo: the shop or Vedette ended")
    except KeyboardInterrupt:
        print()
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        # The shop first: its agents send what they still hold.
        stop(shop)
        stop(server)
        said("all is stopped")


if __name__ == "__main__":
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)
    main()
