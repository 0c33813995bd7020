"""First chapter: the picture, what the network is shown of it, and what its layers answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from photochrom.color.frame import Frame
from photochrom.explain.drawing import Rgb, channels, components, grey_map
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject
from photochrom.network.layers import encoder_layers
from photochrom.sheet import montage

_CHANNELS = 3  # of each layer, shown beside its components
_KEPT = "The lightness of every pixel stays as it was: only colour is laid on."
_PREDICTED = (
    "How bright such a picture is at a place does not say how light the thing there is to the eye, so the network says "
    "lightness and colour, both coarsely, and the picture gives the detail."
)


def seeing(subject: Subject) -> Iterator[Figure]:
    """The picture before and after, the network's copy, its layers."""
    yield Figure(
        "picture",
        "Before and after",
        f"{_KEPT if subject.lightness is None else _PREDICTED} Everything below shows how the network came to these "
        "colours.",
        montage([("without colour", subject.grey), ("as coloured", subject.colored)], columns=2, wide=430),
        chapter="What the network sees",
    )
    yield _shown(subject)
    yield from _layers(subject)


def _shown(subject: Subject) -> Figure:
    prediction = subject.prediction
    guide = prediction.intensity
    height, width = prediction.shown.shape
    told = [
        f"The network looks at a small copy of {width} by {height} pixels, in brightness alone: it knows shapes and "
        "textures, and no colour."
    ]
    called = prediction.tint.called if prediction.tint else "grey"
    if called not in ("grey", "colour"):
        told.append(f"The print is {_article(called)}: its own tint is left out, and only its lightness is used.")
    if isinstance(prediction.frame, Frame):
        told.append("The mount round the print was found and left out, since it is no part of the scene.")
    elif prediction.frame:
        told.append("What lies on the picture, or was not measured, was found and left out: a scale, writing, margins.")
    pictures = [("as the network sees it", grey_map(prediction.shown))]
    if not np.array_equal(guide, prediction.shown):
        told.append(subject.domain.showing)
        pictures.insert(0, ("as it is", grey_map(guide)))
    return Figure("shown", "A small grey copy", " ".join(told), montage(pictures, columns=2, wide=400))


def _layers(subject: Subject) -> Iterator[Figure]:
    layers = encoder_layers(subject.colorizer.info, subject.prediction.shown)
    if not layers:
        return
    height, width = subject.prediction.shown.shape
    size = (220, max(1, round(220 * height / width)))
    rows: list[tuple[str, Rgb]] = []
    for layer in layers:
        count, high, wide = layer.features.shape
        rows.append((f"{wide}x{high}, {count} channels", components(layer.features, size)))
        rows += [("a channel", channel) for channel in channels(layer.features, _CHANNELS, size)]
    yield Figure(
        "layers",
        "What the layers answer",
        "The first half of the network makes ever smaller and ever more abstract maps of the picture. Left, the three "
        "main directions of each map (its principal components) are drawn as red, green and blue: places of one colour "
        "look alike to the network. Beside it are three of its channels, bright where they answer. The first map knows "
        "edges and brightness; in the last, one place stands for a whole part of the scene.",
        montage(rows, columns=1 + _CHANNELS, wide=220),
    )


def _article(called: str) -> str:
    return called if "-" in called or called == "toned" else f"a {called}"
