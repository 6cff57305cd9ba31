"""Running commands to their end, with their output in a log, and saying what went wrong when they fail."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager


class SetupFailed(Exception):
    """The shop cannot be set up or has stopped working; the text is for the person at the terminal."""


def say(text):
    print(text, file=sys.stderr, flush=True)


@contextmanager
def timed(step):
    """Says how long a step took."""
    begun = time.monotonic()
    yield
    say(f"{step}: {time.monotonic() - begun:.1f} s")


def tail(path, lines=15):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def run(command, log, cwd=None, env=None):
    """Runs a command to its end, appending its output to `log`; its failure is SetupFailed with the log's end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        done = subprocess.run(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
    if done.returncode != 0:
        raise SetupFailed(f"`{' '.join(str(word) for word in command)}` failed ({done.returncode}):\n{tail(log)}")


def output_of(command, env=None):
    """A command's standard output; its failure is SetupFailed."""
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})}, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise SetupFailed(f"`{' '.join(str(word) for word in command)}` failed ({done.returncode}):\n{done.stdout[-2000:]}")
    return done.stdout
