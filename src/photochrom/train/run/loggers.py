"""Where the curves go: metrics.csv and TensorBoard, and if a recipe asks for it Weights & Biases or MLflow.

The first two are cut back to the checkpoint when a run is resumed.
"""

from __future__ import annotations

import csv
import importlib.util
import os
from pathlib import Path
from textwrap import shorten

from lightning.pytorch.loggers import CSVLogger, Logger, MLFlowLogger, TensorBoardLogger, WandbLogger
from torch import Tensor

from photochrom.errors import TrainingError, UsageError
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.folder import RunFolder


def check_logger(recipe: Recipe) -> None:
    """See that the package of train.logger is there. Raises UsageError."""
    name = recipe.train.logger
    if name != "none" and importlib.util.find_spec(name) is None:
        raise UsageError(f"train.logger = {name} needs the package {name}: pip install {name}, or leave it at none")


def loggers(folder: RunFolder, recipe: Recipe, *, since: int | None) -> list[Logger]:
    """Those of a run.

    since: steps in the checkpoint that it goes on from, if any: what was logged after it is logged again.
    Raises TrainingError where train.logger can't begin.
    """
    out = folder.path
    before = _rows(out / "metrics.csv", since) if since is not None else []
    table = CSVLogger(out, name="", version="", flush_logs_every_n_steps=50)
    for row in before:
        step = int(row.pop("step"))
        table.log_metrics(row, step=step)  # the logger begins with an empty file
    if before:
        table.save()
    board = TensorBoardLogger(out, "tensorboard", version="", default_hp_metric=False, purge_step=since)
    if recipe.train.logger == "none":
        return [table, board]
    try:
        service = _service(folder, recipe)
    except Exception as error:  # each service has errors of its own, without a common base
        why = shorten((str(error).strip() or repr(error)).splitlines()[-1], 200, placeholder=" …")
        raise TrainingError(
            f"train.logger = {recipe.train.logger} can't begin ({why}): log in to it, set WANDB_MODE=offline or "
            "MLFLOW_TRACKING_URI, or leave it at none"
        ) from error
    folder.note("logger", {"kind": recipe.train.logger, "id": service.version})
    return [table, board, service]


def _service(folder: RunFolder, recipe: Recipe) -> WandbLogger | MLFlowLogger:
    """The logger of train.logger; a run that is resumed goes on under the id that it began with.

    MLflow's are in RUN/mlflow.db, unless $MLFLOW_TRACKING_URI says otherwise; W&B's in RUN/wandb.
    """
    before = folder.facts.get("logger", {})
    known = str(before["id"]) if before.get("kind") == recipe.train.logger else None
    service: WandbLogger | MLFlowLogger
    if recipe.train.logger == "wandb":
        service = WandbLogger(name=folder.path.name, project="photochrom", save_dir=folder.path, id=known)
    else:
        place = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder.path / 'mlflow.db').resolve().as_posix()}"
        service = MLFlowLogger("photochrom", folder.path.name, tracking_uri=place, run_id=known)
    # Either begins it now, and not in the first step; MLflow takes no setting twice.
    if known is None:
        service.log_hyperparams(recipe.flat())
    else:
        _ = service.experiment
    return service


def _rows(path: Path, before: int) -> list[dict[str, Tensor | float]]:
    """The rows of metrics.csv that were logged before this step, each with its `step`."""
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("step")]
    return [{k: float(v) for k, v in row.items() if v} for row in rows if float(row["step"]) < before]
