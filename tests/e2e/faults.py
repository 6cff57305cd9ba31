"""What a machine does to a server that runs on it: no more files to open."""

import json
import socket
import subprocess
import time

from server import PASSWORD, Server, until

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def open_files(server):
    return len(list(server.proc("fd").iterdir()))


def damaged(server):
    lines = server.read("/metrics").decode().splitlines()
    counted = ("vedette_damaged_segments", "vedette_journal_damaged_places", "vedette_pipeline_damaged_checkpoints_total")
    return {line for line in lines if line.startswith(counted) and not line.endswith(" 0")}


def refuses_or_takes(port):
    """A new connection under a full file table is closed, waits, or is answered; whatever is said must be retryable."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(0.2)
        try:
            connection.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            answer = connection.recv(4096).decode(errors="replace")
        except OSError:
            return
        assert not answer or any(f" {code} " in answer.splitlines()[0] for code in (200, 429, 503)), answer


@check
def a_full_file_table_loses_nothing_and_is_gone_with_its_cause(world):
    (world.work / "files").mkdir()
    server = Server(world.options.vedette, world.work / "files")
    server.start()
    wanted = world.work / "files.json"
    load = subprocess.Popen([world.options.loadgen, "run", "--endpoint", f"http://127.0.0.1:{server.ports['http']}",
                             "--spans", "60000", "--rate", "3000", "--spans-per-request", "100", "--connections", "2",
                             "--patience-s", "60", "--expected", str(wanted)])
    idle = []
    try:
        until("some of it is counted", 30, lambda: b"vedette_pipeline_spans_total 0\n" not in server.read("/metrics"))
        subprocess.run(["prlimit", f"--pid={server.process.pid}", f"--nofile={open_files(server) + 40}"], check=True)
        # Room for what a server at work has open, and no more.
        until("the file table is full", 20, lambda: fill(server, idle))
        # Longer than between two cuts: one of them finds no file for its segments.
        # What says nothing is closed after a while.
        until("the pipeline meets it", 30, lambda: fill(server, idle) and "Too many open files" in server.log.read_text())
        refuses_or_takes(server.ports["http"])
        while idle:
            idle.pop().close()
        assert load.wait(timeout=120) == 0, "the load generator failed"
        verify = [world.options.loadgen, "verify", "--expected", str(wanted), "--api", server.url, "--ca", str(server.ca),
                  "--password", PASSWORD, "--wait-s", "60"]
        done = subprocess.run(verify, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert damaged(server) == set(), damaged(server)
        assert json.loads(server.read("/readyz"))["reasons"] == []
    finally:
        load.kill()
        for connection in idle:
            connection.close()
        if server.process.poll() is None:
            server.stop()


def fill(server, idle):
    """Opens connections that say nothing until the server has no file left to open."""
    for _ in range(8):
        idle.append(socket.create_connection(("127.0.0.1", server.ports["http"]), timeout=5))
    time.sleep(0.1)
    limits = server.proc("limits").read_text().splitlines()
    most = next(int(line.split()[3]) for line in limits if line.startswith("Max open files"))
    return open_files(server) >= most
