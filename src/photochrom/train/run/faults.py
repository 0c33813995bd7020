"""What can go wrong in the middle of a run, as one sentence that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException

from photochrom.errors import PhotochromError, TrainingError, UsageError
from photochrom.train.recipe.sections import Recipe


@contextmanager
def explained(recipe: Recipe, trainer: lightning.Trainer) -> Iterator[None]:
    """Turn out-of-memory, a full disk, dead workers and a monitor that doesn't exist into TrainingErrors."""
    try:
        yield
    except PhotochromError as error:
        if "in DataLoader worker process" not in str(error):
            raise
        last = str(error).strip().splitlines()[-1]  # torch puts the worker's traceback into the message
        raise TrainingError(last.partition(": ")[2] or last) from error
    except (RuntimeError, MemoryError) as error:
        if _out_of_memory(error):
            raise TrainingError(_less_memory(recipe, trainer)) from error
        if "DataLoader worker" in str(error) and "killed" in str(error):
            raise TrainingError(
                "a process that decodes pictures was killed, most likely for want of memory: lower data.workers "
                f"(now {recipe.data.workers}), as in --set data.workers={recipe.data.workers // 2}"
            ) from error
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise TrainingError(
            f"the run's folder can't be written to ({error.strerror}): make room, then go on with the same command "
            "and --resume"
        ) from error
    except MisconfigurationException as error:
        if recipe.train.monitor in trainer.callback_metrics or "monitor" not in str(error).lower():
            raise
        known = ", ".join(sorted(name for name in trainer.callback_metrics if name.startswith("val/")))
        raise UsageError(f"train.monitor = {recipe.train.monitor} isn't measured: choose one of {known}") from error
    except SystemExit as error:
        if trainer.interrupted and error.code == 1:  # what Lightning makes of Ctrl-C
            raise KeyboardInterrupt from error
        raise


def _out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(
        words in text for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def _less_memory(recipe: Recipe, trainer: lightning.Trainer) -> str:
    batch, size = recipe.train.batch, recipe.data.size
    resident = ", or keep the pictures out of it with data.resident=no" if recipe.data.resident != "no" else ""
    step = trainer.fit_loop.total_batch_idx + 1
    return (
        f"out of memory on {trainer.strategy.root_device} in step {step}: lower train.batch "
        f"(now {batch}) or data.size (now {size}), as in --set train.batch={max(1, batch // 2)}{resident}"
    )
