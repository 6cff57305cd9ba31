"""What load does to a server: kills in the midst of it, more kinds of requests than have a place, and upkeep meanwhile."""

import json
import random
import subprocess
import time

from server import PASSWORD, Server

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def started(world, name):
    (world.work / name).mkdir()
    server = Server(world.options.vedette, world.work / name)
    server.start()
    return server


def send(world, server, expected, *how):
    return subprocess.Popen([world.options.loadgen, "run", "--endpoint", f"http://127.0.0.1:{server.ports['http']}",
                             "--expected", str(expected), *how], stdout=subprocess.DEVNULL)


def verify(world, server, expected, seconds):
    command = [world.options.loadgen, "verify", "--expected", str(expected), "--api", server.url, "--ca", str(server.ca),
               "--password", PASSWORD, "--wait-s", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 180, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@check
def transactions_without_a_place_count_as_other_traffic(world):
    server = started(world, "places")
    wanted = world.work / "places.json"
    try:
        # Up to 119 transactions enter at one tier, which has places for fifty; which of them come is drawn at random.
        assert send(world, server, wanted, "--services", "120", "--spans", "20000").wait(timeout=60) == 0
        sent = json.loads(wanted.read_text())["totals"]["business_transactions"]
        assert len(sent) > 60, len(sent)
        verify(world, server, wanted, 30)
    finally:
        server.stop()


@check
def upkeep_under_load_leaves_every_figure_exact(world):
    command = [world.options.loadgen, "pause", "--vedette", world.options.vedette, "--seconds", "6", "--rate", "4000",
               "--spans", "5000", "--spans-per-request", "200", "--hours", "2", "--max-wait-s", "90"]
    # Exact, and of merges, roll-ups and drops at least one each; how long anything took is not asserted.
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = ("longest without", "longest answer", "upkeep")
    print("".join(f"        {line}\n" for line in done.stdout.splitlines() if line.startswith(told)), end="")


@check
def kills_under_load_lose_nothing_and_count_nothing_twice(world):
    kills, is_full = world.options.kills, world.options.full_load
    server = started(world, "killed")
    patient = ("--patience-s", "60", "--give-up-s", "900")
    # Longer than the kills take: with the whole of a small machine 150,000 spans are worked on each second.
    spans = ["--spans", str(400_000 * kills)] if is_full else ["--spans", str(30_000 * kills), "--rate", "20000"]
    loads = {
        world.work / "spans.json": ["--spans-per-request", "500", "--repeat-fraction", "0.05", *spans],
        world.work / "points.json": ["--series", "1000", "--samples", str(30 * kills), "--points-per-request", "500",
                                     "--rate", "20000", "--ago", "120"],
    }
    sending = [send(world, server, expected, *patient, *how) for expected, how in loads.items()]
    try:
        done = kill_often(server, kills, sending[0])
        assert done == kills or not is_full, f"the load was over after {done} kills"
        longest = 1800 if is_full else 300
        assert [load.wait(timeout=longest) for load in sending] == [0, 0], "a load generator failed"
        for expected in loads:
            verify(world, server, expected, longest // 2)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise AssertionError(f"{error}\n--- the log of the server that was killed\n{server.tail()}") from error
    finally:
        for load in sending:
            load.kill()
        if server.process.poll() is None:
            server.stop()


def kill_often(server, kills, load):
    """How many there were until the load was over."""
    dice = random.Random(5)
    for done in range(kills):
        time.sleep(dice.uniform(0.5, 2.0))
        if load.poll() is not None:
            return done
        server.kill()
        server.start()
        if (done + 1) % 10 == 0:
            print(f"        {done + 1} of {kills} kills", flush=True)
    return kills
