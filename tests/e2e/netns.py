"""A network namespace of the test's own: a machine that reaches this one over one wire, and nothing else."""

import os
import subprocess


class NoNamespace(Exception):
    """It could not be made here; the message says why."""


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoNamespace(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Namespace:
    """`here` is this machine's address on the wire, `there` the other end's; both go when it is left."""

    def __init__(self):
        self.name = f"vedette-e2e-{os.getpid()}"
        self.wire = f"ve{os.getpid()}"
        self.here = self.there = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise NoNamespace("making a network namespace needs root")
        try:
            self.here, self.there = free_pair()
            run("ip", "netns", "add", self.name)
            run("ip", "link", "add", self.wire, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            run("ip", "addr", "add", f"{self.here}/30", "dev", self.wire)
            run("ip", "link", "set", self.wire, "up")
            for device in ("lo", "eth0"):
                run("ip", "-n", self.name, "link", "set", device, "up")
            run("ip", "-n", self.name, "addr", "add", f"{self.there}/30", "dev", "eth0")
        except (NoNamespace, FileNotFoundError) as error:
            self.__exit__()
            raise NoNamespace(f"no network namespace could be made: {error}") from error
        return self

    def __exit__(self, *_):
        for command in (["ip", "link", "del", self.wire], ["ip", "netns", "del", self.name]):
            subprocess.run(command, capture_output=True, check=False)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]


def free_pair():
    """Two addresses of a small private network that this machine has no part in."""
    taken = run("ip", "-o", "-4", "addr")
    for block in range(os.getpid() % 200, 256):
        if f"10.213.{block}." not in taken:
            return f"10.213.{block}.1", f"10.213.{block}.2"
    raise NoNamespace("every address of 10.213.0.0/16 is taken")
