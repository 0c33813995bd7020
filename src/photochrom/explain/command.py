"""`photochrom explain PICTURE -o FOLDER`: pictures, an animation and a page."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import photochrom
from photochrom.atomic import atomic_write, make_folder
from photochrom.errors import OutputError, UsageError
from photochrom.explain.animation import animated
from photochrom.explain.explanation import explain
from photochrom.explain.figure import Figure
from photochrom.explain.page import page
from photochrom.explain.subject import subject_of
from photochrom.photo import read_photo
from photochrom.progress import Bar
from photochrom.settings import Settings

INDEX = "index.html"


def run(
    picture: str,
    output: str | None,
    *,
    settings: Settings,
    at: Sequence[str],
    model: str,
    animation: str,
    overwrite: bool,
) -> int:
    """Do the whole of it; gives the exit code."""
    source = Path(picture)
    folder = Path(output) if output else source.with_name(f"{source.stem}.explain")
    points = [point_of(text) for text in at]
    if animation.upper() not in ("WEBP", "GIF"):
        raise UsageError(f"--animation must be webp or gif, got {animation!r}")
    if (folder / INDEX).exists() and not overwrite:
        raise OutputError(f"{folder / INDEX} exists already; add --overwrite to replace it")
    photo = read_photo(source)
    colorizer = photochrom.load_model(model)
    subject = subject_of(colorizer, photo, settings, points)
    make_folder(folder, otherwise="choose another place with -o")
    figures = []
    with Bar() as bar:
        for figure in explain(subject, progress=bar):
            figures.append(figure)
            _save(figure, folder, len(figures), animation.upper())
    _write(folder / INDEX, page(subject, figures).encode())
    sys.stdout.write(f"{folder / INDEX}\n")
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
