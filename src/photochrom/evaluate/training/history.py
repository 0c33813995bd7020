"""What a run logged, read back from its metrics.csv: a series of values for each name."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import UsageError

Floats = NDArray[np.float64]
Kind = Literal["step", "epoch"]


@dataclass(frozen=True)
class Series:
    """values[i] was logged after steps[i] steps of the optimiser, in epoch epochs[i], counted from 0."""

    steps: Floats
    epochs: Floats
    values: Floats


@dataclass(frozen=True)
class History:
    """series[name, kind]: name as it was logged, such as "val/loss"; kind "step" or "epoch" (a mean over it)."""

    series: dict[tuple[str, Kind], Series]

    @property
    def names(self) -> list[str]:
        """Every name once, in the order in which they first appear."""
        return list(dict.fromkeys(name for name, _ in self.series))

    def get(self, name: str, kind: Kind = "epoch") -> Series | None:
        """The series of that name, None if nothing was logged under it."""
        return self.series.get((name, kind))

    def best_epoch(self, monitor: str = "val/loss") -> int | None:
        """The epoch, counted from 0, in which `monitor` was best: least, or most of an accuracy; None without one.

        The last epoch for "".
        """
        series = self.get(monitor or "val/loss")
        if series is None or not np.isfinite(series.values).any():
            return None
        if not monitor:
            return int(series.epochs[-1])
        worse = -series.values if "accuracy" in monitor else series.values
        return int(series.epochs[np.nanargmin(np.where(np.isfinite(worse), worse, np.nan))])

    def at_epoch(self, name: str, epoch: int) -> float | None:
        """The value of an epoch, counted from 0."""
        series = self.get(name)
        if series is None:
            return None
        there = np.flatnonzero(series.epochs == epoch)
        return float(series.values[there[-1]]) if len(there) else None


def read_history(run: Path) -> History:
    """The history of a run's folder.

    Of a step that was logged twice, as after a kill and --resume, the later line counts.
    Raises UsageError where there is none.
    """
    path = run / "metrics.csv"
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise UsageError(
            f"{run} is no folder of a training run: it holds no metrics.csv; name what --out of photochrom train was"
        ) from None
    logged: dict[tuple[str, Kind], dict[float, tuple[float, float]]] = {}
    for row in rows:
        step, epoch = _number(row.get("step")), _number(row.get("epoch"))
        for column, text in row.items():
            value = _number(text)
            if column in ("step", "epoch") or value is None or step is None:
                continue
            logged.setdefault(_named(column), {})[step] = (math.nan if epoch is None else epoch, value)
    if not logged:
        raise UsageError(f"{path} holds no values yet: let the run go on for a few steps")
    series = {}
    for key, points in logged.items():
        steps = sorted(points)
        series[key] = Series(
            np.array(steps), np.array([points[s][0] for s in steps]), np.array([points[s][1] for s in steps])
        )
    return History(series)


def _named(column: str) -> tuple[str, Kind]:
    """Lightning's "train/loss_step" and "train/loss_epoch"; validation is only ever a mean, the rest by the step."""
    for kind in ("step", "epoch"):
        if column.endswith(f"_{kind}"):
            return column.removesuffix(f"_{kind}"), kind
    return column, "epoch" if column.startswith("val/") else "step"


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except (TypeError, ValueError):
        return None
