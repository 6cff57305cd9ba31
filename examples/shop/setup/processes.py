"""Processes that run as long as the shop does: each in its own process group with its output in its own log, watched,
and stopped in order. Waiting is for events (a port that accepts, a file that appears), each with a deadline."""

import ctypes
import os
import signal
import socket
import subprocess
import time

from setup.shell import SetupFailed, say, tail

LOOK_AGAIN_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


def end_with_parent(grace):
    """What a new process does before its program starts, so that it does not outlive run.py even if that is killed.
    A Python agent whose endpoint is gone may not end on SIGTERM, so it is SIGKILL then; RabbitMQ's start script, which
    has no grace, needs SIGTERM to take its server along."""
    libc, number = ctypes.CDLL(None), signal.SIGKILL if grace else signal.SIGTERM
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


class Running:
    """One process that is meant to go on running. `grace` is how many seconds it has to stop when asked; with none it
    is killed at once, which is for those whose data nobody wants."""

    def __init__(self, name, command, log, env, cwd=None, grace=10.0):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name, self.log, self.grace = name, log, grace
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                env=env, start_new_session=True, preexec_fn=end_with_parent(grace),
            )  # fmt: skip

    def check(self):
        """Raises SetupFailed if the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise SetupFailed(f"{self.name} has ended with {code}; the end of {self.log}:\n{tail(self.log)}")

    def ask_to_stop(self):
        if self.process.poll() is not None:
            return
        if self.grace:
            self.process.send_signal(signal.SIGTERM)
        else:
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait_stopped(self):
        """Waits for the end of the process, and after its grace time ends its whole group. Says whether it was in time."""
        in_time = True
        try:
            self.process.wait(self.grace or None)
        except subprocess.TimeoutExpired:
            in_time = False
            say(f"{self.name} did not stop within {self.grace:.0f} s and is killed; its log: {self.log}")
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        return in_time


class Group:
    """All that runs, in the order it was started; stopped wave by wave in the reverse order."""

    def __init__(self):
        self.waves = []

    def start(self, wave):
        """Starts the processes that `wave` (an iterable of functions) makes; they stop together later."""
        members = []
        self.waves.append(members)
        for make in wave:
            members.append(make())
        return members

    def check(self):
        for running in self.all():
            running.check()

    def all(self):
        return [running for wave in self.waves for running in wave]

    def stop(self):
        """Stops everything; True if every process stopped when asked."""
        in_time = True
        while self.waves:
            wave = self.waves.pop()
            for running in wave:
                running.ask_to_stop()
            for running in wave:
                in_time &= running.wait_stopped()
        return in_time

    def wait_until(self, ready, what, seconds):
        """Waits until `ready()` is true; SetupFailed if a process ends first or it takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                logs = "\n".join(f"--- {running.name}\n{tail(running.log, 5)}" for running in self.waves[-1])
                raise SetupFailed(f"{what} is not up after {seconds} s\n{logs}")
            time.sleep(LOOK_AGAIN_SECONDS)


def accepts(port):
    """Whether something accepts connections there. Nothing is sent, so that no service reports a request."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def refuse_taken(ports):
    """SetupFailed if a port the shop needs is in use."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise SetupFailed(f"port {port} for {name} cannot be used ({error.strerror}); choose others with --port-base") from None
