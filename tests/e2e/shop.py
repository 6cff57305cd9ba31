"""The demo shop under real agents, reporting to a Vedette."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from server import KEY, until

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "shop"
BLOCK = 20
CHOOSING = threading.Lock()
# Blocks of ports that this process gave to a shop, which may not listen yet.
GIVEN = set()


def free_block():
    """The first of a block of ports that nobody has, so that two shops on one machine do not meet."""
    with CHOOSING:
        for turn in range(100):
            first = 17300 + (os.getpid() + turn) % 100 * BLOCK
            if first not in GIVEN and all(is_free(port) for port in range(first, first + BLOCK)):
                GIVEN.add(first)
                return first
    raise AssertionError("no free block of ports from 17300 on")


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Shop:
    def __init__(self, server, work):
        self.ready = Path(work) / "shop-ready.json"
        self.log = Path(work) / "shop.log"
        self.ports = free_block()
        command = [sys.executable, str(SHOP / "run.py"), "--endpoint", server.url, "--api-key", KEY, "--ca", str(server.ca),
                   "--traffic", "none", "--fast-export", "--ready-file", str(self.ready), "--port-base", str(self.ports),
                   "--data-dir", str(Path(work) / "shop"), "--log-dir", str(Path(work) / "shop-logs"),
                   "--attribute", f"host.name={socket.gethostname()}"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def wait(self):
        def is_ready():
            assert self.process.poll() is None, f"the shop ended:\n{self.log.read_text()[-3000:]}"
            return self.ready.exists()
        until("the shop is open", 600, is_ready)

    def drive(self, requests, seed):
        """Sends exactly so many requests; returns what they must have caused."""
        done = subprocess.run([sys.executable, str(SHOP / "driver.py"), "--port", str(self.ports), "--requests", str(requests),
                               "--seed", str(seed), "--concurrency", "4"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"the driver says:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return json.loads(done.stdout)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=120)
