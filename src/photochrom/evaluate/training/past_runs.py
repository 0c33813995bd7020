"""Runs that are over, read back from their folders: recipe, curves, and the facts of run.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from photochrom.evaluate.training.history import History, read_history
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.folder import read_facts


@dataclass(frozen=True)
class Run:
    """One training run that is compared."""

    name: str
    folder: Path
    recipe: Recipe
    history: History
    facts: Mapping[str, Any]


def read_run(folder: Path, name: str = "") -> Run:
    """The run of a folder, under its own name unless another is given. Raises UsageError where it is none."""
    history, recipe = read_history(folder), load_recipe(folder / "recipe.toml")
    return Run(name or folder.resolve().name, folder, recipe, history, read_facts(folder))


def differences(settings: Sequence[Mapping[str, object]], names: Sequence[str]) -> list[dict[str, object]]:
    """A row for each setting that isn't the same everywhere: its name, then its value in each run."""
    keys = [key for key in dict.fromkeys(k for s in settings for k in s) if key not in ("name", "title")]
    return [
        {"setting": key, **{name: str(s.get(key)) for name, s in zip(names, settings, strict=True)}}
        for key in keys
        if len({str(s.get(key)) for s in settings}) > 1
    ]


def facts_of(run: Run) -> dict[str, object]:
    """What is worth a column of run.json."""
    facts = run.facts
    data, hardware = facts.get("data", {}), facts.get("hardware", {})
    sessions = facts.get("sessions", [])
    return {
        "recipe": facts.get("recipe"),
        "training pictures": data.get("train"),
        "validation pictures": data.get("validation"),
        "left out": data.get("left_out"),
        "steps": sessions[-1].get("steps") if sessions else None,
        "minutes": minutes_of(sessions),
        "on": ", ".join(hardware.get("gpus") or [str(hardware.get("processor", ""))]),
        "torch": facts.get("versions", {}).get("torch"),
        "revision": str(facts.get("revision", ""))[:10],
        "ended": facts.get("status"),
    }


def minutes_of(sessions: Sequence[Mapping[str, str]]) -> float | None:
    """Minutes that the sessions of a run took in all; None where none of them ended."""
    spans = [
        datetime.fromisoformat(session["ended"]) - datetime.fromisoformat(session["started"])
        for session in sessions
        if "ended" in session
    ]
    return sum(span.total_seconds() for span in spans) / 60 if spans else None
