"""The rows of results.json, of all pictures and of each set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluate.cache import Cache
from photochrom.evaluate.metrics.frechet import frechet_distance, frechet_error
from photochrom.evaluate.painters import ModelPainter, Painter
from photochrom.evaluate.summary import METRICS, Summary, summarise
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent

Columns = Mapping[str, Mapping[str, NDArray[np.generic]]]  # per row, per number, over the pictures
FRECHET_DRAWS = 20


class Rows:
    """columns: numbers of pictures. features: of the Frechet distances. keys: what the measures' numbers depend on."""

    def __init__(
        self,
        painters: Sequence[Painter],
        items: Sequence[Picture],
        columns: Columns,
        features: Columns,
        *,
        size: int,
        draws: int,
        cache: Cache,
        keys: Mapping[str, str],
    ) -> None:
        self.painters, self.items, self.columns, self.features = painters, items, columns, features
        self.size, self.draws, self.cache, self.keys = size, draws, cache, keys

    def whole(self, progress: Progress = silent) -> list[dict[str, Any]]:
        rows = []
        everything = np.ones(len(self.items), bool)
        for n, painter in enumerate(self.painters):
            row = self._row(painter, everything, self.draws)
            if isinstance(painter, ModelPainter):
                info = painter.network.info
                row |= {
                    "sha256": info.sha256,
                    "recipe": info.recipe,
                    "detail": painter.settings.detail or info.work_size,
                    "vividness": painter.settings.vividness,
                    "size_bytes": info.size_bytes,
                }
            rows.append(row)
            progress("Comparing", n + 1, len(self.painters))
        return rows

    def sets(self) -> list[dict[str, Any]]:
        kinds = list(dict.fromkeys(item.set_name for item in self.items))
        if len(kinds) < 2:
            return []
        made = []
        for kind in kinds:
            members = np.array([item.set_name == kind for item in self.items])
            made += [{"set": kind} | self._row(painter, members, 0) for painter in self.painters if members.sum() > 1]
        return made

    def _row(self, painter: Painter, members: NDArray[np.bool_], draws: int) -> dict[str, Any]:
        of = {name: {key: column[members] for key, column in c.items()} for name, c in self.columns.items()}
        summary = summarise(of[painter.name], of["truth"], draws=draws)
        distances = self._distances(painter, members, draws)
        metrics = distances.metrics | summary.metrics
        intervals = distances.intervals | summary.intervals
        return {
            "model": painter.name,
            "n": int(members.sum()),
            "metrics": {name: metrics[name] for name in METRICS if name in metrics},
            "intervals": {name: list(intervals[name]) for name in METRICS if name in intervals},
        }

    def _distances(self, painter: Painter, members: NDArray[np.bool_], draws: int) -> Summary:
        metrics: dict[str, float] = {}
        intervals: dict[str, tuple[float, float]] = {}
        chosen = digest_of([item for item, member in zip(self.items, members, strict=True) if member])
        for name in self.features[painter.name]:
            if painter.name == "truth":
                metrics[name], intervals[name] = 0.0, (0.0, 0.0)
                continue
            times = FRECHET_DRAWS if draws else 0
            key = (self.keys[name], painter.key, chosen, str(self.size), str(times))
            known = self.cache.load("frechet", *key)
            if known is None:
                a, b = (np.asarray(self.features[p][name][members], np.float32) for p in (painter.name, "truth"))
                error = frechet_error(a, b, draws=times) if times else 0.0
                known = {"found": np.array([frechet_distance(a, b), error])}
                self.cache.store(known, "frechet", *key)
            value, error = (float(v) for v in np.asarray(known["found"], np.float64))
            metrics[name] = value
            if times:
                intervals[name] = (max(0.0, value - 1.96 * error), value + 1.96 * error)
        return Summary(metrics, intervals if draws else {})


def digest_of(items: Sequence[Picture]) -> str:
    """Of the pictures' bytes, in order: names and places don't matter."""
    return hashlib.sha256("".join(item.sha256 for item in items).encode()).hexdigest()
