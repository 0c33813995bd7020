"""Whether a long film needs more memory than a short one: `python scripts/film_memory.py`.

Films of two lengths are made by code, and each is coloured by the command in a process of its own, whose peak of
resident memory is measured. Ends with 1 if the long one needs over --most.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from film_speed import drawn

_MEASURE = """
import resource, sys
from pathlib import Path
from photochrom import load_model
from photochrom.film.film import color_film
count = color_film(Path(sys.argv[1]), Path(sys.argv[2]), load_model(sys.argv[3])).count
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--rate", type=int, default=16)
    parser.add_argument("--seconds", type=int, nargs="+", default=[10, 600])
    parser.add_argument("--most", type=float, default=1024.0, help="MiB")
    words = parser.parse_args()
    width, height = map(int, words.size.split("x"))
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seconds in words.seconds:
            film = drawn(Path(folder) / f"{seconds}.mp4", (width, height), words.rate * seconds, None, rate=words.rate)
            command = [sys.executable, "-c", _MEASURE, str(film), str(film.with_suffix(".color.mp4")), words.model]
            count, kib = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            peak = int(kib) / 1024
            print(f"{seconds} s of {words.size} at {words.rate}/s, {count} pictures: peak {peak:.0f} MiB", flush=True)
    sys.exit(int(peak > words.most))


if __name__ == "__main__":
    main()
