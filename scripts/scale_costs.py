"""What one picture costs `photochrom batch`, by its size: the figures that docs/scale.md reckons with.

    python scripts/scale_costs.py --model photo

CPU seconds of one core for grey JPEGs of 0.25, 2, 8 and 24 megapixels with grain, the bytes of the file and of the
result, and how many pictures a second the journal takes on this disk. The best of the rounds counts: others are slower
by what else the machine does.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import load_model
from photochrom.archive.journal import Journal, Row
from photochrom.archive.work import Order, color
from photochrom.threads import alone

SAMPLE = Path(__file__).parents[1] / "samples" / "coffee.jpg"


def picture(megapixels: float) -> bytes:
    """A photograph of that size as a JPEG, with the grain of film."""
    width, height = round((megapixels * 1.5e6) ** 0.5), round((megapixels * 1e6 / 1.5) ** 0.5)
    with Image.open(SAMPLE) as image:
        pixels = np.asarray(image.convert("L").resize((width, height), Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(0).normal(0, 10, pixels.shape)
    memory = io.BytesIO()
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(memory, "JPEG", quality=92)
    return memory.getvalue()


def journal(count: int, folder: Path | None) -> float:
    """Pictures a second that are announced and confirmed."""
    with tempfile.TemporaryDirectory(dir=folder) as place, Journal(Path(place) / "journal") as made:
        start = time.perf_counter()
        for n in range(count):
            row = Row(key=f"{n}.jpg", state="begun", output=f"{n}.color.jpg", stamp="1-2", content="0" * 64)
            made.begin(row)
            made.put(Row(**{**row.__dict__, "state": "done"}))
        return count / (time.perf_counter() - start)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--place", type=Path, default=None, help="where the journal is tried")
    wanted = parser.parse_args()
    colorizer = load_model(wanted.model, threads=1)
    print("megapixels  file MB  result MB  CPU-s")
    for megapixels in (0.25, 2, 8, 24):
        data = picture(megapixels)
        seconds, made = [], None
        with alone():
            for _ in range(wanted.rounds):
                start = time.thread_time()
                made = color(data, "picture.jpg", Order(), colorizer)
                seconds.append(time.thread_time() - start)
        assert made is not None and isinstance(made.data, bytes)
        print(f"{megapixels:10g} {len(data) / 1e6:8.2f} {len(made.data) / 1e6:10.2f} {min(seconds):6.2f}")
    print(f"the journal takes {journal(300, wanted.place):.0f} pictures a second here")


if __name__ == "__main__":
    main()
