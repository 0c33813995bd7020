"""Chapter of causes: what hiding a part of the picture changes, and what each hint did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from photochrom.color.resample import resize
from photochrom.explain.drawing import Rgb, letter, marked, over, scale_bar
from photochrom.explain.figure import Figure
from photochrom.explain.hiding import Hidden, hide
from photochrom.explain.subject import Subject
from photochrom.progress import Progress, silent
from photochrom.sheet import montage

_LEAST = 2.0  # ab units: the scales of changes reach at least so far, so that nothing is not made to look like much


def depending(subject: Subject, *, progress: Progress = silent) -> Iterator[Figure]:
    """What hiding changes, then what each hint of the settings' guide did."""
    yield from _hiding(subject, progress)
    yield from explained_hints(subject)


def _hiding(subject: Subject, progress: Progress) -> Iterator[Figure]:
    hidden = hide(subject.colorizer, subject.prediction, subject.settings, subject.points, progress=progress)
    inside = subject.grey[subject.inside]
    most = max(_LEAST, float(hidden.elsewhere.max()))
    pictures = [("what the rest depends on", over(inside, hidden.elsewhere, 0, most))]
    for i, change in enumerate(hidden.at):
        reach = max(_LEAST, float(change.max()))
        on = marked(over(inside, change, 0, reach), [subject.points[i]], first=i)
        pictures.append((f"what the colour at {letter(i)} depends on", on))
    pictures.append(("", scale_bar("nothing changes", "much changes")))
    furthest = hidden.elsewhere.max()
    by = f"up to {furthest:.1f}" if furthest >= 0.05 else "less than 0.1"
    yield Figure(
        "hiding",
        "Hide a part, and see what changes",
        "A patch of the picture is hidden (made flat), the picture is coloured again, and the change of the colours is "
        "measured. Left, pale places are those that the colours of everything else depend on: hide them, and the rest "
        f"is coloured otherwise, by {by} units on average. Beside it the same for the colour of one place alone: pale "
        "is what the network looks at when it chooses that colour.",
        montage(pictures, columns=3, wide=300),
        chapter="What it goes by",
    )
    yield _strongest(subject, hidden)


def _strongest(subject: Subject, hidden: Hidden) -> Figure:
    top, left, bottom, right = hidden.strongest
    colorizer = subject.colorizer
    after = colorizer.lay(subject.small, hidden.then, colorizer.chroma(hidden.then, subject.settings)).pixels
    image = Image.fromarray(np.ascontiguousarray(after))
    rows, columns = subject.inside
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    box = (
        columns.start + left * wide,
        rows.start + top * high,
        columns.start + right * wide - 1,
        rows.start + bottom * high - 1,
    )
    draw = ImageDraw.Draw(image)
    draw.rectangle(box, outline=(0, 0, 0), width=4)
    draw.rectangle(box, outline=(255, 255, 255), width=2)
    return Figure(
        "hidden",
        "The patch that matters most",
        "With the framed patch hidden the colours elsewhere change most. The patch itself is shown with its own "
        "detail, but the network did not see it.",
        montage([("seen whole", subject.colored), ("with the patch hidden", np.asarray(image))], columns=2, wide=430),
    )


def explained_hints(subject: Subject) -> Iterator[Figure]:
    """The picture without each hint of the settings' guide, and what it changed; nothing where there are none."""
    guide = subject.settings.guide
    if not guide.hints:
        return
    pictures: list[tuple[str, Rgb]] = []
    size = subject.photo.size
    for i, hint in enumerate(guide.hints):
        rest = (*guide.hints[:i], *guide.hints[i + 1 :])
        settings = replace(subject.settings, guide=replace(guide, hints=rest))
        without = subject.colorizer.predict(subject.photo, settings)
        chroma = subject.colorizer.chroma(without, settings)
        place = hint.shared(size)
        at = [(place.x, place.y)]
        picture = subject.colorizer.render(subject.small, without, settings).pixels
        pictures.append((f"without hint {i + 1}", marked(picture, at, first=i)))
        alike = resize(chroma, (subject.chroma.shape[1], subject.chroma.shape[0]))
        change = np.linalg.norm(subject.chroma - alike, axis=-1).astype(np.float32)
        shown = over(subject.grey[subject.inside], change, 0, max(_LEAST, float(change.max())))
        pictures.append((f"what hint {i + 1} changed", shown))
    yield Figure(
        "hints",
        "What each hint did",
        "The picture coloured with all hints but one, and where that one made a difference: pale is much. A hint fills "
        "the thing that it lies on and should stop at its edges.",
        montage([("with all hints", subject.colored), *pictures], columns=3, wide=300),
    )
