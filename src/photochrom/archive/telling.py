"""What a run over an archive tells while it goes and when it ends."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from types import TracebackType

from photochrom.archive.run import Outcome
from photochrom.batch.find import PassedOver
from photochrom.progress import Bar
from photochrom.streams import drop, printable

_EVERY = 60.0  # seconds between two lines where stderr is no terminal


class Telling:
    """Use as a context manager round a run; `add` every outcome. counts: by status."""

    def __init__(self, passed: PassedOver, *, as_json: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._passed = passed
        self._json = as_json
        self._start = self._told = time.monotonic()
        self._bar = Bar()

    def __enter__(self) -> Telling:
        return self

    def add(self, outcome: Outcome) -> None:
        """Tell of one picture: failures, and notes of what is done, a line each."""
        self.counts[outcome.status] += 1
        row = outcome.row
        if outcome.status == "failed" and row and row.error:
            self._complain(row.error)
        for note in row.notes.splitlines() if row and outcome.status == "done" else ():
            self._complain(note)
        if self._json:
            self._say(json.dumps({"type": "file", **_record(outcome)}))
        elif outcome.status == "planned":
            self._say(f"{outcome.key} would be coloured")
        now = time.monotonic()
        note = f"{self.counts['done'] / max(1e-9, now - self._start):.1f}/s"
        self._bar("Colouring", self.counts.total(), 0, note=note)
        if not sys.stderr.isatty() and now - self._told > _EVERY:
            self._told = now
            self._complain(f"{self._summary()}, {note}", prefix="")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()
        if kind not in (None, KeyboardInterrupt, SystemExit):
            return
        if self._json:
            seconds = round(time.monotonic() - self._start, 3)
            kinds = dict(sorted(self._passed.unreadable.items()))
            films = dict(sorted(self._passed.films.items()))
            told = {**self.counts, "unreadable": kinds, "films": films, "seconds": seconds}
            self._say(json.dumps({"type": "summary", **told}))
        if self._passed.unreadable:
            self._complain(f"not read, being of other kinds: {_counted(self._passed.unreadable)}", prefix="")
        if self._passed.films:
            self._complain(
                f"left alone, being films: {_counted(self._passed.films)}; photochrom FILM... -o FOLDER colours films",
                prefix="",
            )
        self._complain(self._summary(), prefix="")

    def _summary(self) -> str:
        words = [("done", "done"), ("failed", "failed"), ("skipped", "done before"), ("planned", "to be done")]
        told = [f"{self.counts[status]} {word}" for status, word in words if self.counts[status] or word == "done"]
        if before := self.counts["failed before"]:
            told.append(f"{before} failed before (--retry-failed tries them again)")
        return ", ".join(told)

    def _say(self, line: str) -> None:
        self._bar.write(printable(line) if sys.stdout.isatty() else line, sys.stdout)

    def _complain(self, text: str, *, prefix: str = "photochrom: ") -> None:
        try:
            self._bar.write(prefix + printable(text), sys.stderr)
        except (OSError, ValueError):  # there is nobody to tell
            drop(sys.stderr)


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _record(outcome: Outcome) -> dict[str, object]:
    row = outcome.row
    told: dict[str, object] = {"input": outcome.key, "status": outcome.status}
    if row:
        told |= {"output": row.output, "error": row.error, "confidence": row.confidence, "seconds": row.seconds}
        told |= {"notes": row.notes.splitlines(), "sha256": row.output_sha256}
    return told
