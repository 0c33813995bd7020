"""How fast `photochrom batch` is on this machine, beside one process, the codecs alone and the network alone.

    python scripts/batch_speed.py                        # the samples, ten times over
    python scripts/batch_speed.py FOLDER --rounds 5

Pictures a second and CPU seconds a picture, the median of rounds that take turns, so that a busy moment of the machine
meets all alike; starting and ending of a process are left out. Bars: as many workers as cores do 1.6 times what one
process does on one core, and 85 % of the slower of codecs alone and network alone, which use all cores too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from photochrom import load_model
from photochrom.codec.formats import is_readable
from photochrom.colorizer import Colorizer
from photochrom.photo import encode_photo, read_photo
from photochrom.threads import alone, cores


class Speed(NamedTuple):
    """pictures: a second of wall time. cpu: seconds a picture."""

    pictures: float
    cpu: float


def together(work: Callable[[int], object], count: int) -> Speed:
    """work(n) for n below count, on a thread for each core."""

    def one(n: int) -> object:
        with alone():
            return work(n)

    start, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(cores()) as pool:
        for _ in pool.map(one, range(count)):
            pass
    return Speed(count / (time.perf_counter() - start), (time.process_time() - cpu) / count)


def batch(folder: Path, *, workers: int, one_core: bool, model: str) -> Speed:
    """A run of the command over the folder, from the first results on."""
    with tempfile.TemporaryDirectory() as out:
        words = ["batch", str(folder), "-o", out, "--workers", str(workers), "--model", model, "--json"]
        before = os.times()
        bound = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if one_core else []
        process = subprocess.Popen([*bound, sys.executable, "-m", "photochrom", *words], stdout=subprocess.PIPE)
        assert process.stdout is not None
        times = []
        for line in process.stdout:
            if json.loads(line)["type"] == "file":
                times.append(time.perf_counter())
        if process.wait():
            raise SystemExit(f"photochrom {' '.join(words)} ended with {process.returncode}")
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        first = 2 * workers - 1
        return Speed((len(times) - 1 - first) / (times[-1] - times[first]), cpu / len(times))


def codecs(sources: Sequence[bytes], colorizer: Colorizer) -> Callable[[int], object]:
    """Reads a picture and writes its coloured version, which is made before."""
    colored = [colorizer.colorize(read_photo(data)) for data in sources]

    def work(n: int) -> object:
        read_photo(sources[n % len(sources)])
        return encode_photo(colored[n % len(sources)])

    return work


def network(sources: Sequence[bytes], colorizer: Colorizer) -> Callable[[int], object]:
    """Asks the network for what it was shown of each picture, which is prepared before."""
    shown = [colorizer.predict(read_photo(data)).shown for data in sources]
    return lambda n: colorizer.see(shown[n % len(shown)])


def main() -> None:
    """Measure, and print a table and the two ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "samples")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="photo")
    wanted = parser.parse_args()
    files = [path for path in sorted(wanted.folder.iterdir()) if is_readable(path.name) and ".color." not in path.name]
    sources = [path.read_bytes() for path in files]
    count = wanted.copies * len(sources)
    colorizer = load_model(wanted.model, threads=1)
    with tempfile.TemporaryDirectory() as place:
        for copy in range(wanted.copies):
            (Path(place) / str(copy)).mkdir()
            for path, data in zip(files, sources, strict=True):
                (Path(place) / str(copy) / path.name).write_bytes(data)

        def run(workers: int, one_core: bool = False) -> Callable[[], Speed]:
            return lambda: batch(Path(place), workers=workers, one_core=one_core, model=wanted.model)

        codec_work, network_work = codecs(sources, colorizer), network(sources, colorizer)
        works: dict[str, Callable[[], Speed]] = {
            "codecs alone, all cores": lambda: together(codec_work, count),
            "network alone, all cores": lambda: together(network_work, count),
            "one process, one core": run(1, one_core=True),
            "one process, --workers 1": run(1),
            f"one process, --workers {cores()}": run(cores()),
        }
        found: dict[str, list[Speed]] = {name: [] for name in works}
        for _ in range(wanted.rounds):
            for name, work in works.items():
                found[name].append(work())
    speeds = {name: Speed(*map(statistics.median, zip(*rounds, strict=True))) for name, rounds in found.items()}
    print(f"{count} pictures of {wanted.folder}, {wanted.model}, {cores()} cores, median of {wanted.rounds}")
    for name, speed in speeds.items():
        print(f"{name:32} {speed.pictures:7.2f} pictures/s {speed.cpu:7.3f} CPU-s a picture")
    alone_codec, alone_network, one_core, one, many = speeds.values()
    print(f"of one core: {many.pictures / one_core.pictures:.2f} (bar 1.6)")
    print(f"of --workers 1: {many.pictures / one.pictures:.2f}")
    slower = min(alone_codec.pictures, alone_network.pictures)
    print(f"of the slower of codecs and network alone: {100 * many.pictures / slower:.0f} % (bar 85)")


if __name__ == "__main__":
    main()
