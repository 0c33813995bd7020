"""Alarms of a run: written to stderr and to RUN/warnings.log, once until things have gone well again."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lightning
from rich.console import Console
from rich.markup import escape

from photochrom.train.watch.values import steps_done


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
