"""Where the curves go: metrics.csv and TensorBoard, both cut back to the checkpoint when a run is resumed."""

from __future__ import annotations

import csv
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger


def loggers(out: Path, resumed_at: int | None) -> list[Logger]:
    """resumed_at: the number of steps in the checkpoint; what was logged from there on will be logged again."""
    before = _rows(out / "metrics.csv", resumed_at) if resumed_at is not None else []
    table = CSVLogger(out, name="", version="", flush_logs_every_n_steps=50)
    for row in before:
        table.log_metrics(row, step=int(row.pop("step")))  # the logger begins with an empty file
    if before:
        table.save()
    purge = {} if resumed_at is None else {"purge_step": resumed_at}
    return [table, TensorBoardLogger(out, name="tensorboard", version="", default_hp_metric=False, **purge)]


def _rows(path: Path, before: int) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(stream) if row.get("step")]
    return [row for row in rows if row["step"] < before]
