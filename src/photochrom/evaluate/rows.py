"""The rows of results.json, of all pictures and of each set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluate.cache import Cache
from photochrom.evaluate.metrics.segments import segment_rows
from photochrom.evaluate.numbers import Numbers
from photochrom.evaluate.painters import ModelPainter, Painter
from photochrom.evaluate.summary import METRICS, Summary, summarize
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent
from photochrom.train.measure.frechet import frechet_distance, frechet_error

FRECHET_DRAWS = 20
Members = NDArray[np.bool_]  # (n,): which of the pictures


def rows_of_all(numbers: Numbers, *, draws: int, cache: Cache, progress: Progress = silent) -> list[dict[str, Any]]:
    """A row for each painter, of all pictures. draws: of the bootstrap, 0 for no intervals."""
    rows = []
    everything = np.ones(len(numbers.pictures), bool)
    for n, painter in enumerate(numbers.painters):
        rows.append(_row(numbers, painter, everything, draws, cache) | _about(painter))
        progress("Comparing", n + 1, len(numbers.painters))
    return rows


def rows_of_sets(numbers: Numbers, *, cache: Cache) -> list[dict[str, Any]]:
    """A row for each set and painter, without intervals; none if there is one set only."""
    sets = np.array([picture.set_name for picture in numbers.pictures])
    names = list(dict.fromkeys(sets.tolist()))
    if len(names) < 2:
        return []
    return [
        {"set": name} | _row(numbers, painter, sets == name, 0, cache)
        for name in names
        for painter in numbers.painters
        if (sets == name).sum() > 1
    ]


def _about(painter: Painter) -> dict[str, Any]:
    if not isinstance(painter, ModelPainter):
        return {}
    info = painter.network.info
    return {
        "sha256": info.sha256,
        "recipe": info.recipe,
        "detail": painter.settings.detail or info.work_size,
        "vividness": painter.settings.vividness,
        "size_bytes": info.size_bytes,
    }


def _row(numbers: Numbers, painter: Painter, members: Members, draws: int, cache: Cache) -> dict[str, Any]:
    of_row, of_truth = (
        {name: column[members] for name, column in numbers.columns[row].items()} for row in (painter.name, "truth")
    )
    summary = summarize(of_row, of_truth, draws=draws)
    distances = _distances(numbers, painter, members, draws, cache)
    metrics = distances.metrics | summary.metrics
    intervals = distances.intervals | summary.intervals
    return {
        "model": painter.name,
        "n": int(members.sum()),
        "metrics": {name: metrics[name] for name in METRICS if name in metrics},
        "intervals": {name: list(intervals[name]) for name in METRICS if name in intervals},
        "segments": segment_rows(of_row),
    }


def _distances(numbers: Numbers, painter: Painter, members: Members, draws: int, cache: Cache) -> Summary:
    """The Frechet distances from the truth. They take minutes, so the cache remembers them."""
    metrics: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    chosen = digest_of([picture for picture, member in zip(numbers.pictures, members, strict=True) if member])
    times = FRECHET_DRAWS if draws else 0
    for name in numbers.features[painter.name]:
        if painter.name == "truth":
            metrics[name], intervals[name] = 0.0, (0.0, 0.0)
            continue
        key = (numbers.keys[name], painter.key, chosen, str(numbers.size), str(times))
        known = cache.load("frechet", *key)
        if known is None:
            a, b = (np.asarray(numbers.features[row][name][members], np.float32) for row in (painter.name, "truth"))
            error = frechet_error(a, b, draws=times) if times else 0.0
            known = {"found": np.array([frechet_distance(a, b), error])}
            cache.store(known, "frechet", *key)
        value, error = np.asarray(known["found"], np.float64).tolist()
        metrics[name] = value
        if times:
            intervals[name] = (max(0.0, value - 1.96 * error), value + 1.96 * error)
    return Summary(metrics, intervals if draws else {})


def digest_of(pictures: Sequence[Picture]) -> str:
    """Of the pictures' bytes, in order: names and places don't matter."""
    return hashlib.sha256("".join(picture.sha256 for picture in pictures).encode()).hexdigest()
