"""The Debian packages the shop needs (MariaDB, RabbitMQ with Erlang, redis, and pip where Python comes without): found on
the system, else installed by apt-get as root or with sudo, else downloaded and unpacked under the work folder without any
rights.

Only servers' programs are wanted: while apt-get installs, a policy keeps the packages from starting system services."""

import importlib.util
import os
import re
import shutil
import subprocess

from setup.shell import SetupFailed, output_of, run, say

# The file that shows that a package is there, and the names the package goes by in Debian 12 and Ubuntu.
NEEDED = {
    "usr/sbin/mariadbd": ["mariadb-server-core", "mariadb-server-core-10.6"],
    "usr/bin/my_print_defaults": ["mariadb-client-core", "mariadb-client-core-10.6"],  # mariadb-install-db asks it
    "usr/lib/rabbitmq/bin/rabbitmq-server": ["rabbitmq-server"],
    "usr/bin/epmd": ["erlang-base"],
    "usr/bin/redis-server": ["redis-server"],
}
# Debian's Python has no ensurepip (that is in python3-venv), so a venv there gets its pip from this wheel.
PIP_WHEEL = "usr/share/python-wheels/pip-*.whl"
PIP_NEEDED = {} if importlib.util.find_spec("ensurepip") else {PIP_WHEEL: ["python3-pip-whl"]}

INSTALL = """
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\\nexit 101\\n' > $policy
    chmod 755 $policy
    trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends "$@"
"""


class Tools:
    """Where the servers' programs are: on the system (`root` is /) or unpacked under a folder."""

    def __init__(self, root):
        self.root = root

    def path(self, relative):
        return self.root / relative

    def pip_wheel(self):
        """The wheel to install pip from, or None where Python brings its own."""
        return next(self.root.glob(PIP_WHEEL)) if PIP_NEEDED else None

    @property
    def unpacked(self):
        return str(self.root) != "/"

    def env(self):
        """What a program needs in its environment to find its own libraries."""
        if not self.unpacked:
            return {}
        patterns = ("lib/*-linux-gnu*/**/lib*.so*", "usr/lib/*-linux-gnu*/**/lib*.so*")
        libraries = sorted({str(library.parent) for pattern in patterns for library in self.root.glob(pattern)})
        programs = [str(self.root / "usr/sbin"), str(self.root / "usr/bin"), os.environ.get("PATH", "")]
        return {"LD_LIBRARY_PATH": ":".join(libraries), "PATH": ":".join(programs)}


def provide(debs, log, system_root, unpack=False):
    """The tools, got in the least intrusive way that works here. `debs` is where packages are unpacked to;
    `unpack` leaves the system alone even where it could be used."""
    unpacked = Tools(debs / "root")
    if not unpack and not missing(Tools(system_root)):
        return Tools(system_root)
    if not missing(unpacked):
        return unpacked
    if shutil.which("apt-get") is None:
        raise SetupFailed("the shop needs mariadbd, rabbitmq-server and redis-server, and there is no apt-get to get them with")
    rights = None if unpack else root_command()
    if rights is not None:
        wanted = [known_name(names) for names in missing(Tools(system_root))]
        say(f"installing {' '.join(wanted)} with apt-get")
        run([*rights, "sh", "-c", INSTALL, "install", *wanted], log)
        tools = Tools(system_root)
    else:
        fetch(debs, missing(unpacked), log)
        tools = unpacked
    if missing(tools):
        raise SetupFailed(f"packages are installed, but these programs are not under {tools.root}: {missing(tools)}")
    return tools


def missing(tools):
    return [names for path, names in {**NEEDED, **PIP_NEEDED}.items() if not any(tools.root.glob(path))]


def root_command():
    """The words that put a command into root's hands, or None where that needs a password or is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def known_name(names, options=()):
    for name in names:
        if subprocess.run(["apt-cache", *options, "show", name], capture_output=True).returncode == 0:
            return name
    raise SetupFailed(f"apt knows none of {', '.join(names)}; `apt-get update` may help")


def fetch(debs, missing_names, log):
    """Downloads packages with what they lack here, and unpacks them under `debs`/root."""
    own = own_lists(debs, log)
    wanted = [known_name(names, own) for names in missing_names]
    say(f"unpacking {' '.join(wanted)} under {debs}")
    # What is wanted is unpacked even if the system has it: programs are looked for in one place.
    plan = output_of(["apt-get", *own, "-s", "--reinstall", "--no-install-recommends", "install", *wanted], {"LC_ALL": "C"})
    run(["apt-get", *own, "download", *re.findall(r"^Inst (\S+)", plan, re.MULTILINE)], log, cwd=debs)
    for package in sorted(debs.glob("*.deb")):
        run(["dpkg", "-x", package, debs / "root"], log)
    relocate_erlang(debs / "root")


def own_lists(debs, log):
    """Fetches package lists of our own, as the system's may be absent or too old to download by and only root renews
    them; returns apt's options to use them."""
    lists, cache = debs / "lists", debs / "cache"
    for folder in (lists, cache):
        folder.mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
    run(["apt-get", *options, "update"], log)
    return options


def relocate_erlang(root):
    """Erlang's start scripts hold the folder they were built for."""
    home = root / "usr/lib/erlang"
    for script in [home / "bin/erl", home / "bin/start", *home.glob("erts-*/bin/erl"), *home.glob("erts-*/bin/start")]:
        if script.exists() and not script.is_symlink():
            text = script.read_text(errors="surrogateescape")
            text = re.sub(r"(?<![\w.-])/usr/lib/erlang", str(home), text)
            script.write_text(text, errors="surrogateescape")
