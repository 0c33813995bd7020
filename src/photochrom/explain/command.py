"""`photochrom explain PICTURE -o FOLDER`: pictures, an animation and a page."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from photochrom.atomic import atomic_write, make_folder
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError, UsageError
from photochrom.explain.animation import animated
from photochrom.explain.explanation import explain
from photochrom.explain.figure import Figure
from photochrom.explain.page import page
from photochrom.explain.subject import Subject, subject_of
from photochrom.photo import Photo, read_photo
from photochrom.progress import Bar
from photochrom.settings import Settings

INDEX = "index.html"


class Order(NamedTuple):
    """What is to be explained, and where to: points in pixels, animation "WEBP" or "GIF"."""

    photo: Photo
    folder: Path
    points: Sequence[tuple[float, float]]
    animation: str


def explain_with(colorizer: Colorizer, order: Order, settings: Settings) -> int:
    """Do the whole of it by that model; gives the exit code."""
    return write(subject_of(colorizer, order.photo, settings, order.points), order)


def ordered(
    picture: str,
    output: str | None,
    *,
    at: Sequence[str],
    animation: str,
    overwrite: bool,
    bands: str | None = None,
) -> Order:
    """The words of the command, looked at before any work. Raises UsageError, OutputError and PictureError."""
    source = Path(picture)
    folder = Path(output) if output else source.with_name(f"{source.stem}.explain")
    points = [point_of(text) for text in at]
    if animation.upper() not in ("WEBP", "GIF"):
        raise UsageError(f"--animation must be webp or gif, got {animation!r}")
    if (folder / INDEX).exists() and not overwrite:
        raise OutputError(f"{folder / INDEX} exists already; add --overwrite to replace it")
    return Order(read_photo(source, bands=bands), folder, points, animation.upper())


def write(subject: Subject, order: Order, *, before: Iterable[Figure] = ()) -> int:
    """Make the figures and write them and the page; gives the exit code. before: figures that come first."""
    make_folder(order.folder, otherwise="choose another place with -o")
    figures = []
    with Bar() as bar:
        for figure in chain(before, explain(subject, progress=bar)):
            figures.append(figure)
            _save(figure, order.folder, len(figures), order.animation)
    _write(order.folder / INDEX, page(subject, figures).encode())
    sys.stdout.write(f"{order.folder / INDEX}\n")
    return 0


def point_of(text: str) -> tuple[float, float]:
    """The point that "320,200" names. Raises UsageError."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"--at must be two numbers, like 320,200 (from the left, from the top), got {text!r}"
        ) from None
    return x, y


def _save(figure: Figure, folder: Path, number: int, animation: str) -> None:
    name = f"{number:02d}-{figure.name}"
    if figure.frames:
        _write(folder / f"{name}.{animation.lower()}", animated(figure.frames, animation))
        return
    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(figure.picture)).save(memory, "PNG")
    _write(folder / f"{name}.png", memory.getvalue())


def _write(path: Path, data: bytes) -> None:
    with atomic_write(path, overwrite=True) as stream:
        stream.write(data)
