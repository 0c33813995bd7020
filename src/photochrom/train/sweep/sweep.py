"""`photochrom sweep RECIPE`: short runs with settings that Optuna chooses; the best come out as a recipe."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import lightning
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.table import Table

from photochrom.atomic import atomic_write
from photochrom.errors import TrainingError, UsageError
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.checkpoints import better
from photochrom.train.run.options import AS_THE_RECIPE_SAYS, RunOptions
from photochrom.train.run.run import train
from photochrom.train.sweep.ranges import Range, parse_range

_HOPELESS = 3  # trials that end with an error, before any has gone well, after which the sweep gives up
_OVER = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found: a row for each trial, the settings of the best one, and the recipe with them in a file."""

    rows: list[dict[str, object]]
    best: dict[str, Any]
    value: float
    recipe: Path


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


class _Pruned(lightning.Callback):
    """Tells Optuna of each validation, and ends a trial that is worse than the median of those before."""

    def __init__(self, trial: optuna.Trial, goal: str) -> None:
        self.trial, self.goal = trial, goal

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        if self.goal not in trainer.callback_metrics:
            known = ", ".join(sorted(name for name in trainer.callback_metrics if name.startswith("val/")))
            raise UsageError(f"the goal {self.goal} isn't measured: choose one of {known}")
        self.trial.report(float(trainer.callback_metrics[self.goal]), trainer.current_epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


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
    swept = [parse_range(text) for text in ranges]
    if not swept:
        raise UsageError("a sweep needs something to vary: give --set-range, as in optimiser.rate=1e-5..1e-2")
    for one in swept:
        for value in one.ends:
            load_recipe(recipe, [*overrides, one.setting(value)])  # refuses unknown keys and impossible values now
    each = replace(options, quiet=True, resume=False)
    base = load_recipe(recipe, overrides)
    if base.data.validation <= 0:
        raise UsageError("a sweep needs validation pictures: set data.validation to 0.2, say")
    goal = goal or ("val/ab_error" if any(one.key.startswith("loss.") for one in swept) else "val/loss")
    study = _study(out, base, swept, goal)
    _again(study)
    wrong = 0
    while len(study.get_trials(deepcopy=False, states=_OVER)) < trials:
        trial = study.ask()
        settings = {one.key: one.suggest(trial) for one in swept}
        run = out / f"trial-{trial.number:04d}"
        setting = ", ".join(f"{key} = {_shown(value)}" for key, value in settings.items())
        tell(f"trial {trial.number}: {setting}")
        state, why = TrialState.COMPLETE, ""
        try:
            chosen = load_recipe(recipe, [*overrides, *(one.setting(settings[one.key]) for one in swept)])
            training(chosen, data, run, options=each, callbacks=[_Pruned(trial, goal)])
        except optuna.TrialPruned:
            state, why = TrialState.PRUNED, "stopped early, worse than the median"
        except TrainingError as error:
            state, why = TrialState.PRUNED, str(error)
            wrong += 1
            if wrong >= _HOPELESS and not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
                study.tell(trial, state=TrialState.FAIL)
                raise
        value = _best_of(trial, study)
        if state is TrialState.COMPLETE and value is None:
            raise TrainingError(f"{run} ended before its first validation: give it more steps or minutes")
        study.tell(trial, value if state is TrialState.COMPLETE else None, state)
        tell(f"trial {trial.number}: {goal} {_shown(value)}{f' ({why})' if why else ''}")
        _keep_only_the_best(study, out)
    return _result(study, base, recipe, [*overrides], swept, goal, out)


def _study(out: Path, base: Recipe, swept: Sequence[Range], goal: str) -> optuna.Study:
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(str(out / "study.journal")))
    study = optuna.create_study(
        study_name="sweep",
        storage=storage,
        direction="minimize" if better(goal) == "min" else "maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    # A sampler that begins with the same seed would draw the same settings again after an interruption.
    study.sampler = optuna.samplers.TPESampler(seed=base.train.seed + len(study.trials))
    about = {"recipe": base.to_toml(), "set of ranges": sorted(str(one) for one in swept), "goal": goal}
    begun = study.get_trials(deepcopy=False, states=_OVER)
    for key, value in about.items():
        if begun and study.user_attrs.get(key) != value:
            raise UsageError(f"{out} holds a sweep with a different {key}: choose another --out, or the same again")
        study.set_user_attr(key, value)
    return study


def _again(study: optuna.Study) -> None:
    """Trials that were cut off begin anew with the same settings."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)


def _best_of(trial: optuna.Trial, study: optuna.Study) -> float | None:
    """The best of a trial's validations."""
    frozen = study.get_trials(deepcopy=False)[trial.number]
    values = [value for value in frozen.intermediate_values.values() if math.isfinite(value)]
    return (min if study.direction.name == "MINIMIZE" else max)(values, default=None)


def _keep_only_the_best(study: optuna.Study, out: Path) -> None:
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    best = study.best_trial.number if done else -1
    for trial in study.get_trials(deepcopy=False, states=_OVER):
        if trial.number != best:
            shutil.rmtree(out / f"trial-{trial.number:04d}" / "checkpoints", ignore_errors=True)


def _result(
    study: optuna.Study, base: Recipe, recipe: str, overrides: list[str], swept: Sequence[Range], goal: str, out: Path
) -> SweepResult:
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise TrainingError(f"no trial in {out} came to its end: look at warnings.log in its folders")
    best = study.best_trial
    chosen = load_recipe(recipe, [*overrides, *(one.setting(best.params[one.key]) for one in swept)])
    path = out / "best.toml"
    head = f"# The best of {len(study.trials)} trials: {goal} = {best.value:.6g}, of trial-{best.number:04d}.\n"
    with atomic_write(path, overwrite=True) as stream:
        stream.write((head + chosen.to_toml()).encode())
    rows = [_row(trial, swept, goal) for trial in _ranked(study)]
    return SweepResult(rows, dict(best.params), float(best.value or 0.0), path)


def _ranked(study: optuna.Study) -> list[FrozenTrial]:
    sign = 1 if study.direction.name == "MINIMIZE" else -1
    over = study.get_trials(deepcopy=False, states=_OVER)
    return sorted(over, key=lambda t: (t.state is not TrialState.COMPLETE, sign * (t.value or 0.0), t.number))


def _row(trial: FrozenTrial, swept: Sequence[Range], goal: str) -> dict[str, object]:
    last = trial.intermediate_values[max(trial.intermediate_values)] if trial.intermediate_values else None
    return {
        "trial": trial.number,
        **{one.key: trial.params.get(one.key) for one in swept},
        goal: trial.value if trial.state is TrialState.COMPLETE else last,
        "ended": "whole" if trial.state is TrialState.COMPLETE else "early",
        "validations": len(trial.intermediate_values),
    }


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else ("-" if value is None else json.dumps(value))


def show(found: SweepResult) -> None:
    """The table of a sweep and, as TOML, its best settings, on stdout."""
    table = Table(*(str(name) for name in found.rows[0]), header_style="bold")
    for row in found.rows:
        table.add_row(*(_shown(value).strip('"') for value in row.values()))
    console = Console()
    console.print(table)
    lines: dict[str, list[str]] = {}
    for key, value in found.best.items():
        section, _, name = key.rpartition(".")
        lines.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    for section, settings in lines.items():
        console.print("\n".join([f"[{section}]" if section else "", *settings]), markup=False, highlight=False)
    console.print(f"\nThe whole recipe: {found.recipe}", markup=False, highlight=False, soft_wrap=True)
