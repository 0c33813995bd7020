"""How long colouring takes beside merely decoding and encoding the file, and how much memory a huge scan needs.

    python scripts/bench_road.py             24-megapixel JPEG, best of 3: each step, and the ratio to the floor
    python scripts/bench_road.py --memory    100-megapixel 16-bit picture: peak memory of the whole process

The floor is decoding the grey (or colour) JPEG and encoding the coloured one (quality 92, no chroma subsampling).
The network is not timed: its cost does not depend on the picture's size.  Ratios are given for wall-clock and for
processor time.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.upsample import paint, shrink_lightness

AB = np.random.default_rng(1).normal(0, 6, (8, 12, 2)).astype(np.float32)


def drawn(width: int, height: int, colour: bool) -> bytes:
    """A JPEG with shading, edges and grain, as large as a photograph of its size."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(20, 230, (height // 100, width // 100, 3)).astype(np.uint8))
    picture = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    picture[height // 3 :, : width // 2] //= 2
    picture += rng.integers(-6, 7, (height, width, 1), dtype=np.int16)
    image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    (image if colour else image.convert("L")).save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def smooth_ab() -> NDArray[np.float32]:
    planes = [
        Image.fromarray(np.ascontiguousarray(AB[..., c])).resize((96, 64), Image.Resampling.BICUBIC) for c in (0, 1)
    ]
    return np.stack([np.asarray(p) for p in planes], axis=-1)


def speed(megapixels: float, repeats: int, threads: int | None) -> None:
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    for colour, vivid in ((False, 1), (True, 1), (False, 5)):  # vivid: much of it out of gamut, which costs more
        data, ab = drawn(width, height, colour), smooth_ab() * np.float32(vivid)
        state: dict[str, NDArray[np.uint8]] = {}
        maps: dict[str, NDArray[np.float32]] = {}

        def decode(data: bytes = data, state: dict[str, NDArray[np.uint8]] = state) -> None:
            state["in"] = np.asarray(Image.open(io.BytesIO(data)))

        def shrink(state: dict[str, NDArray[np.uint8]] = state, maps: dict[str, NDArray[np.float32]] = maps) -> None:
            maps["guide"] = shrink_lightness(state["in"], (384, 256), threads=threads)

        def colourise(
            state: dict[str, NDArray[np.uint8]] = state,
            maps: dict[str, NDArray[np.float32]] = maps,
            ab: NDArray[np.float32] = ab,
        ) -> None:
            state["out"] = paint(state["in"], ab, guide=maps["guide"], threads=threads)

        def encode(state: dict[str, NDArray[np.uint8]] = state) -> None:
            Image.fromarray(state["out"]).save(io.BytesIO(), "JPEG", quality=92, subsampling=0)

        steps: list[Callable[[], None]] = [decode, shrink, colourise, encode]
        best = {step.__name__: (np.inf, np.inf) for step in steps}
        for _ in range(repeats):
            for step in steps:
                wall, cpu = time.perf_counter(), time.process_time()
                step()
                took = time.perf_counter() - wall, time.process_time() - cpu
                best[step.__name__] = min(best[step.__name__][0], took[0]), min(best[step.__name__][1], took[1])
        kind = ("colour" if colour else "grey") + " JPEG" + (", vivid chroma" if vivid > 1 else "")
        print(f"{kind}, {width}x{height}, {len(data) / 1e6:.1f} MB")
        for name, (wall, cpu) in best.items():
            print(f"  {name:10s} {wall:6.2f} s   processor {cpu:6.2f} s")
        for k, clock in enumerate(("wall-clock", "processor")):
            floor = best["decode"][k] + best["encode"][k]
            print(f"  whole road / (decode + encode), {clock}: {sum(b[k] for b in best.values()) / floor:.2f}")


def memory(megapixels: float, threads: int | None) -> None:
    import resource

    height = round((megapixels * 1e6 / 1.25) ** 0.5)
    picture = np.empty((height, round(height * 1.25)), np.uint16)
    for y in range(height):
        picture[y] = (y * 5 + np.arange(picture.shape[1]) * 3) & 0xFFFF
    started = time.perf_counter()
    out = paint(picture, smooth_ab(), threads=threads)
    took = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(
        f"{picture.shape[1]}x{height} 16-bit: {took:.1f} s; "
        f"input + output {(picture.nbytes + out.nbytes) / 2**30:.2f} GiB"
    )
    print(f"peak memory of the process {peak / 2**30:.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--megapixels", type=float)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.memory:
        memory(options.megapixels or 100, options.threads)
    else:
        speed(options.megapixels or 24, options.repeats, options.threads)


if __name__ == "__main__":
    main()
