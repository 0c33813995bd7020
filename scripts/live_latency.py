"""How long a live picture takes from its arrival to its colours: `python scripts/live_latency.py`.

A camera made by code gives 640x480 pictures at 25 a second, on time whatever becomes of them, as `photochrom live`
reads them; the same code colours, broadcasts and counts. Prints frames/s, latency (mean, median, 95 %, worst) and what
was dropped. Ends with 1 if the mean is over --most.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import cv2
import numpy as np
from av.video.frame import VideoFrame

from photochrom import load_model
from photochrom.film.broadcast import Broadcast
from photochrom.film.live import run_live
from photochrom.film.newest import Newest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None, help="photo-fast, or the domain's")
    parser.add_argument("--domain", default=None)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--rate", type=float, default=25.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=None, help="of the network")
    parser.add_argument("--most", type=float, default=200.0, help="milliseconds")
    words = parser.parse_args()
    model = words.model or (None if words.domain else "photo-fast")
    colorizer = load_model(model, domain=words.domain, threads=words.threads)
    width, height = map(int, words.size.split("x"))
    delays: list[float] = []
    with Broadcast() as broadcast, Newest(lambda: camera((width, height), words.rate), ends=False) as newest:
        pace = run_live(newest, colorizer, broadcast, seconds=words.seconds, delays=delays)
    late = 1000 * np.array(delays[5:])  # the first ones wait for all that is made once
    print(
        f"{colorizer.info.name}, {words.size} at {words.rate:g}/s for {words.seconds:g} s: {pace.rate:.1f} frames/s, "
        f"latency mean {late.mean():.0f} ms, median {np.median(late):.0f}, 95 % {np.quantile(late, 0.95):.0f}, "
        f"worst {late.max():.0f}; {pace.shown} shown, {pace.dropped} dropped"
    )
    sys.exit(int(late.mean() > words.most))


def camera(size: tuple[int, int], rate: float) -> Iterator[VideoFrame]:
    """A textured ground that pans, with a square that moves and grain."""
    rng = np.random.default_rng(0)
    ground = sum(cv2.resize(rng.random((n, 2 * n)).astype(np.float32), (2 * size[0], 2 * size[1])) / n for n in (8, 30))
    ground = (ground - ground.min()) / np.ptp(ground) * 200 + 20
    grain = rng.normal(0, 2, (4, *size[::-1])).astype(np.float32)
    begun = time.monotonic()
    for n in range(1 << 30):
        left = n % size[0]
        grey = ground[: size[1], left : left + size[0]] + grain[n % 4]
        grey[100:180, left // 2 : left // 2 + 80] = 230
        time.sleep(max(0.0, begun + n / rate - time.monotonic()))
        yield VideoFrame.from_ndarray(np.clip(grey, 0, 255).astype(np.uint8), "gray")


if __name__ == "__main__":
    main()
