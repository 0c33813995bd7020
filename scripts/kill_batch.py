"""Kill `photochrom batch` at random times, again and again, and check that nothing is lost, half written or doubled.

    python scripts/kill_batch.py --kills 100
    python scripts/kill_batch.py --kills 100 --target coloured.tar

Each run is killed by SIGKILL at a random moment, most of them while it colours; when all pictures are done before the
kills are, new ones are added. The last run is left alone. Then the results are compared with those of a run that nobody
killed: the same names, each once, the same bytes, and nothing else in the target.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

JOURNAL = ".photochrom-journal.sqlite"


def draw(path: Path, rng: random.Random) -> None:
    """A grey picture, of about 100 x 100 pixels."""
    size = rng.randint(60, 140), rng.randint(60, 140)
    noise = np.random.default_rng(rng.randrange(1 << 30)).integers(0, 256, (8, 8), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path)


def found(folder: Path, target: str) -> dict[str, bytes]:
    """The results by name. A name that is there twice is a fault."""
    if not target.endswith(".tar"):
        paths = (path for path in (folder / target).rglob("*") if path.is_file())
        return {
            path.relative_to(folder / target).as_posix(): path.read_bytes()
            for path in paths
            if not path.name.startswith(JOURNAL)
        }
    members: list[tuple[str, bytes]] = []
    for path in sorted(folder.glob(f"{target.removesuffix('.tar')}-*.tar")):
        with tarfile.open(path) as archive:
            members += [(m.name, stream.read()) for m in archive if (stream := archive.extractfile(m))]
    twice = [name for name, count in Counter(name for name, _ in members).items() if count > 1]
    if twice:
        raise SystemExit(f"doubled: {', '.join(twice)}")
    return dict(members)


def done(folder: Path, target: str) -> int:
    """How many pictures the journal says are done."""
    journal = folder / (
        f".{target.removesuffix('.tar')}-journal.sqlite" if target.endswith(".tar") else f"{target}/{JOURNAL}"
    )
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as there:
            return int(there.execute("SELECT count(*) FROM pictures WHERE state = 'done'").fetchone()[0])
    except sqlite3.Error:  # it has not come to be yet
        return 0


def wait_for(lines: IO[str], count: int) -> None:
    """Until so many pictures are coloured, beside those that were done before, or the run ends."""
    while count and (line := lines.readline()):
        count -= '"status": "done"' in line


def main() -> None:
    """The whole of it; exit code 1 with a sentence where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=60, help="to begin with, and added when all are done")
    parser.add_argument("--target", default="coloured", help="a folder's name, or NAME.tar for shards")
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--detail", default="64", help="small, so that more is written than computed")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    rng = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        count = 0

        def add() -> None:
            nonlocal count
            for _ in range(wanted.pictures):
                suffix = rng.choice(("jpg", "png", "tif"))
                draw(folder / "scans" / str(count % 5) / f"{count}.{suffix}", rng)
                count += 1

        def command(target: str) -> list[str]:
            words = ["batch", "scans", "-o", target, "--model", wanted.model, "--detail", wanted.detail, "--json"]
            return [sys.executable, "-m", "photochrom", *words]

        add()
        while_working, start = 0, time.monotonic()
        for kill in range(wanted.kills):
            if done(folder, wanted.target) == count:
                add()
            process = subprocess.Popen(
                command(wanted.target), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            assert process.stdout is not None
            if rng.random() < 0.85:  # the others are killed while they start
                wait_for(process.stdout, rng.randint(0, 5))
                while_working += process.poll() is None
                time.sleep(rng.random() * 0.05)
            else:
                time.sleep(rng.random() * 0.8)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if sys.stderr.isatty() or (kill + 1) % 10 == 0:
                print(f"{kill + 1} kills, {done(folder, wanted.target)} of {count} done", file=sys.stderr)
        for target in (wanted.target, "fresh" + (".tar" if wanted.target.endswith(".tar") else "")):
            end = subprocess.run(command(target), cwd=folder, capture_output=True, text=True, check=False)
            if end.returncode:
                raise SystemExit(f"the last run ended with {end.returncode}: {end.stderr[-2000:]}")
        ours, fresh = found(folder, wanted.target), found(folder, target)
        if ours.keys() != fresh.keys() or len(ours) != count:
            raise SystemExit(
                f"lost: {sorted(fresh.keys() - ours.keys())}, too many: {sorted(ours.keys() - fresh.keys())}"
            )
        if other := [name for name in ours if ours[name] != fresh[name]]:
            raise SystemExit(f"of other bytes than without a kill: {', '.join(other)}")
        left = [path.name for path in folder.rglob("*.part")]
        if left:
            raise SystemExit(f"left over: {', '.join(left)}")
        print(
            f"{wanted.kills} kills ({while_working} while it coloured), {wanted.target}: {count} pictures, none lost, "
            f"half written or doubled; {time.monotonic() - start:.0f} s"
        )


if __name__ == "__main__":
    main()
