"""`photochrom sweep RECIPE`: short runs with settings that Optuna chooses; the best come out as a recipe."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import lightning
import optuna
from optuna.trial import TrialState

from photochrom.atomic import atomic_write
from photochrom.errors import TrainingError, UsageError
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.recipe.load import recipe_to_train
from photochrom.train.run.options import AS_THE_RECIPE_SAYS, RunOptions
from photochrom.train.run.run import train
from photochrom.train.sweep.ranges import Range, parse_range
from photochrom.train.sweep.result import SweepResult, rows_of, shown
from photochrom.train.sweep.study import (
    Pruning,
    best_validation,
    completed,
    ended,
    open_study,
    requeue_interrupted,
)

_HOPELESS = 3  # trials that end with an error, before any has gone well, after which the sweep gives up


class Training(Protocol):
    """What a trial calls: train()."""

    def __call__(
        self,
        recipe: Recipe,
        data: Sequence[str | Path],
        out: Path,
        *,
        options: RunOptions,
        callbacks: Sequence[lightning.Callback],
    ) -> Path: ...


@dataclass(frozen=True)
class _Varied:
    """A recipe, by name and with overrides, and what of it varies."""

    recipe: str
    overrides: tuple[str, ...]
    ranges: tuple[Range, ...]

    def with_settings(self, settings: Mapping[str, Any]) -> Recipe:
        """The recipe with these values of what varies."""
        return load_recipe(self.recipe, [*self.overrides, *(r.setting(settings[r.key]) for r in self.ranges)])

    def check(self) -> None:
        """Raises UsageError for unknown keys and impossible ends of ranges."""
        for varied in self.ranges:
            for value in varied.ends:
                recipe_to_train(self.recipe, [*self.overrides, varied.setting(value)])


def sweep(
    recipe: str,
    data: Sequence[str | Path],
    out: Path,
    *,
    ranges: Sequence[str],
    trials: int = 20,
    overrides: Sequence[str] = (),
    goal: str = "",
    options: RunOptions = AS_THE_RECIPE_SAYS,
    tell: Callable[[str], None] = lambda line: None,
    training: Training = train,
) -> SweepResult:
    """Train a recipe `trials` times with settings drawn from `ranges`, such as "optimiser.rate=1e-5..1e-2".

    goal: the logged value to better, by default val/loss, or val/ab_error where weights of the loss are swept (a loss
    whose weights change can't be compared). options: of each trial, which is a run that shows nothing and begins anew.
    tell: is given a line for each. training: train(), or what stands for it.

    The study is out/study.journal: the same call after an interruption goes on, and a larger `trials` adds to it. Each
    trial is a run's folder, out/trial-0000 and so on; only the best keeps its checkpoints. Writes out/best.toml.
    Raises UsageError for settings that can't be used or another study's folder; TrainingError when no trial works.
    """
    varied = _Varied(recipe, tuple(overrides), tuple(parse_range(text) for text in ranges))
    if not varied.ranges:
        raise UsageError("a sweep needs something to vary: give --set-range, as in optimiser.rate=1e-5..1e-2")
    varied.check()
    base = load_recipe(recipe, overrides)
    if base.data.validation == 0:
        raise UsageError("a sweep needs validation pictures: set data.validation to 0.2, say")
    goal = goal or ("val/ab_error" if any(r.key.startswith("loss.") for r in varied.ranges) else "val/loss")
    study = open_study(out, base, varied.ranges, goal)
    requeue_interrupted(study)
    each = replace(options, quiet=True, resume=False)
    failures = 0
    while len(ended(study)) < trials:
        trial = study.ask()
        settings = {r.key: r.suggest(trial) for r in varied.ranges}
        run = out / _name(trial.number)
        tell(f"trial {trial.number}: {', '.join(f'{key} = {shown(value)}' for key, value in settings.items())}")
        early = ""  # why it was stopped before its end
        try:
            training(varied.with_settings(settings), data, run, options=each, callbacks=[Pruning(trial, goal)])
        except optuna.TrialPruned:
            early = "stopped early, worse than the median"
        except TrainingError as error:
            early = str(error)
            failures += 1
            if failures >= _HOPELESS and not completed(study):
                study.tell(trial, state=TrialState.FAIL)
                raise
        value = best_validation(study, trial)
        if not early and value is None:
            raise TrainingError(f"{run} ended before its first validation: give it more steps or minutes")
        study.tell(trial, None if early else value, TrialState.PRUNED if early else TrialState.COMPLETE)
        tell(f"trial {trial.number}: {goal} {shown(value)}{f' ({early})' if early else ''}")
        _keep_only_the_best(study, out)
    return _result(study, varied, goal, out)


def _name(trial: int) -> str:
    """The folder of a trial."""
    return f"trial-{trial:04d}"


def _keep_only_the_best(study: optuna.Study, out: Path) -> None:
    """Delete the checkpoints of all trials but the best."""
    best = study.best_trial.number if completed(study) else -1
    for trial in ended(study):
        if trial.number != best:
            shutil.rmtree(out / _name(trial.number) / "checkpoints", ignore_errors=True)


def _result(study: optuna.Study, varied: _Varied, goal: str, out: Path) -> SweepResult:
    """Write the best settings as out/best.toml."""
    if not completed(study):
        raise TrainingError(f"no trial in {out} came to its end: look at warnings.log in its folders")
    best = study.best_trial
    path = out / "best.toml"
    head = f"# The best of {len(study.trials)} trials: {goal} = {best.value:.6g}, of {_name(best.number)}.\n"
    with atomic_write(path, overwrite=True) as stream:
        stream.write((head + varied.with_settings(best.params).to_toml()).encode())
    return SweepResult(rows_of(study, varied.ranges, goal), dict(best.params), float(best.value or 0.0), path)
