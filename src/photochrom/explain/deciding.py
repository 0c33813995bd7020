"""Chapter of the decision: how likely each colour is at a place, and what else it might have been."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from photochrom.explain.choices import choices, probabilities
from photochrom.explain.drawing import Rgb, discs, heat, letter, marked, over, scale_bar
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject
from photochrom.prediction import NEAR
from photochrom.sheet import montage

_SECOND = 0.15  # share of the probability from which a second guess is worth painting


def deciding(subject: Subject) -> Iterator[Figure]:
    """The distribution at the points, the dial, further choices, confidence. Nothing for a network without one."""
    if not subject.has_distribution:
        return
    yield _distribution(subject)
    yield _dial(subject)
    yield _confidence(subject)
    yield from _choices(subject)


def _distribution(subject: Subject) -> Figure:
    mass, colors = probabilities(subject.prediction), subject.prediction.spec.colors
    light = subject.prediction.shown
    pictures: list[tuple[str, Rgb]] = [("the places", marked(subject.colored, subject.marks))]
    for i, point in enumerate(subject.points):
        y, x = subject.place(point)
        lightness = float(light[int(point[1] * light.shape[0]), int(point[0] * light.shape[1])])
        at = mass[:, y, x]
        spread = float(np.exp(-(at * np.log(np.maximum(at, 1e-12))).sum()))
        pictures.append((f"{letter(i)}: as if {spread:.0f} colours were alike", discs(at, colors, lightness)))
    return Figure(
        "distribution",
        "Not one colour, but how likely each one is",
        "For every place the network divides the plane of colours (green to red from left to right, blue to yellow "
        f"from bottom to top, grey in the middle) into {len(colors)} squares and says how likely each is. Each "
        "disc is one of them in its own colour, and its area is its probability. Where one group of discs is large the "
        "network is sure; where they lie scattered it can't know: a car or a dress may have any colour.",
        montage(pictures, columns=3, wide=420),
        chapter="How it decides",
    )


def _dial(subject: Subject) -> Figure:
    pictures = []
    for vividness, name in ((0.0, "0: the safest mean"), (1.0, "1: as trained"), (2.0, "2: the boldest")):
        ab = subject.colorizer.chroma(subject.prediction, replace(subject.settings, vividness=vividness))
        pictures.append((f"vividness {name}", subject.painted(ab)))
    return Figure(
        "vividness",
        "From many likely colours to one",
        "A place takes the mean of its likely colours. The plain mean is safe and rather pale: the mean of red and "
        "green is no colour at all. Sharpening the distribution before the mean is taken makes it bolder, and at last "
        "patchy. This is what --vividness turns.",
        montage(pictures, columns=3, wide=300),
    )


def _confidence(subject: Subject) -> Figure:
    certain = subject.colorizer.confidence(subject.prediction, subject.settings)
    assert certain is not None
    inside = subject.grey[subject.inside]
    bar = scale_bar("a guess", "sure")
    shown = over(inside, certain, 0, 1)
    return Figure(
        "confidence",
        "Where it is sure",
        f"The probability that the shown colour errs by no more than {NEAR:g} units, the difference between two "
        "neighbouring shades: pale yellow is sure, black is a guess. Over the whole picture it is "
        f"{certain.mean():.0%}. --confidence writes this map beside the result, and --json gives the number.",
        montage(
            [("confidence", shown), ("the colours", subject.colored[subject.inside]), ("", bar)], columns=2, wide=430
        ),
    )


def _choices(subject: Subject) -> Iterator[Figure]:
    found = choices(subject.prediction, 3)
    pictures: list[tuple[str, Rgb]] = []
    for name, choice in zip(("likeliest", "second", "third"), found, strict=True):
        pictures.append((f"{name} choice: {choice.share.mean():.0%} on average", subject.painted(choice.ab)))
    certain = [
        (f"how likely the {name} is", heat(choice.share))
        for name, choice in zip(("first", "second", "third"), found, strict=True)
    ]
    undecided = float((found[1].share > _SECOND).mean())
    yield Figure(
        "choices",
        "Second and third choices",
        "The picture if every place took its likeliest colour, then the likeliest of those that differ from it "
        f"clearly, then the next. Below, how likely each is, pale for likely: on {undecided:.0%} of the picture a "
        f"second choice has more than {_SECOND:.0%}. They are chosen place by place, and so patchier than the picture.",
        montage([*pictures, *[(name, _sized(picture, subject)) for name, picture in certain]], columns=3, wide=300),
    )


def _sized(small: Rgb, subject: Subject) -> Rgb:
    from PIL import Image

    high, wide = subject.colored[subject.inside].shape[:2]
    return np.asarray(Image.fromarray(small).resize((wide, high), Image.Resampling.NEAREST))
