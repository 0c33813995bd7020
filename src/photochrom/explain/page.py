"""The explanation as one HTML file that needs no server: every picture and the few lines of script are in it."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from importlib import resources
from string import Template

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import photochrom
from photochrom.color.lab import lab_to_rgb
from photochrom.explain.animation import animated
from photochrom.explain.choices import probabilities
from photochrom.explain.drawing import Rgb
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject

_KEPT = 12  # of a place's colours, the likeliest: what the page can show under the pointer
_LIGHT = 62.0  # L* that they are shown with


def page(subject: Subject, figures: Sequence[Figure]) -> str:
    """The whole file."""
    chapters = [(figure.name, figure.chapter) for figure in figures if figure.chapter]
    parts = []
    for figure in figures:
        if figure.chapter:
            parts.append(f'<h2 id="{figure.name}">{html.escape(figure.chapter)}</h2>')
        parts.append(_figure(figure))
        if figure.name == "distribution":
            parts.append(_explorer(subject))
    return _template("page.html").substitute(
        title=html.escape(f"How {_name(subject)} got its colours"),
        css=_read("page.css"),
        lead=html.escape(_lead(subject)),
        nav="\n".join(f'<a href="#{name}">{html.escape(title)}</a>' for name, title in chapters),
        body="\n".join(parts),
        footer=html.escape(_footer(subject)),
    )


def _lead(subject: Subject) -> str:
    spec = subject.prediction.spec
    made = f"the recipe {spec.recipe}" if spec.recipe else "an unknown recipe"
    told = [*(f"{note}." for note in subject.notes)]
    told.append(
        f"The model {subject.colorizer.info.name!r}, trained by {made}, coloured it. Each step below is taken from "
        "this very picture: nothing is drawn by hand. Colours are measured in units of CIE Lab; a difference of 2 can "
        "just be seen, one of 20 is another shade, one of 60 another colour."
    )
    if not subject.has_distribution:
        told.append(
            "This network gives one colour for each place and does not say how likely others are: what a network with "
            "a distribution would show (its choices, how sure it is, variants) is left out."
        )
    return " ".join(told)


def _footer(subject: Subject) -> str:
    info = subject.colorizer.info
    said = json.dumps(subject.settings.to_dict(), default=str)
    return (
        f"photochrom {photochrom.__version__}, model {info.name} (SHA-256 {info.sha256[:16]}), settings {said}. "
        f"{subject.photo.width} by {subject.photo.height} pixels."
    )


def _name(subject: Subject) -> str:
    path = subject.photo.path
    return path.name if path is not None else "a picture"


def _figure(figure: Figure) -> str:
    if figure.frames:
        source = _inline(animated(figure.frames, "WEBP"), "webp")
        high, wide = figure.frames[0].shape[:2]
    else:
        source, (high, wide) = _inline(_webp(figure.picture), "webp"), figure.picture.shape[:2]
    return (
        f"<h3>{html.escape(figure.title)}</h3>\n<figure><figcaption>{html.escape(figure.caption)}</figcaption>"
        f'<img width="{wide}" height="{high}" alt="{html.escape(figure.title)}" src="{source}"></figure>'
    )


def _explorer(subject: Subject) -> str:
    """The picture, and beside it the distribution under the pointer."""
    return _template("explore.html").substitute(
        picture=_inline(_webp(subject.colored), "webp"),
        data=json.dumps(explored(subject)).replace("<", "\\u003c"),
        script=_read("explore.js"),
    )


def explored(subject: Subject) -> dict[str, object]:
    """What the page's script takes: the likeliest bins of each place, their probabilities, the confidence."""
    mass = probabilities(subject.prediction)
    colors = subject.prediction.spec.colors
    bins, high, wide = mass.shape
    count = min(_KEPT, bins)
    flat = mass.reshape(bins, -1).T
    order = np.argsort(-flat, axis=1)[:, :count]
    shares = np.rint(np.take_along_axis(flat, order, axis=1) * 255).astype(np.uint8)
    certain = subject.colorizer.confidence(subject.prediction, subject.settings)
    assert certain is not None
    rgb = np.clip(lab_to_rgb(np.column_stack([np.full(bins, _LIGHT, np.float32), colors])), 0, 1)
    return {
        "width": wide,
        "height": high,
        "count": count,
        "box": [round(edge, 5) for edge in subject.box],
        "start": [round(value, 5) for value in subject.points[0]],
        "colors": np.round(colors, 1).tolist(),
        "hex": ["#" + "".join(f"{v:02x}" for v in row) for row in np.rint(rgb * 255).astype(int)],
        "bins": _base64(order.astype("<u2")),
        "shares": _base64(shares),
        "confidence": _base64(np.rint(certain * 255).astype(np.uint8)),
    }


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _webp(picture: Rgb) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(memory, "WEBP", quality=88)
    return memory.getvalue()


def _inline(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _template(name: str) -> Template:
    return Template(_read(name))


def _read(name: str) -> str:
    return resources.files("photochrom.explain").joinpath("templates", name).read_text(encoding="utf-8")
