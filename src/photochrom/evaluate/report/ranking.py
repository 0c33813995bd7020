"""Which pictures a model does best and worst, and how it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from photochrom.evaluate.metrics.failures import KINDS, classify
from photochrom.evaluate.painters import ModelPainter
from photochrom.evaluate.report import tables
from photochrom.evaluate.run import Evaluation
from photochrom.evaluate.summary import METRICS

ENDS = 10  # best and worst


def ranked(evaluation: Evaluation, model: str) -> tuple[str, list[int]]:
    """By which metric, and the places of the pictures from the best to the worst for a model: LPIPS alex if it is
    there, which minds a wrong colour more than a missing one; else CIEDE2000."""
    columns = evaluation.numbers.columns[model]
    metric = "lpips_alex" if "lpips_alex" in columns else "ciede2000"
    return metric, [int(i) for i in np.argsort(np.asarray(columns[metric], np.float64), kind="stable")]


def picture_rows(evaluation: Evaluation, model: str, places: Sequence[int]) -> list[dict[str, Any]]:
    """Of some pictures under a model: name, the main numbers, and what `classify` makes of them."""
    truth, rows = evaluation.numbers.columns["truth"], []
    for i in places:
        values = {name: float(c[i]) for name, c in evaluation.numbers.columns[model].items() if c.ndim == 1}
        item = evaluation.numbers.pictures[i]
        row: dict[str, Any] = {"set": item.set_name, "name": item.name}
        row |= {name: values[name] for name in ("lpips_alex", "ciede2000", "colorfulness") if name in values}
        truly = float(truth["colorfulness"][i])
        rows.append(row | {"truth_colorfulness": truly, "failure": classify(values, truly)})
    return rows


def add_rankings(evaluation: Evaluation) -> None:
    """Put the best and worst pictures of each model, and how its pictures fail, into the results."""
    evaluation.results["pictures"] = {}
    for painter in evaluation.numbers.painters:
        if isinstance(painter, ModelPainter):
            metric, order = ranked(evaluation, painter.name)
            kinds = Counter(row["failure"] for row in picture_rows(evaluation, painter.name, order))
            evaluation.results["pictures"][painter.name] = {
                "by": metric,
                "best": picture_rows(evaluation, painter.name, order[:ENDS]),
                "worst": picture_rows(evaluation, painter.name, order[: -ENDS - 1 : -1]),
                "failures": {kind: kinds[kind] for kind in KINDS},
            }


def readable(row: dict[str, Any]) -> dict[str, object]:
    """One of `picture_rows` as a line of a table."""
    line: dict[str, object] = {"Picture": f"{row['set']}/{row['name']}"}
    for name in ("lpips_alex", "ciede2000", "colorfulness"):
        if name in row:
            line[METRICS[name].label] = tables.number(name, row[name])
    line["Truth's colourfulness"] = tables.number("colorfulness", row["truth_colorfulness"])
    line["Kind"] = row["failure"]
    return line
