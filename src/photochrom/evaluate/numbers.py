"""The numbers of every picture: what the rows of a report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from photochrom.evaluate.arrays import Arrays
from photochrom.evaluate.cache import Cache
from photochrom.evaluate.dataset import chunks_of
from photochrom.evaluate.measures import FEATURES, Measure
from photochrom.evaluate.painters import Painter
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.evaluate.squares import Squares, measured, reasons_of
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent


@dataclass(frozen=True)
class Numbers:
    """What the measures found. All columns are over `pictures`, those that could be used.

    left_out: the others, and why. columns: per painter's name, by the name of the number. features: the same, of the
    Frechet distances. keys: per measure's name what its numbers depend on besides the pictures and the code.
    """

    painters: Sequence[Painter]
    pictures: Sequence[Picture]
    size: int  # px of the squares
    left_out: Sequence[Mapping[str, str]]
    columns: Mapping[str, Arrays]
    features: Mapping[str, Arrays]
    keys: Mapping[str, str]


def measure_all(
    pictures: Sequence[Picture],
    painters: Sequence[Painter],
    measures: Sequence[Measure],
    *,
    settings: EvaluationSettings,
    cache: Cache,
    progress: Progress = silent,
) -> Numbers:
    """Every measure of what every painter makes of every picture; by chunks, which the cache remembers.

    settings: which say the size of the squares, in px, and the domain. Raises OutputError where the cache can't be
    written.
    """
    whose = {measure.name: [painter for painter in painters if measure.applies(painter)] for measure in measures}
    parts: dict[str, list[Arrays]] = {painter.name: [] for painter in painters}
    usable: list[Picture] = []
    left_out: list[dict[str, str]] = []
    done, total = 0, len(pictures) * sum(map(len, whose.values()))
    for chunk in chunks_of(pictures, settings.size, settings.domain):
        squares = Squares(chunk)
        reasons = reasons_of(squares, cache)
        for picture, reason in zip(chunk.items, reasons, strict=True):
            if reason:
                left_out.append({"set": picture.set_name, "name": picture.name, "reason": reason})
            else:
                usable.append(picture)
        part: dict[str, Arrays] = {painter.name: {} for painter in painters}
        for measure in measures:
            if not all(reasons):
                for painter, arrays in measured(measure, whose[measure.name], squares, cache).items():
                    part[painter.name] |= arrays
            done += len(chunk.items) * len(whose[measure.name])
            progress("Measuring", done, total)
        for name, arrays in part.items():
            if arrays:
                parts[name].append(arrays)
    joined = {name: _joined(of_chunks) for name, of_chunks in parts.items()}
    return Numbers(
        painters,
        usable,
        settings.size,
        left_out,
        columns={name: {key: c for key, c in arrays.items() if key not in FEATURES} for name, arrays in joined.items()},
        features={name: {key: c for key, c in arrays.items() if key in FEATURES} for name, arrays in joined.items()},
        keys={measure.name: measure.key for measure in measures},
    )


def _joined(chunks: Sequence[Arrays]) -> Arrays:
    names = chunks[0] if chunks else ()
    return {name: np.concatenate([arrays[name] for arrays in chunks]) for name in names}
