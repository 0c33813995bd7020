"""The files of an evaluation: results.json, pictures.csv, results.md and report.html."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.atomic import atomic_write
from photochrom.evaluate.dataset import Item
from photochrom.evaluate.metrics.failures import KINDS, classify
from photochrom.evaluate.painters import JpegPainter, ModelPainter, Painter
from photochrom.evaluate.report import gallery, plots, tables
from photochrom.evaluate.report.html import Page
from photochrom.evaluate.run import Evaluation

_SHOWN = 12  # pictures on the contact sheet
_ENDS = 10  # best and worst
_FEW_NAMES = 20  # of pictures that were left out


def ranked(evaluation: Evaluation, model: str) -> tuple[str, list[int]]:
    """By which metric, and the places of the pictures from the best to the worst for a model: LPIPS alex if it is
    there, which minds a wrong colour more than a missing one; else CIEDE2000."""
    columns = evaluation.columns[model]
    metric = "lpips_alex" if "lpips_alex" in columns else "ciede2000"
    return metric, [int(i) for i in np.argsort(np.asarray(columns[metric], np.float64), kind="stable")]


def picture_rows(evaluation: Evaluation, model: str, places: Sequence[int]) -> list[dict[str, Any]]:
    """Of some pictures under a model: name, the main numbers, and what `classify` makes of them."""
    truth, rows = evaluation.columns["truth"], []
    for i in places:
        values = {name: float(c[i]) for name, c in evaluation.columns[model].items() if c.ndim == 1}
        item = evaluation.items[i]
        row: dict[str, Any] = {"set": item.kind, "name": item.name}
        row |= {name: values[name] for name in ("lpips_alex", "ciede2000", "colorfulness") if name in values}
        truly = float(truth["colorfulness"][i])
        rows.append(row | {"truth_colorfulness": truly, "failure": classify(values, truly)})
    return rows


def add_rankings(evaluation: Evaluation) -> None:
    """Put the best and worst pictures of each model, and how its pictures fail, into the results."""
    evaluation.results["pictures"] = {}
    for painter in evaluation.painters:
        if isinstance(painter, ModelPainter):
            metric, order = ranked(evaluation, painter.name)
            kinds = Counter(row["failure"] for row in picture_rows(evaluation, painter.name, order))
            evaluation.results["pictures"][painter.name] = {
                "by": metric,
                "best": picture_rows(evaluation, painter.name, order[:_ENDS]),
                "worst": picture_rows(evaluation, painter.name, order[: -_ENDS - 1 : -1]),
                "failures": {kind: kinds[kind] for kind in KINDS},
            }


def write_results(evaluation: Evaluation, out: Path) -> Path:
    """results.json, and pictures.csv with a line for each row and picture. Raises OutputError."""
    text = json.dumps(evaluation.results, indent=1, allow_nan=False) + "\n"
    with atomic_write(out / "results.json", overwrite=True) as stream:
        stream.write(text.encode())
    memory = io.StringIO(newline="")
    names = list(
        dict.fromkeys(name for columns in evaluation.columns.values() for name, c in columns.items() if c.ndim == 1)
    )
    writer = csv.writer(memory)
    writer.writerow(["model", "set", "name", "sha256", *names])
    for model, columns in evaluation.columns.items():
        for i, item in enumerate(evaluation.items):
            numbers = [f"{float(columns[name][i]):.6g}" if name in columns else "" for name in names]
            writer.writerow([model, item.kind, item.name, item.sha256, *numbers])
    with atomic_write(out / "pictures.csv", overwrite=True) as stream:
        stream.write(memory.getvalue().encode("utf-8", "surrogateescape"))
    return out / "results.json"


def write_page(evaluation: Evaluation, path: Path) -> Path:
    """report.html, everything in one file. Raises OutputError."""
    r, size = evaluation.results, evaluation.settings.size
    page = Page("photochrom evaluate")
    page.text(_what(evaluation))
    page.heading("All pictures")
    page.table(tables.result_rows(r["rows"]), "Means over the pictures; the Frechet distances are of all together.")
    for note in [*r["notes"], *evaluation.missing.values()]:
        page.text(note)
    page.heading("What the columns mean")
    page.table(tables.meanings(r["rows"]))
    if evaluation.settings.draws:
        page.heading("With 95 % intervals")
        page.table(
            tables.result_rows(r["rows"], intervals=True),
            f"Bootstrap over pictures, {evaluation.settings.draws} draws; Frechet distances: 1.96 times the standard "
            f"error of {r['settings']['frechet_draws']} paired draws to both sides.",
        )
    if r["sets"]:
        page.heading("Each set")
        page.table(tables.result_rows(r["sets"]))
    page.heading("Spread over the pictures")
    for figure, caption in _figures(evaluation):
        page.figure(figure, caption)
    page.heading("Contact sheet")
    shown = gallery.spread(evaluation.items, _SHOWN)
    page.picture(gallery.sheet_of(shown, _columns(evaluation), size), ", ".join(f"{i.kind}/{i.name}" for i in shown))
    for painter in evaluation.painters:
        if isinstance(painter, ModelPainter):
            _ends(page, evaluation, painter)
    page.heading("Where this comes from")
    page.table([{"What": name, "Value": value} for name, value in _origin(r)])
    if r["data"]["left_out"]:
        page.heading("Pictures left out")
        page.table(r["data"]["left_out"])
    return page.save(path)


def write_markdown(evaluation: Evaluation, path: Path, *, show: Sequence[Item] | None = None, notes: str = "") -> Path:
    """The tables as Markdown, with a contact sheet and plots beside it, `PATH-sheet.jpg` and `PATH-spread.svg`.

    The worst pictures are those of the first model; report.html has everyone's. show: pictures for the sheet in place
    of the data's own, where those may not be passed on. notes: Markdown of a person who looked. Raises OutputError.
    """
    r, items = evaluation.results, evaluation.items if show is None else show
    parts = ["# Quality", _what(evaluation), tables.markdown(tables.result_rows(r["rows"]))]
    parts += [*r["notes"], *evaluation.missing.values(), tables.markdown(tables.meanings(r["rows"]))]
    if evaluation.settings.draws:
        keys = ("fid", "fid_torchvision", "fd_dinov2", "lpips_alex", "lpips_vgg", "ciede2000", "colorfulness", "ece")
        short = [
            row | {name: {k: v for k, v in row[name].items() if k in keys} for name in ("metrics", "intervals")}
            for row in r["rows"]
            if row["model"] != "truth"
        ]
        parts += ["## 95 % intervals", tables.markdown(tables.result_rows(short, intervals=True))]
    if r["sets"]:
        parts += ["## Each set", tables.markdown(tables.result_rows(r["sets"]))]
    parts.append("## Spread over the pictures")
    for (figure, caption), name in zip(_figures(evaluation), ("spread", "distances", "calibration"), strict=False):
        file = path.with_name(f"{path.stem}-{name}.svg")
        _save_figure(figure, file)
        parts.append(f"![{caption}]({file.name})")
    file = path.with_name(f"{path.stem}-sheet.jpg")
    columns = _columns(evaluation)
    with atomic_write(file, overwrite=True) as stream:
        sheet = gallery.sheet_of(gallery.spread(items, _SHOWN), columns, evaluation.settings.size)
        sheet.save(stream, "JPEG", quality=88)
    names = ", ".join(painter.name for painter in columns)
    parts += ["## Contact sheet", f"![From left to right: {names}]({file.name})", f"From left to right: {names}."]
    parts.append(notes)
    for model, found in list(r["pictures"].items())[:1]:
        counts = ", ".join(f"{kind} {n}" for kind, n in found["failures"].items())
        worst = [_readable(row) for row in found["worst"]]
        parts += [
            f"## What {model} gets wrong",
            f"All pictures by the rules of thumb in `photochrom.evaluate.metrics.failures`: {counts}. "
            f"The {len(worst)} worst by {tables.METRICS[found['by']].label}:",
            tables.markdown(worst),
        ]
    parts += [
        "## Where this comes from",
        tables.markdown([{"What": k, "Value": v} for k, v in _origin(_without_places(r))]),
    ]
    with atomic_write(path, overwrite=True) as stream:
        stream.write(("\n\n".join(part.strip() for part in parts if part) + "\n").encode())
    return path


def _columns(evaluation: Evaluation) -> list[Painter]:
    return [painter for painter in evaluation.painters if not isinstance(painter, JpegPainter)]


def _what(evaluation: Evaluation) -> str:
    data = evaluation.results["data"]
    sets = ", ".join(f"{kind} {n:,}" for kind, n in data["sets"].items())
    text = (
        f"{data['n']:,} pictures ({sets}), the centre square of each at {evaluation.settings.size} px. Every model is "
        "given the lightness of the truth and nothing else. The row grey has no colour at all, truth-jpeg is the truth "
        "through JPEG of quality 90."
    )
    left_out = data["left_out"]
    if left_out:
        names = ", ".join(f"{row['set']}/{row['name']}" for row in left_out[:_FEW_NAMES])
        more = f" and {len(left_out) - _FEW_NAMES} more" if len(left_out) > _FEW_NAMES else ""
        text += f"\n\n{len(left_out):,} pictures were left out (not readable, or without colour): {names}{more}."
    return text


def _figures(evaluation: Evaluation) -> list[tuple[Any, str]]:
    found = [
        (
            plots.spread_figure(evaluation.columns),
            "Each metric over the pictures: quartiles, and whiskers from 5 % to 95 % of them.",
        ),
        (plots.distance_figure(evaluation.results["rows"]), "Frechet distances and their 95 % intervals."),
        (plots.reliability_figure(evaluation.columns), "Is the network right as often as it says?"),
    ]
    return [(figure, caption) for figure, caption in found if figure is not None]


def _save_figure(figure: Any, path: Path) -> None:
    import matplotlib

    with (
        matplotlib.rc_context({"svg.hashsalt": path.name, "svg.fonttype": "none"}),
        atomic_write(path, overwrite=True) as stream,
    ):
        figure.savefig(stream, format="svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})


def _ends(page: Page, evaluation: Evaluation, painter: ModelPainter) -> None:
    """The best and the worst pictures of a model."""
    found = evaluation.results["pictures"][painter.name]
    _, order = ranked(evaluation, painter.name)
    grey, truth = evaluation.painters[0], evaluation.painters[-1]
    label = tables.METRICS[found["by"]].label
    for title, places in (("worst", order[: -_ENDS - 1 : -1]), ("best", order[:_ENDS])):
        page.heading(f"{painter.name}: the {len(places)} {title} by {label}")
        items = [evaluation.items[i] for i in places]
        page.picture(gallery.sheet_of(items, [grey, painter, truth], evaluation.settings.size))
        page.table([_readable(row) for row in found[title]])
    page.text(
        "How all pictures fail, by simple rules: "
        + "; ".join(f"{kind} ({KINDS[kind]}) {n}" for kind, n in found["failures"].items())
        + "."
    )


def _readable(row: dict[str, Any]) -> dict[str, object]:
    line: dict[str, object] = {"Picture": f"{row['set']}/{row['name']}"}
    for name in ("lpips_alex", "ciede2000", "colorfulness"):
        if name in row:
            line[tables.METRICS[name].label] = tables.number(name, row[name])
    line["Truth's colourfulness"] = tables.number("colorfulness", row["truth_colorfulness"])
    line["Kind"] = row["failure"]
    return line


def _without_places(r: dict[str, Any]) -> dict[str, Any]:
    """The results with the bare names of files in the command: a page is passed on, results.json has it all."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in shlex.split(r["command"])]
    return r | {"command": shlex.join(words)}


def _origin(r: dict[str, Any]) -> list[tuple[str, str]]:
    models = [(f"model {row['model']}", f"SHA-256 {row['sha256']}") for row in r["rows"] if "sha256" in row]
    return [
        ("command", f"`{r['command']}`" if r["command"] else "–"),
        ("data", f"SHA-256 {r['data']['sha256']}"),
        *models,
        *((f"weights {name}", f"SHA-256 {digest}") for name, digest in r["metric_weights"].items()),
        ("versions", ", ".join(f"{k} {v}" for k, v in r["versions"].items())),
        ("hardware", ", ".join(f"{k} {v}" for k, v in r["hardware"].items())),
        ("begun", f"{r['started']}, {r['seconds']:,} s"),
    ]
