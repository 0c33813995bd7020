"""The folder of a run: its recipe, what it ran on, and how it may be resumed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from photochrom import provenance
from photochrom.atomic import atomic_write, remove_leftovers
from photochrom.errors import UsageError
from photochrom.train.recipe import Recipe, load_recipe

# Keys that may differ when a run is resumed: they change how long it goes on and how fast, not what it learns from.
_FREE = {
    "title",
    "data.workers",
    "data.resident",
    "data.resident_gib",
    "train.epochs",
    "train.early_stopping",
    "train.checkpoint_minutes",
    "train.preview",
    "train.fid",
    "train.logger",
    "train.precision",
}
_WRITTEN_AT_FIRST = ("recipe.toml", "run.json", "bins.npz", "warnings.log", "metrics.csv")  # before any step
_PACKAGES = ("torch", "torchvision", "lightning", "timm", "kornia", "torchmetrics", "numpy", "pillow")


class RunFolder:
    """recipe.toml, run.json, bins.npz, metrics.csv, tensorboard/, checkpoints/, samples/, emerging.webp, warnings.log.

    writes: whether this process is the one that writes it.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path, self.writes = path, writes
        self.checkpoints = path / "checkpoints"
        self.last = self.checkpoints / "last.ckpt"
        self.bins = path / "bins.npz"
        self.facts: dict[str, Any] = {}

    def begin(self, recipe: Recipe, data: Mapping[str, Any], *, resume: bool) -> None:
        """Make the folder, or check that the run in it can be resumed with this recipe and these pictures.

        data: what run.json says of the pictures. Raises UsageError.
        """
        stored = self.path / "recipe.toml"
        if resume:
            self.facts = read_facts(self.path)
        if not self.writes:
            return
        if resume:
            if not stored.is_file():
                raise UsageError(f"there is no run in {self.path} to go on with: leave out --resume to begin one")
            _check_same(load_recipe(stored), recipe, self.path)
            if self.facts.get("data", data)["sha256"] != data["sha256"]:
                raise UsageError(f"these are not the pictures that {self.path} was begun with: give the same data")
        elif self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            if not self._never_stepped():
                raise UsageError(
                    f"{self.path} holds a run already: go on with it with --resume, or choose another --out"
                )
            for name in _WRITTEN_AT_FIRST:
                (self.path / name).unlink(missing_ok=True)
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self.checkpoints, self.path / "samples"):
            remove_leftovers(folder)  # of a process that was killed
        with atomic_write(stored, overwrite=True) as stream:
            stream.write(recipe.to_toml().encode())
        if not self.facts:
            self.facts = {"recipe": recipe.name, "recipe_sha256": recipe.sha256, **_surroundings()}
        self.facts = {"data": {}, **self.facts, "status": "running"}
        self.facts["data"] = {**data, **self.facts["data"]}
        self.facts.setdefault("sessions", []).append({"started": _now(), "command": sys.argv})
        self._write()

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """While it is entered, what goes wrong before the first step is noted, so that the run may be begun again."""
        try:
            yield
        except BaseException:
            if self.writes and self.facts.get("status") == "running" and "ended" not in self.facts["sessions"][-1]:
                steps = max(one.get("steps", 0) for one in self.facts["sessions"])
                self.end("failed", steps=steps, left_out={})
            raise

    def _never_stepped(self) -> bool:
        """Whether all that lies here is of a run that failed before its first step."""
        sessions = read_facts(self.path).get("sessions", [])
        failed = bool(sessions) and all("ended" in one and one.get("steps") == 0 for one in sessions)
        there = {path.name for path in self.path.iterdir()} - {"checkpoints", "tensorboard"}
        return failed and there <= set(_WRITTEN_AT_FIRST) and not any(self.checkpoints.glob("*.ckpt"))

    def end(self, status: str, *, steps: int, left_out: Mapping[str, str]) -> None:
        """Note how this session of the run ended: done, interrupted or failed; and the pictures that were left out."""
        if self.writes:
            self.facts["status"] = status
            self.facts["sessions"][-1] |= {"ended": _now(), "steps": steps, "status": status}
            self.facts["data"] |= {"left_out": len(left_out), "left_out_names": dict(left_out)}
            self._write()

    def note(self, key: str, value: Any) -> None:
        """Keep a value in run.json."""
        if self.writes:
            self.facts[key] = value
            self._write()

    def _write(self) -> None:
        with atomic_write(self.path / "run.json", overwrite=True) as stream:
            stream.write(json.dumps(self.facts, indent=1).encode() + b"\n")


def read_facts(folder: Path) -> dict[str, Any]:
    """What a run's run.json says; nothing where there is none that can be read."""
    try:
        return dict(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def next_folder(name: str, *, resume: bool) -> Path:
    """runs/<name>-<n>: the first number that is free, or the latest run when it is to be resumed."""
    numbers = [int(p.name.rpartition("-")[2]) for p in _runs_of(name)]
    if resume:
        if not numbers:
            raise UsageError(f"there is no run runs/{name}-… to go on with: name it with --out")
        return Path("runs", f"{name}-{max(numbers)}")
    return Path("runs", f"{name}-{max(numbers, default=0) + 1}")


def _surroundings() -> dict[str, Any]:
    """What a run depends on besides its recipe and its pictures: revision, versions, hardware."""
    return {
        "revision": provenance.revision(),
        "versions": provenance.versions(_PACKAGES),
        "hardware": {
            "system": platform.platform(),
            "processor": provenance.processor(),
            "cores": os.cpu_count(),
            "gpus": provenance.gpus(),
        },
    }


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _check_same(before: Recipe, after: Recipe, path: Path) -> None:
    """See that a run may be resumed with this recipe. Raises UsageError, naming what differs."""
    old, new = before.flat(), after.flat()
    for key, value in old.items():
        if key not in _FREE and new[key] != value:
            raise UsageError(
                f"the run in {path} was begun with {key} = {value!r}, not {new[key]!r}: "
                "resume it with the recipe it was begun with, or begin another run"
            )


def _runs_of(name: str) -> Iterable[Path]:
    return (p for p in Path("runs").glob(f"{name}-*") if p.name[len(name) + 1 :].isdigit())
