"""How fast a film is coloured, beside decoding and coding it alone, in one run: `python scripts/film_speed.py FILM...`.

Wall time says what one waits for on an idle machine; CPU seconds of all threads, what it costs on any. The command
has --threads 1 by itself where there are no more than two cores.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.packet import Packet

from photochrom import Colorizer, load_model
from photochrom.film.encoder import coding_for
from photochrom.film.film import color_film
from photochrom.film.info import probe
from photochrom.film.options import FilmOptions
from photochrom.film.raster import Raster
from photochrom.film.reader import Reader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", nargs="*", type=Path, help="drawn ones of 640x480 and 1920x1080 if none is named")
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--threads", type=int, default=None, help="of the network")
    parser.add_argument("--like", type=Path, help="a film whose pictures the drawn ones are made of")
    words = parser.parse_args()
    colorizer = load_model(words.model, threads=words.threads)
    with tempfile.TemporaryDirectory() as folder:
        films = words.films or [
            drawn(Path(folder) / f"{w}x{h}.mp4", (w, h), words.frames, words.like)
            for w, h in ((640, 480), (1920, 1080))
        ]
        for film in films:
            info = probe(film)
            base = measured(partial(recoded, film))
            ours = measured(partial(colored, film, Path(folder) / "out.mp4", colorizer))
            print(
                f"{film.name} {info.size[0]}x{info.size[1]}: decode and encode {base[1]:.1f} frames/s, "
                f"{1000 * base[2]:.1f} ms of CPU a frame; coloured {ours[1]:.1f} frames/s, "
                f"{1000 * ours[2]:.1f} ms of CPU; "
                f"ratio {base[1] / ours[1]:.1f} of time, {ours[2] / base[2]:.1f} of CPU; "
                f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
            )


def measured(work: Callable[[], int]) -> tuple[int, float, float]:
    """Pictures, pictures a second, and CPU seconds a picture."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    return count, count / (time.perf_counter() - wall), (time.process_time() - cpu) / count


def colored(film: Path, target: Path, colorizer: Colorizer) -> int:
    """The whole of it."""
    return color_film(film, target, colorizer, overwrite=True).count


def recoded(film: Path) -> int:
    """Decode and encode alone, as color_film does them."""
    info = probe(film)
    coding = coding_for(info, FilmOptions())
    raster, coder = Raster(info, coding.format), coding.context()
    packets: list[Packet] = []
    count = 0
    for frame in Reader(info).frames():
        image = raster.compose(raster.luma(frame.image), None)
        image.pts, image.time_base = frame.time, info.time_base
        packets += coder.encode(image)
        count += 1
    packets += coder.encode(None)
    return count


def drawn(path: Path, size: tuple[int, int], frames: int, like: Path | None, *, rate: int = 25) -> Path:
    """A grey film of that size: pictures of another film, or a textured ground that pans, with grain."""
    rng = np.random.default_rng(0)
    ground = sum(
        cv2.resize(rng.random((n, 2 * n)).astype(np.float32), (2 * size[0], 2 * size[1])) / n for n in (8, 30, 120)
    )
    ground = (ground - ground.min()) / np.ptp(ground) * 219 + 16
    others = Reader(probe(like)).frames() if like else None
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "fast"})
        stream.width, stream.height = size
        for n in range(frames):
            if others is not None:
                grey = cv2.resize(next(others).image.to_ndarray(format="gray"), size, interpolation=cv2.INTER_AREA)
                grey = np.rint(grey * (219 / 255) + 16)
            else:
                down, across = (abs((step * n) % (2 * side) - side) for step, side in ((1, size[1]), (2, size[0])))
                grey = ground[down : down + size[1], across : across + size[0]] + rng.normal(0, 2, size[::-1])
            planes = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
            planes[: size[1]] = np.clip(grey, 0, 255)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        film.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
