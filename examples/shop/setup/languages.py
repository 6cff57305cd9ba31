"""The services' own libraries and the zero-code agents, exactly as the lock files say, under the work folder.
A set-up that matches its lock file is not done again."""

import hashlib
import shutil
import subprocess
import sys

from setup.shell import SetupFailed, run, say

OLDEST_PYTHON = (3, 11)  # what the agent's packages in requirements.lock ask for
OLDEST_NODE = (20, 6)


def python_environment(shop, work, log, pip_wheel):
    """The Python of a venv with requirements.lock in it. `pip_wheel` is what pip is installed from, or None where Python
    brings its own."""
    venv, lock = work / "venv", shop / "python/requirements.lock"
    if sys.version_info < OLDEST_PYTHON:
        raise SetupFailed(f"the shop's Python services need Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer, this is {sys.version.split()[0]}")
    python = venv / "bin/python"
    fingerprint = digest(lock) + sys.version
    if up_to_date(venv, fingerprint):
        return python
    shutil.rmtree(venv, ignore_errors=True)
    venv.parent.mkdir(parents=True, exist_ok=True)
    if pip_wheel is None:
        run([sys.executable, "-m", "venv", venv], log)
    else:
        run([sys.executable, "-m", "venv", "--without-pip", venv], log)
        run([python, pip_wheel / "pip", "install", "--disable-pip-version-check", "--no-index", pip_wheel], log)
    run([python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "-r", lock], log)
    run([python, "-m", "pip", "check"], log)
    mark(venv, fingerprint)
    return python


def node_environment(shop, work, log):
    """The folder with the node_modules of package-lock.json."""
    folder = work / "node"
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise SetupFailed("the shop's Node.js services need node and npm, and they are not on the PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < OLDEST_NODE:
        raise SetupFailed(f"the shop's Node.js services need Node.js {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer, this is {version}")
    fingerprint = digest(shop / "node/package-lock.json") + version
    if up_to_date(folder, fingerprint):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(shop / "node" / name, folder / name)
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log, cwd=folder)
    mark(folder, fingerprint)
    return folder


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def up_to_date(folder, fingerprint):
    marker = folder / ".made-from"
    done = marker.exists() and marker.read_text() == fingerprint
    if done:
        say(f"{folder.name} is as its lock file says")
    return done


def mark(folder, fingerprint):
    (folder / ".made-from").write_text(fingerprint)
