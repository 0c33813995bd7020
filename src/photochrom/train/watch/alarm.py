"""Alarms of a run: written to stderr and to RUN/warnings.log, once until things have gone well again."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lightning
from rich.console import Console
from rich.markup import escape

from photochrom.train.watch.values import pictures_in, steps_done


class WarningLog:
    """Where alarms are written: to a console, and a line each to warnings.log in the run's folder `out`."""

    def __init__(self, out: Path, console: Console) -> None:
        self.file = out / "warnings.log"
        self.console = console

    def write(self, trainer: lightning.Trainer, kind: str, sentence: str) -> None:
        """Note one alarm, with the epoch and the step; in a run of several processes only the first writes."""
        if not trainer.is_global_zero:
            return
        place = f"epoch {trainer.current_epoch + 1}, step {steps_done(trainer)}"
        self.console.print(f"[yellow]{kind}[/] ({place}): {escape(sentence)}", highlight=False, soft_wrap=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        with open(self.file, "a", encoding="utf-8") as log:
            log.write(f"{now} {place}, {kind}: {sentence}\n")


class Alarm(lightning.Callback):
    """Writes a warning when its condition comes true, and again only after it has been false in between."""

    kind = ""

    def __init__(self, log: WarningLog) -> None:
        self._log, self._raised = log, False

    def report(self, trainer: lightning.Trainer, wrong: bool, sentence: str) -> None:
        """Say whether the condition is true now. sentence: what is going wrong and what to do."""
        if wrong and not self._raised:
            self._log.write(trainer, self.kind, sentence)
        self._raised = wrong

    def state_dict(self) -> dict[str, Any]:
        """So that a run that is resumed doesn't ring again for what it has told."""
        return {"raised": self._raised}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._raised = bool(state_dict.get("raised", False))


class ValidationAlarm(Alarm):
    """An alarm that judges validations, and is silent where they have fewer than `pictures` pictures."""

    def __init__(self, log: WarningLog, *, pictures: int) -> None:
        super().__init__(log)
        self._pictures, self._validated = pictures, 0

    @property
    def enough(self) -> bool:
        """Whether the latest validation had as many pictures as it takes."""
        return self._validated >= self._pictures

    def on_validation_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._validated = 0

    def on_validation_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self._validated += pictures_in(batch) * trainer.world_size
