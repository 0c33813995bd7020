"""What a sweep has come to: its trials as a table, its best settings as a recipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.table import Table

from photochrom.train.sweep.ranges import Range
from photochrom.train.sweep.study import ranked


@dataclass(frozen=True)
class SweepResult:
    """A row for each trial, the best first; the settings of the best, its value, and the recipe with them in a file."""

    rows: list[dict[str, object]]
    best: dict[str, Any]
    value: float
    recipe: Path


def rows_of(study: optuna.Study, ranges: Sequence[Range], goal: str) -> list[dict[str, object]]:
    """A row for each trial, by rank. Of one that was stopped early the last value of the goal stands for it."""
    return [_row(trial, ranges, goal) for trial in ranked(study)]


def show(result: SweepResult) -> None:
    """The table of a sweep and, as TOML, its best settings, on stdout."""
    table = Table(*(str(name) for name in result.rows[0]), header_style="bold")
    for row in result.rows:
        table.add_row(*(shown(value).strip('"') for value in row.values()))
    console = Console()
    console.print(table)
    lines: dict[str, list[str]] = {}
    for key, value in result.best.items():
        section, _, name = key.rpartition(".")
        lines.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    for section, settings in lines.items():
        console.print("\n".join([f"[{section}]" if section else "", *settings]), markup=False, highlight=False)
    console.print(f"\nThe whole recipe: {result.recipe}", markup=False, highlight=False, soft_wrap=True)


def shown(value: object) -> str:
    """A setting or score for people: four digits, "-" for None, else JSON."""
    return f"{value:.4g}" if isinstance(value, float) else ("-" if value is None else json.dumps(value))


def _row(trial: FrozenTrial, ranges: Sequence[Range], goal: str) -> dict[str, object]:
    whole = trial.state is TrialState.COMPLETE
    last = trial.intermediate_values[max(trial.intermediate_values)] if trial.intermediate_values else None
    return {
        "trial": trial.number,
        **{varied.key: trial.params.get(varied.key) for varied in ranges},
        goal: trial.value if whole else last,
        "ended": "whole" if whole else "early",
        "validations": len(trial.intermediate_values),
    }
