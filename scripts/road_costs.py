"""Where the time of a large picture goes, beside decoding its file and encoding the result with Pillow alone.

    python scripts/road_costs.py                     # 24 megapixels, smooth and with grain
    python scripts/road_costs.py --megapixels 100 --threads 1

Seconds of the clock and of the CPU, the best of the rounds; the ratio of the whole road to the floor is of the clock.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from photochrom import load_model
from photochrom.photo import encode_photo, read_photo
from photochrom.threads import alone

T = TypeVar("T")
SAMPLE = Path(__file__).parents[1] / "samples" / "coffee.jpg"


def jpeg(megapixels: float, grain: float) -> bytes:
    """A grey photograph of that size, with noise of that standard deviation."""
    size = round((megapixels * 1.5e6) ** 0.5), round((megapixels * 1e6 / 1.5) ** 0.5)
    with Image.open(SAMPLE) as image:
        pixels = np.asarray(image.convert("L").resize(size, Image.Resampling.BICUBIC), np.float32)
    pixels = pixels + np.random.default_rng(0).normal(0, grain, pixels.shape).astype(np.float32)
    memory = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(memory, "JPEG", quality=92)
    return memory.getvalue()


def main() -> None:
    """Measure, and print a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--threads", type=int, default=None, help="1: of everything; else those of the machine")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    model = load_model("photo", threads=wanted.threads)

    def best(name: str, work: Callable[[], T]) -> tuple[float, T]:
        times = []
        for _ in range(wanted.rounds):
            start, cpu = time.perf_counter(), time.process_time()
            made = work()
            times.append((time.perf_counter() - start, time.process_time() - cpu))
        print(f"  {name:14}{min(wall for wall, _ in times):6.3f} s {min(cpu for _, cpu in times):6.3f} CPU-s")
        return min(wall for wall, _ in times), made

    for kind, grain in (("smooth", 0.0), ("grain", 18.0)):
        data = jpeg(wanted.megapixels, grain)
        print(f"{kind}, {wanted.megapixels:g} megapixels, {len(data) / 1e6:.1f} MB")
        with alone() if wanted.threads == 1 else nullcontext():
            decode, _ = best("floor: decode", lambda data=data: np.asarray(Image.open(io.BytesIO(data))))
            read, photo = best("read", lambda data=data: read_photo(data))
            predict, prediction = best("predict", lambda photo=photo: model.predict(photo))
            render, colored = best("render", lambda p=photo, q=prediction: model.render(p, q))
            write, _ = best("write", lambda colored=colored: encode_photo(colored))
            image = Image.fromarray(colored.pixels)
            encode, _ = best(
                "floor: encode", lambda image=image: image.save(io.BytesIO(), "JPEG", quality=92, subsampling=0)
            )
        road, floor = read + predict + render + write, decode + encode
        print(f"  road {road:.3f} s, floor {floor:.3f} s: {road / floor:.2f} times")


if __name__ == "__main__":
    main()
