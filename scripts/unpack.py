"""Unpacks the programs that the tests use, and that are not installed, below target/tools, for those who can install none.

Leaves a command for each in target/tools/bin, which `make` has at the end of its PATH. Getting packages without rights is
the shop's `setup/packages.py`; what a program needs to run from another folder than it was built for is here.
"""

import shlex
import shutil
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target" / "tools"
sys.path.insert(0, str(ROOT / "examples" / "shop"))

from setup.packages import Tools, fetch  # noqa: E402
from setup.shell import SetupFailed, timed  # noqa: E402

MARIADB = [["mariadb-server-core", "mariadb-server-core-10.6"], ["mariadb-client-core", "mariadb-client-core-10.6"]]
# The command, where its program is in the packages, the packages.
PROGRAMS = [
    ("chromium", "usr/lib/chromium/chromium", [["chromium"]]),
    ("curl", "usr/bin/curl", [["curl"]]),
    ("mariadbd", "usr/sbin/mariadbd", MARIADB),
    ("prometheus", "usr/bin/prometheus", [["prometheus"]]),
    ("mariadb-install-db", "usr/bin/mariadb-install-db", MARIADB),
]


def command(tools, name, program):
    """A script that runs the program where it was unpacked to."""
    environment = {"LD_LIBRARY_PATH": tools.env()["LD_LIBRARY_PATH"]}
    if name == "chromium" and not Path("/etc/fonts/fonts.conf").exists():
        environment["FONTCONFIG_FILE"] = str(fonts(tools))
    more = [f"--basedir={tools.path('usr')}"] if name.startswith("mariadb") else []
    lines = [f"export {key}={shlex.quote(value)}" for key, value in environment.items()]
    start = shlex.join([str(tools.path(program))]), '"$@"', shlex.join(more)
    return "\n".join(["#!/bin/sh", *lines, f"exec {' '.join(start)}"]) + "\n"


def fonts(tools):
    """A configuration with the unpacked fonts; without one a browser has no text."""
    path = TOOLS / "fonts.conf"
    path.write_text(f"""<?xml version="1.0"?>
<fontconfig>
  <dir>{escape(str(tools.path("usr/share/fonts")))}</dir>
  <cachedir>{escape(str(TOOLS / "font-cache"))}</cachedir>
</fontconfig>
""")
    return path


def main():
    instead = {"chromium": "chromium-headless-shell"}
    missing = [row for row in PROGRAMS if not any(shutil.which(name) for name in (row[0], instead.get(row[0])) if name)]
    if not missing:
        return
    wanted = [names for _, _, packages in missing for names in packages]
    with timed("programs for the tests"):
        fetch(TOOLS, [names for number, names in enumerate(wanted) if names not in wanted[:number]], TOOLS / "log")
    tools = Tools(TOOLS / "root")
    (TOOLS / "bin").mkdir(exist_ok=True)
    for name, program, _ in missing:
        script = TOOLS / "bin" / name
        script.write_text(command(tools, name, program))
        script.chmod(0o755)


if __name__ == "__main__":
    try:
        main()
    except SetupFailed as error:
        sys.exit(f"setup: {error}")
