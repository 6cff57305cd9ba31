"""Builds the program as it is given to users: compiled twice, the second time by a profile of the first at work.

The first build counts which branches are taken and how often; it serves one short round of every measure that
`loadgen table` takes (traces over each transport, metrics, queries). The second is laid out by these counts. The result is
target/tuned/vedette. Needs the toolchain's llvm-profdata (`rustup component add llvm-tools`, done here if rustup is there).

Where BOLT is installed (Debian and Ubuntu: `apt install bolt-19`, or another number), the finished program is counted at work
and laid out once more: functions that are used together lie together, what hardly ever runs is out of their way. That takes up to
12 GiB of memory; where there is less it is left out.
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


# What BOLT needs for counting, bytes: 11 GiB were seen.
BOLT_MEMORY = 13 << 30


def memory():
    """Bytes that are free or can be freed."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))


def bolt():
    """The folder of BOLT's newest version that is installed, if any is."""
    found = [Path(path).resolve().parent for path in [shutil.which("llvm-bolt")] if path]
    found += sorted(Path("/usr/lib").glob("llvm-*/bin"), key=lambda path: int(path.parent.name[5:]), reverse=True)
    return next((path for path in found if (path / "llvm-bolt").exists()), None)


def laid_out(tools, program, loadgen):
    """The program with its functions and blocks in the order in which it uses them at work."""
    counting, out = TARGET / "counted" / "vedette-bolt", program.with_name("vedette-laid-out")
    counts = TARGET / "counted" / "bolt"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": ROOT, "check": True}
    # Each server that the work starts writes counts of its own.
    subprocess.run([tools / "llvm-bolt", program, "-instrument", "-o", counting,
                    f"--instrumentation-file={counts / 'of'}", "--instrumentation-file-append-pid"], **quiet)
    said("letting it work once more; about five minutes")
    work(loadgen, counting)
    merged = counts / "all.fdata"
    with merged.open("wb") as file:
        subprocess.run([tools / "merge-fdata", *sorted(counts.glob("of*"))], cwd=ROOT, check=True, stdout=file)
    said("laying it out")
    subprocess.run([tools / "llvm-bolt", program, "-o", out, f"-data={merged}", "-reorder-blocks=ext-tsp",
                    "-reorder-functions=hfsort", "-split-functions", "-split-all-cold", "-split-eh", "-icf=1"], **quiet)
    counting.unlink()
    return out


def work(loadgen, program):
    """A short round of everything that is measured, whose figures do not count."""
    subprocess.run([loadgen, "table", "--vedette", program, "--quick", "--out", TARGET / "counted" / "measured"],
                   cwd=ROOT, check=True)


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
    work(options.loadgen, counting)
    found = sorted(counts.glob("*.profraw"))
    if not found:
        sys.exit(f"release: nothing was counted in {counts}")
    subprocess.run([merge, "merge", "-o", profile, *found], check=True)
    shutil.rmtree(counts)
    said("compiling by what was counted")
    tools = bolt()
    if tools and memory() < BOLT_MEMORY:
        said(f"BOLT is left out: it takes {BOLT_MEMORY >> 30} GiB of memory, {memory() >> 30} are free")
        tools = None
    movable = " -Clink-arg=-Wl,--emit-relocs" if tools else ""
    built = build(triple, TARGET / "tuned", f"-Cprofile-use={profile}{movable}")
    if tools:
        said("counting what the finished program does")
        try:
            built = laid_out(tools, built, options.loadgen)
        except subprocess.CalledProcessError as error:
            said(f"BOLT could not lay it out, which is left out: {error}")
    else:
        said("without BOLT (`apt install bolt-19`) the program takes about a tenth more CPU")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(built, options.out)
    said(f"{options.out} is there, {options.out.stat().st_size >> 20} MiB")


if __name__ == "__main__":
    main()
