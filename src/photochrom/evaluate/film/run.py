"""`photochrom evaluate --film`: do films flicker? The models, carried and one picture at a time, beside the truth."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from photochrom import load_model, provenance
from photochrom.digest import sha256_of
from photochrom.errors import UsageError
from photochrom.evaluate.film.clips import COUNT, WIDE, Pictures, read_clip
from photochrom.evaluate.film.measures import Lpips, Motion, measure_film
from photochrom.evaluate.film.painters import paint_film
from photochrom.evaluate.measures import LpipsMeasure, make_measures
from photochrom.evaluate.metrics.picture import lab_of
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.progress import Bar
from photochrom.sheet import contact_sheet

SHOWN = (1, 10, 40)  # pictures on the sheet of each clip
COLUMNS = {
    "warped": "warped chroma error ↓",
    "warped_l": "warped L* error ↓",
    "cdc": "CDC × 1000 ↓",
    "colorfulness": "colourfulness",
    "lpips": "LPIPS (alex) ↓",
    "ciede2000": "CIEDE2000 ↓",
}


def run(
    films: Sequence[Path], models: Sequence[str], out: Path, *, settings: EvaluationSettings, count: int = COUNT
) -> int:
    """Measure, write film.json, film.md and a sheet of each clip under `out`, and show the table; the exit code."""
    if not models:
        raise UsageError("films are measured with a model; add --model photo-fast")
    out.mkdir(parents=True, exist_ok=True)
    lpips, missing = _lpips(settings)
    rows: list[dict[str, Any]] = []
    with Bar() as bar:
        for place, path in enumerate(films):
            truth = read_clip(path, count=count)
            motion, labs = Motion(truth), [lab_of(picture) for picture in truth]
            made: dict[str, Pictures] = {"truth": truth}
            for model in models:
                bar(f"Colouring {path.name}", place, len(films))
                colorizer = load_model(model, device=settings.device, threads=settings.threads)
                made[f"{colorizer.info.name}, one picture at a time"] = paint_film(truth, colorizer, carried=False)
                made[f"{colorizer.info.name}, carried"] = paint_film(truth, colorizer, carried=True)
            for name, pictures in made.items():
                bar(f"Measuring {path.name}", place, len(films))
                rows.append({"clip": path.stem, "row": name, **measure_film(pictures, truth, labs, motion, lpips)})
            _save_sheet(made, out / f"film-{path.stem}.png")
    rows += _means(rows)
    results = {
        "rows": rows,
        "clips": {path.stem: sha256_of(path) for path in films},
        "settings": {"width": WIDE, "pictures": count},
        "missing": missing,
        "command": " ".join(["photochrom", *sys.argv[1:]]),
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
    }
    (out / "film.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    table = markdown(rows)
    (out / "film.md").write_text(table, encoding="utf-8")
    for sentence in missing.values():
        sys.stderr.write(f"photochrom: {sentence}\n")
    sys.stdout.write(table)
    return 0


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a table."""
    columns = [name for name in COLUMNS if name in rows[0]]
    lines = ["| clip | | " + " | ".join(COLUMNS[name] for name in columns) + " |", "|" + "---|" * (len(columns) + 2)]
    digits = {"colorfulness": 1, "lpips": 4}
    for row in rows:
        values = (f"{row[name]:.{digits.get(name, 2)}f}" for name in columns)
        lines.append(f"| {row['clip']} | {row['row']} | " + " | ".join(values) + " |")
    return "\n".join(lines) + "\n"


def _means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each row over all clips."""
    if len({row["clip"] for row in rows}) < 2:
        return []
    found = []
    for name in dict.fromkeys(row["row"] for row in rows):
        alike = [row for row in rows if row["row"] == name]
        values = {key: float(np.mean([row[key] for row in alike])) for key in COLUMNS if key in alike[0]}
        found.append({"clip": "*mean*", "row": name, **values})
    return found


def _lpips(settings: EvaluationSettings) -> tuple[Lpips | None, dict[str, str]]:
    others = ("lpips_vgg", "fid", "fid_torchvision", "fd_dinov2", "distribution")
    chosen = EvaluationSettings(
        without=tuple({*settings.without, *others}),
        metric_weights=settings.metric_weights,
        download=settings.download,
        device=settings.device,
    )
    measures, missing = make_measures(chosen)
    found = next((measure for measure in measures if isinstance(measure, LpipsMeasure)), None)
    return (partial(found.net) if found else None), missing


def _save_sheet(made: dict[str, Pictures], path: Path) -> None:
    """Pictures 1, 10 and 40 of each row side by side."""
    places = [n for n in SHOWN if n < len(made["truth"])]
    rows = [[pictures[n] for n in places] for pictures in made.values()]
    contact_sheet(rows, [f"picture {n}; {', '.join(made)}" if not n - places[0] else str(n) for n in places]).save(path)
