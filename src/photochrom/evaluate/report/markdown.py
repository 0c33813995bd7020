"""The report as Markdown: results.md, and a page for docs/."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom.atomic import atomic_write
from photochrom.evaluate.report import gallery, tables
from photochrom.evaluate.report.content import SHOWN, about, figures, origin, sheet_columns, vividness
from photochrom.evaluate.report.ranking import readable
from photochrom.evaluate.report.svg import svg_of
from photochrom.evaluate.run import Evaluation
from photochrom.evaluate.summary import METRICS
from photochrom.pictures.picture import Picture


def write_markdown(
    evaluation: Evaluation, path: Path, *, show: Sequence[Picture] | None = None, notes: str = ""
) -> Path:
    """The tables as Markdown, with a contact sheet and plots beside it, `PATH-sheet.jpg` and `PATH-spread.svg`.

    The worst pictures are those of the first model; report.html has everyone's. show: pictures for the sheet in place
    of the data's own, where those may not be passed on. notes: Markdown of a person who looked. Raises OutputError.
    """
    r, items = evaluation.results, evaluation.numbers.pictures if show is None else show
    settings = evaluation.settings
    parts = ["# Quality", about(evaluation), tables.markdown(tables.result_rows(r["rows"]))]
    parts += [*r["notes"], *evaluation.missing.values(), tables.markdown(tables.meanings(r["rows"]))]
    if evaluation.settings.draws:
        keys = ("fid", "fid_torchvision", "fd_dinov2", "lpips_alex", "lpips_vgg", "ciede2000", "colorfulness", "ece")
        short = [
            row | {name: {k: v for k, v in row[name].items() if k in keys} for name in ("metrics", "intervals")}
            for row in r["rows"]
            if row["model"] != "truth"
        ]
        parts += ["## 95 % intervals", tables.markdown(tables.result_rows(short, intervals=True))]
    parts += ["## Chroma by the truth's", tables.markdown(tables.vividness_rows(r["rows"])), vividness(r)]
    if r["sets"]:
        parts += ["## Each set", tables.markdown(tables.result_rows(r["sets"]))]
    parts.append("## Spread over the pictures")
    for (figure, caption), name in zip(figures(evaluation), ("spread", "distances", "calibration"), strict=False):
        file = path.with_name(f"{path.stem}-{name}.svg")
        with atomic_write(file, overwrite=True) as stream:
            stream.write(svg_of(figure, salt=file.name))
        parts.append(f"![{caption}]({file.name})")
    file = path.with_name(f"{path.stem}-sheet.jpg")
    columns = sheet_columns(evaluation)
    with atomic_write(file, overwrite=True) as stream:
        sheet = gallery.sheet_of(gallery.spread(items, SHOWN), columns, settings.size, domain=settings.domain)
        sheet.save(stream, "JPEG", quality=88)
    names = ", ".join(painter.name for painter in columns)
    parts += ["## Contact sheet", f"![From left to right: {names}]({file.name})", f"From left to right: {names}."]
    parts.append(notes)
    for model, ends in list(r["pictures"].items())[:1]:
        counts = ", ".join(f"{kind} {n}" for kind, n in ends["failures"].items())
        worst = [readable(row) for row in ends["worst"]]
        parts += [
            f"## What {model} gets wrong",
            f"All pictures by the rules of thumb in `photochrom.evaluate.metrics.failures`: {counts}. "
            f"The {len(worst)} worst by {METRICS[ends['by']].label}:",
            tables.markdown(worst),
        ]
    parts += [
        "## Where this comes from",
        tables.markdown([{"What": k, "Value": v} for k, v in origin(_without_places(r))]),
    ]
    with atomic_write(path, overwrite=True) as stream:
        stream.write(("\n\n".join(part.strip() for part in parts if part) + "\n").encode())
    return path


def _without_places(r: dict[str, Any]) -> dict[str, Any]:
    """The results with the bare names of files in the command: a page is passed on, results.json has it all."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in shlex.split(r["command"])]
    return r | {"command": shlex.join(words)}
