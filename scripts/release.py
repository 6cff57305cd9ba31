"""Builds the program as it is given to users: compiled twice, the second time by a profile of the first at work.

The first build counts which branches are taken and how often; it serves one short round of every measure that
`loadgen table` takes (traces over each transport, metrics, queries). The second is laid out by these counts. The result is
target/tuned/vedette. Needs the toolchain's llvm-profdata (`rustup component add llvm-tools`, done here if rustup is there).
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "target"
BEGAN = time.monotonic()


def said(text):
    print(f"-- {time.monotonic() - BEGAN:6.0f} s  {text}", flush=True)


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def host():
    told = output("rustc", "-vV").splitlines()
    return next(line.split(": ")[1] for line in told if line.startswith("host: "))


def profdata(triple):
    """The program that reads what the first build counted; it has to be of the compiler's own version."""
    path = Path(output("rustc", "--print", "sysroot")) / "lib" / "rustlib" / triple / "bin" / "llvm-profdata"
    if not path.exists() and shutil.which("rustup"):
        subprocess.run(["rustup", "component", "add", "llvm-tools"], cwd=ROOT, check=False)
    if not path.exists():
        sys.exit(f"release: {path} is missing; `rustup component add llvm-tools` installs it. `make build` needs none of this")
    return path


def build(triple, folder, flag):
    """The program in a folder of its own, so that neither build throws the other's away. With a target named, what runs
    at build time is not compiled by these flags."""
    environment = dict(os.environ, RUSTFLAGS=flag, CARGO_TARGET_DIR=str(folder))
    subprocess.run(["cargo", "build", "--locked", "--release", "--target", triple, "-p", "vedette"],
                   cwd=ROOT, env=environment, check=True)
    return folder / triple / "release" / "vedette"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET / "tuned" / "vedette", help="where the program goes")
    parser.add_argument("--loadgen", type=Path, default=TARGET / "release" / "loadgen")
    options = parser.parse_args()
    triple = host()
    merge = profdata(triple)
    counts, profile = TARGET / "counted" / "counts", TARGET / "counted" / "vedette.profdata"
    said("compiling the program that counts")
    counting = build(triple, TARGET / "counted", f"-Cprofile-generate={counts}")
    shutil.rmtree(counts, ignore_errors=True)
    said("letting it work; about five minutes")
    subprocess.run([options.loadgen, "table", "--vedette", counting, "--quick", "--out", TARGET / "counted" / "measured"],
                   cwd=ROOT, check=True)
    found = sorted(counts.glob("*.profraw"))
    if not found:
        sys.exit(f"release: nothing was counted in {counts}")
    subprocess.run([merge, "merge", "-o", profile, *found], check=True)
    shutil.rmtree(counts)
    said("compiling by what was counted")
    built = build(triple, TARGET / "tuned", f"-Cprofile-use={profile}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(built, options.out)
    said(f"{options.out} is there, {options.out.stat().st_size >> 20} MiB")


if __name__ == "__main__":
    main()
