"""The whole road on drawn files of many sizes, beside its floor: decoding the file and encoding the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import photochrom
from photochrom.colorizer import Colorizer
from photochrom.evaluate.bench.drawn import shape_of, write_jpeg
from photochrom.evaluate.bench.plan import Plan
from photochrom.evaluate.bench.rounds import in_turn, ratios, spread
from photochrom.photo import Photo
from photochrom.progress import Progress

QUALITY = 92  # what the road writes, without chroma subsampling


def measure(model: str, plan: Plan, folder: Path, progress: Progress) -> list[dict[str, Any]]:
    """Rows of seconds for every size: the floor, the road, and the road's steps by themselves."""
    colorizer = photochrom.load_model(model)
    out = folder / "out.jpg"
    rows = []
    for megapixels in plan.megapixels:
        source = write_jpeg(folder / f"{megapixels:g}mp.jpg", megapixels)
        road(colorizer, source, out)
        colored = decode(out)
        steps: dict[str, Callable[[], object]] = {
            "floor": partial(floor, source, colored, out),
            "road": partial(road, colorizer, source, out),
            **_steps(colorizer, source),
        }
        seconds = in_turn(steps, plan.road_rounds, what=f"{megapixels:g} megapixels", progress=progress)
        rows.append(
            {
                "megapixels": megapixels,
                "size": list(shape_of(megapixels)),
                "bytes": source.stat().st_size,
                "seconds": {name: spread(values) for name, values in seconds.items()},
                "ratio": ratios(seconds["road"], seconds["floor"]),
            }
        )
        source.unlink()
    return rows


def road(colorizer: Colorizer, source: Path, out: Path) -> None:
    """What `photochrom source -o out` does."""
    colorizer.colorize(Photo.open(source)).save(out, overwrite=True)


def floor(source: Path, colored: NDArray[np.uint8], out: Path) -> None:
    """Decode the grey file, encode the coloured picture: what no coloriser can do without."""
    decode(source)
    encode(colored, out)


def decode(source: Path) -> NDArray[np.uint8]:
    """(H,W) or (H,W,3) uint8, by Pillow alone."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # of any size, without a warning
    try:
        return np.asarray(Image.open(source))
    finally:
        Image.MAX_IMAGE_PIXELS = before


def encode(pixels: NDArray[np.uint8], out: Path) -> None:
    """(H,W,3) uint8 into a JPEG, by Pillow alone."""
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY, subsampling=0)


def _steps(colorizer: Colorizer, source: Path) -> dict[str, Callable[[], object]]:
    """The road's own steps, each on what the one before left."""
    state: dict[str, Any] = {}

    def read() -> None:
        state["photo"] = Photo.open(source)

    def predict() -> None:
        state["prediction"] = colorizer.predict(state["photo"])

    def render() -> None:
        state["out"] = colorizer.render(state["photo"], state["prediction"])

    def write() -> None:
        state["out"].encode(quality=QUALITY)
        state.clear()

    return {"decode": read, "predict": predict, "render": render, "encode": write}
