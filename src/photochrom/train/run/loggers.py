"""Where the curves go: metrics.csv and TensorBoard, both cut back to the checkpoint when a run is resumed."""

from __future__ import annotations

import csv
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from torch import Tensor

from photochrom.train.recipe.sections import Recipe


def loggers(out: Path, recipe: Recipe, *, since: int | None) -> list[Logger]:
    """Those of a run whose folder is `out`.

    since: steps in the checkpoint that it goes on from, if any: what was logged after it is logged again.
    """
    before = _rows(out / "metrics.csv", since) if since is not None else []
    table = CSVLogger(out, name="", version="", flush_logs_every_n_steps=50)
    for row in before:
        step = int(row.pop("step"))
        table.log_metrics(row, step=step)  # the logger begins with an empty file
    if before:
        table.save()
    board = TensorBoardLogger(out, "tensorboard", version="", default_hp_metric=False, purge_step=since)
    return [table, board]


def _rows(path: Path, before: int) -> list[dict[str, Tensor | float]]:
    """The rows of metrics.csv that were logged before this step, each with its `step`."""
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("step")]
    return [{k: float(v) for k, v in row.items() if v} for row in rows if float(row["step"]) < before]
