"""How long `photochrom batch` takes from its start to its first coloured picture, in a folder of 100,000 files.

    python scripts/first_picture.py --place /tmp

The folder is made of hard links to a sample, and taken away afterwards. The bar is 2 seconds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).parents[1] / "samples" / "cat.jpg"
_MOST_LINKS = 10_000  # to one file: file systems have a limit


def fill(folder: Path, count: int) -> None:
    """So many names, a new file now and then."""
    source = folder
    for n in range(count):
        path = folder / f"{n:07d}.jpg"
        if n % _MOST_LINKS == 0:
            source = path
            shutil.copy(SAMPLE, path)
        else:
            os.link(source, path)
    os.sync()  # a run would wait for that, at its first write to the disk


class Time(NamedTuple):
    """Seconds from the start of the process until it tells of a picture: of the clock, and of the CPU."""

    wall: float
    cpu: float


def first(folder: Path, out: Path) -> Time:
    """Start a run, and end it after its first picture."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "photochrom", "batch", str(folder), "-o", str(out), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = any(b'"status": "done"' in line for line in process.stdout)  # after those that were done before
        seconds = time.perf_counter() - start
        ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        process.kill()
    if not found:
        raise SystemExit("no picture was coloured")
    return Time(seconds, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"))


def told(times: list[Time]) -> str:
    """The median, and the longest."""
    wall, cpu = zip(*times, strict=True)
    return f"{statistics.median(wall):.2f} s ({max(wall):.2f} at most), {statistics.median(cpu):.2f} CPU-s"


def main() -> None:
    """Make the folder, measure, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--place", type=Path, default=None, help="a folder of the disk that is to be measured")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wanted.place) as place:
        folder = Path(place) / "scans"
        folder.mkdir()
        fill(folder, wanted.files)
        fresh = [first(folder, Path(place) / f"out-{n}") for n in range(wanted.rounds)]
        again = [first(folder, Path(place) / "out-0") for _ in range(wanted.rounds)]
        few = Path(place) / "few"
        few.mkdir()
        fill(few, 10)
        small = [first(few, Path(place) / f"few-{n}") for n in range(wanted.rounds)]
    print(f"first picture of {wanted.files} files after {told(fresh)}; bar 2 s")
    print(f"the same in a run that was killed before: {told(again)}")
    print(f"of 10 files: {told(small)}")


if __name__ == "__main__":
    main()
