"""One evaluation, from pictures and models to what results.json holds."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from photochrom import provenance
from photochrom.atomic import make_folder
from photochrom.domains.table import find_domain
from photochrom.errors import OutputError, UsageError
from photochrom.evaluate.cache import Cache
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import refuse_unfit
from photochrom.evaluate.measures import FEATURES, FeatureMeasure, LpipsMeasure, Measure, make_measures
from photochrom.evaluate.numbers import Numbers, measure_all
from photochrom.evaluate.painters import GreyPainter, JpegPainter, Painter, TruthPainter, open_models
from photochrom.evaluate.rows import FRECHET_DRAWS, digest_of, rows_of_all, rows_of_sets
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.network.models import models as shipped
from photochrom.progress import Progress, silent

FORMAT = 1  # of results.json
FEW = 5000  # pictures: with fewer the FID depends on their number


@dataclass(frozen=True)
class Evaluation:
    """What a run found out. results: the content of results.json. missing: metrics that were left out, and why."""

    results: dict[str, Any]
    settings: EvaluationSettings
    numbers: Numbers
    missing: dict[str, str]


def evaluate(
    data: Sequence[Path],
    models: Sequence[str],
    out: Path,
    *,
    settings: EvaluationSettings | None = None,
    command: str = "",
    progress: Progress = silent,
) -> Evaluation:
    """Measure grey, truth, truth through JPEG and the models on the pictures; remembers chunks under out/cache.

    In a domain whose brightness is not lightness models are given the input of each pair, which is the first row too;
    without models named, `photo` and those of the domain are compared.

    data: folders and tar shards of colour pictures. models: names or .onnx files. progress: called as it goes on.
    Raises UsageError (no picture in colour, an unknown metric), ModelError and OutputError.
    """
    settings = settings or EvaluationSettings()
    begun, start = datetime.now(timezone.utc), time.perf_counter()
    own = find_domain(settings.domain).keeps_lightness
    painters: list[Painter] = [GreyPainter() if own else GreyPainter("input", "input")]
    painters += open_models(
        models or ([] if own else usual_models(settings.domain)),
        details=settings.details,
        vividness=settings.vividness,
        device=settings.device,
        threads=settings.threads,
    )
    painters += [JpegPainter(), TruthPainter()] if own else [TruthPainter()]
    measures, missing = make_measures(settings)
    pictures = find_items(data, domain=settings.domain, limit=settings.limit, progress=progress)
    refuse_unfit(pictures, settings.domain)
    cache = Cache(_writable(out / "cache"))
    numbers = measure_all(pictures, painters, measures, settings=settings, cache=cache, progress=progress)
    n = len(numbers.pictures)
    if n < 2:
        first = next(iter(numbers.left_out), None)
        why = f" ({first['name']}: {first['reason']})" if first else ""
        raise UsageError(f"{n} of {len(pictures)} pictures can be used{why}, 2 are the least: give more of them")
    results = {
        "format": FORMAT,
        "rows": rows_of_all(numbers, draws=settings.draws, cache=cache, progress=progress),
        "sets": rows_of_sets(numbers, cache=cache),
        "data": {
            "sha256": digest_of(numbers.pictures),
            "n": n,
            "sets": dict(Counter(picture.set_name for picture in numbers.pictures)),
            "left_out": list(numbers.left_out),
        },
        "settings": {
            "domain": settings.domain,
            "size": settings.size,
            "limit": settings.limit,
            "draws": settings.draws,
            "frechet_draws": FRECHET_DRAWS if settings.draws else 0,
        },
        "missing": missing,
        "notes": _notes(n, measures),
        "metric_weights": {m.name: m.weights.sha256 for m in measures if isinstance(m, (LpipsMeasure, FeatureMeasure))},
        "command": command,
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "started": begun.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - start, 1),
    }
    return Evaluation(results, settings, numbers, missing)


def usual_models(domain: str) -> list[str]:
    """What is compared where no model is named: that of photographs, and those that ship for the domain."""
    return ["photo", *(info.name for info in shipped() if info.domain == domain and domain != "photo")]


def _notes(n: int, measures: Sequence[Measure]) -> list[str]:
    if n >= FEW or not any(measure.name in FEATURES for measure in measures):
        return []
    return [
        f"The Frechet distances (FID and its like) are of {n:,} pictures. Below {FEW:,} they depend strongly "
        "on the number: compare them only with rows on the same pictures."
    ]


def _writable(folder: Path) -> Path:
    make_folder(folder, otherwise="choose another with --out")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"can't write in the folder {folder}: choose another with --out")
    return folder
