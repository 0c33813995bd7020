"""How alarms are told: on stderr and in RUN/warnings.log, once until things have gone well again."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import lightning
from rich.console import Console
from rich.markup import escape

from photochrom.train.watch.values import steps_done


class Bell:
    """Where warnings go: stderr, and one line each in RUN/warnings.log."""

    def __init__(self, out: Path, console: Console) -> None:
        self.file = out / "warnings.log"
        self._console = console

    def ring(self, trainer: lightning.Trainer, kind: str, sentence: str) -> None:
        if not trainer.is_global_zero:
            return
        place = f"epoch {trainer.current_epoch + 1}, step {steps_done(trainer)}"
        self._console.print(f"[yellow]{kind}[/] ({place}): {escape(sentence)}", highlight=False, soft_wrap=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        with open(self.file, "a", encoding="utf-8") as log:
            log.write(f"{now} {place}, {kind}: {sentence}\n")


class Alarm(lightning.Callback):
    """Rings when its condition comes true, and again only after it has been false in between."""

    kind = ""

    def __init__(self, bell: Bell) -> None:
        self._bell, self._ringing = bell, False

    def judge(self, trainer: lightning.Trainer, wrong: bool, sentence: str) -> None:
        if wrong and not self._ringing:
            self._bell.ring(trainer, self.kind, sentence)
        self._ringing = wrong
