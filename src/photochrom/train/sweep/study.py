"""The trials of a sweep, as Optuna keeps them in FOLDER/study.journal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import lightning
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from photochrom.errors import UsageError
from photochrom.train.recipe import Recipe
from photochrom.train.run.monitor import better
from photochrom.train.sweep.ranges import Range


class Pruning(lightning.Callback):
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


def open_study(out: Path, base: Recipe, ranges: Sequence[Range], goal: str) -> optuna.Study:
    """The study in a folder, begun or gone on with. Raises UsageError for the folder of another sweep."""
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="sweep",
        storage=JournalStorage(JournalFileBackend(str(out / "study.journal"))),
        direction="minimize" if better(goal) == "min" else "maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    # A sampler that begins with the same seed would draw the same settings again after an interruption.
    study.sampler = optuna.samplers.TPESampler(seed=base.train.seed + len(study.trials))
    about = {"recipe": base.to_toml(), "set of ranges": sorted(str(varied) for varied in ranges), "goal": goal}
    begun = ended(study)
    for key, value in about.items():
        if begun and study.user_attrs.get(key) != value:
            raise UsageError(f"{out} holds a sweep with a different {key}: choose another --out, or the same again")
        study.set_user_attr(key, value)
    return study


def requeue_interrupted(study: optuna.Study) -> None:
    """Have trials that were cut off begin anew with the same settings."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that came to their end or were stopped early."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def completed(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that came to their end."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def ranked(study: optuna.Study) -> list[FrozenTrial]:
    """Those that have ended: first the completed ones, the best first."""
    sign = 1 if _minimizes(study) else -1
    return sorted(ended(study), key=lambda t: (t.state is not TrialState.COMPLETE, sign * (t.value or 0.0), t.number))


def best_validation(study: optuna.Study, trial: optuna.Trial) -> float | None:
    """The best value that a trial has reported; None where it has none that is finite."""
    frozen = study.get_trials(deepcopy=False)[trial.number]
    values = [value for value in frozen.intermediate_values.values() if math.isfinite(value)]
    return (min if _minimizes(study) else max)(values, default=None)


def _minimizes(study: optuna.Study) -> bool:
    return study.direction is optuna.study.StudyDirection.MINIMIZE
