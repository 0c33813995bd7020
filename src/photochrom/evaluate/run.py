"""One evaluation from pictures to numbers: they pass through by chunks, and what is found out is remembered."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom import provenance
from photochrom.errors import OutputError, UsageError
from photochrom.evaluate.cache import Arrays, Cache
from photochrom.evaluate.dataset import chunks_of, find_items, refuse_colourless
from photochrom.evaluate.measures import (
    FEATURES,
    FeatureMeasure,
    LpipsMeasure,
    Measure,
    make_measures,
)
from photochrom.evaluate.painters import GreyPainter, JpegPainter, Painter, TruthPainter, open_models
from photochrom.evaluate.rows import FRECHET_DRAWS, Rows, digest_of
from photochrom.evaluate.settings import Settings
from photochrom.evaluate.squares import Squares, measured
from photochrom.pictures.picture import Picture
from photochrom.progress import Progress, silent

FORMAT = 1  # of results.json
FEW = 5000  # pictures: with fewer the FID depends on their number


@dataclass
class Evaluation:
    """What a run found out. results: the content of results.json. columns: per row its numbers of each picture."""

    results: dict[str, Any]
    settings: Settings
    painters: list[Painter]
    items: list[Picture]
    columns: dict[str, dict[str, NDArray[np.generic]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def evaluate(
    data: Sequence[Path],
    models: Sequence[str],
    out: Path,
    *,
    settings: Settings | None = None,
    command: str = "",
    progress: Progress = silent,
) -> Evaluation:
    """Measure grey, truth, truth through JPEG and the models on the pictures; remembers chunks under out/cache.

    data: folders and tar shards of colour pictures. models: names or .onnx files. progress: told as the work goes on.
    Raises UsageError (no picture in colour, an unknown metric), ModelError and OutputError.
    """
    settings = settings or Settings()
    begun, start = datetime.now(timezone.utc), time.perf_counter()
    painters: list[Painter] = [GreyPainter()]
    painters += open_models(
        models,
        details=settings.details,
        vividness=settings.vividness,
        device=settings.device,
        threads=settings.threads,
    )
    painters += [JpegPainter(), TruthPainter()]
    measures, missing = make_measures(settings)
    items = find_items(data, limit=settings.limit, tell=partial(progress, "Reading"))
    refuse_colourless(items)
    cache = Cache(_made(out / "cache"))
    chunks = chunks_of(items, settings.size)
    work = [(measure, p) for measure in measures for p in painters if measure.applies(p)]

    found: dict[tuple[str, str], list[Arrays]] = {(measure.name, p.name): [] for measure, p in work}
    kept: list[Picture] = []
    left_out: list[dict[str, str]] = []
    done = 0
    for chunk in chunks:
        squares = Squares(chunk, cache)
        kept += [item for item, reason in zip(chunk.items, squares.reasons, strict=True) if not reason]
        left_out += [
            {"set": item.set_name, "name": item.name, "reason": reason}
            for item, reason in zip(chunk.items, squares.reasons, strict=True)
            if reason
        ]
        for measure in measures:
            rows = [p for p in painters if measure.applies(p)]
            for painter, arrays in measured(measure, rows, squares, cache).items():
                found[measure.name, painter.name].append(arrays)
            done += len(chunk.items) * len(rows)
            progress("Measuring", done, len(items) * len(work))
    if len(kept) < 2:
        why = f" ({left_out[0]['name']}: {left_out[0]['reason']})" if left_out else ""
        raise UsageError(f"{len(kept)} of {len(items)} pictures can be used{why}, 2 are the least: give more of them")

    evaluation = Evaluation({}, settings, painters, kept, missing=missing)
    features: dict[str, dict[str, NDArray[np.generic]]] = {}
    for painter in painters:
        joined: dict[str, NDArray[np.generic]] = {}
        for measure in measures:
            if measure.applies(painter):
                parts = [part for part in found[measure.name, painter.name] if part]
                joined.update({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
        features[painter.name] = {name: joined.pop(name) for name in FEATURES if name in joined}
        evaluation.columns[painter.name] = joined
    keys = {m.name: m.key for m in measures}
    rows = Rows(
        painters,
        kept,
        evaluation.columns,
        features,
        size=settings.size,
        draws=settings.draws,
        cache=cache,
        keys=keys,
    )
    evaluation.results = {
        "format": FORMAT,
        "rows": rows.whole(progress),
        "sets": rows.sets(),
        "data": {
            "sha256": digest_of(kept),
            "n": len(kept),
            "sets": {name: sum(p.set_name == name for p in kept) for name in dict.fromkeys(p.set_name for p in kept)},
            "left_out": left_out,
        },
        "settings": {
            "size": settings.size,
            "limit": settings.limit,
            "draws": settings.draws,
            "frechet_draws": FRECHET_DRAWS if settings.draws else 0,
        },
        "missing": missing,
        "notes": _notes(len(kept), measures),
        "metric_weights": {m.name: m.weights.sha256 for m in measures if isinstance(m, (LpipsMeasure, FeatureMeasure))},
        "command": command,
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "started": begun.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - start, 1),
    }
    return evaluation


def _notes(n: int, measures: Sequence[Measure]) -> list[str]:
    notes = []
    if n < FEW and any(measure.name in FEATURES for measure in measures):
        notes.append(
            f"The Frechet distances (FID and its like) are of {n:,} pictures. Below {FEW:,} they depend strongly "
            "on the number: compare them only with rows on the same pictures."
        )
    return notes


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the folder {folder}: {error.strerror}; choose another with --out") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"can't write in the folder {folder}: choose another with --out")
    return folder
