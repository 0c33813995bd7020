"""A run: what the journal leaves to be done is done, and what became of it is put into the journal."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal, NamedTuple

from photochrom.archive.item import Item
from photochrom.archive.journal import Journal, Row
from photochrom.archive.pipeline import Memory, each
from photochrom.archive.targets import Target, result_name
from photochrom.archive.work import Colored, Order, is_larger, memory_of
from photochrom.batch.sidecar import SUFFIX as SIDECAR
from photochrom.batch.sidecar import described, encoded
from photochrom.digest import sha256_of, sha256_of_stream
from photochrom.errors import OutputError, OutputExistsError, PhotochromError, PictureError, UsageError

Color = Callable[[bytes, str, Order], Colored]
ColorFile = Callable[[Path, str, Order], Colored]
Sign = Callable[[Colored, bytes | Path, str], Colored]
Status = Literal["done", "failed", "skipped", "failed before", "planned"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one picture in this run, and its row of the journal."""

    key: str
    status: Status
    row: Row | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which pictures a run takes on. overwrite: those made by other settings or of an earlier version of the file, too.

    dry: say what would be done, and touch nothing.
    """

    retry_failed: bool = False
    overwrite: bool = False
    dry: bool = False


class _Given(NamedTuple):
    """content: SHA-256 of the file. memory: bytes that colouring it takes."""

    content: str
    memory: int
    source: bytes | Path
    color: Callable[[], Colored]


class Run:
    """One pass over a source. color: colours the bytes of one picture; called by several threads. color_file: the same
    for a TIFF that is too large to be held; None where all are read into memory.

    sign: signs a result; given it, the original and its key. A UsageError is raised until a picture is done; then it is
    wrong for one of them alone.
    """

    def __init__(
        self,
        order: Order,
        plan: Plan,
        journal: Journal,
        target: Target,
        color: Color,
        color_file: ColorFile | None = None,
        sign: Sign | None = None,
    ) -> None:
        self._order = order
        self._digest = order.digest()
        self._plan = plan
        self._journal = journal
        self._target = target
        self._color = color
        self._color_file = color_file
        self._sign = sign
        self._proven = False  # a picture could be coloured as it was asked for

    def over(self, items: Iterable[Item], *, workers: int, memory: int) -> Iterator[Outcome]:
        """Do all of it; the outcomes in the order in which they come. The results are safe when it ends."""
        budget = Memory(memory)
        if not self._plan.dry and (held := self._target.held(self._journal.begun())):
            self._journal.confirm(held)
        try:
            yield from each(lambda item: self._one(item, budget), items, workers=workers)
        finally:
            self._target.close()
            self._journal.confirm(self._target.sealed())

    def _one(self, item: Item, budget: Memory) -> Outcome:
        row = self._journal.row(item.key)
        if row and item.stamp and row.stamp == item.stamp and row.settings == self._digest:
            if row.state == "done":
                return Outcome(key=item.key, status="skipped", row=row)
            if row.state == "failed" and not self._plan.retry_failed:
                return Outcome(key=item.key, status="failed before", row=row)
        if self._plan.dry:
            return Outcome(key=item.key, status="failed" if item.error else "planned", row=row)
        try:
            given = self._given(item, budget.limit)
        except PhotochromError as error:
            return self._failed(item, "", error)
        content = given.content
        if row and row.state == "done" and row.content == content and row.settings == self._digest:
            self._journal.put(replace(row, stamp=item.stamp))  # touched, or told anew, but the same
            return Outcome(key=item.key, status="skipped", row=row)
        taken = budget.take(given.memory)
        try:
            return self._made(item, row, given)
        finally:
            budget.give(taken)

    def _made(self, item: Item, row: Row | None, given: _Given) -> Outcome:
        try:
            if row and row.state == "done" and not self._plan.overwrite:
                raise OutputExistsError(
                    f"{row.output} was made by other settings or of an earlier {item.key}; "
                    "add --overwrite to replace it"
                )
            made = given.color()
            if self._sign:
                made = self._sign(made, given.source, item.key)
            return self._done(item, row, given.content, made)
        except OutputExistsError as error:
            return self._failed(item, given.content, error)
        except OutputError:  # a full disk, a lost network: the others would fail alike
            raise
        except PhotochromError as error:
            if isinstance(error, UsageError) and not self._proven:  # a model without hints, say
                raise
            return self._failed(item, given.content, error)
        except Exception as error:  # noqa: BLE001  a fault of ours in one picture must not end a run over a million
            told = "".join(traceback.format_exception_only(error)).strip()
            where = traceback.extract_tb(error.__traceback__)[-1]
            fault = f"{item.key} met a fault in photochrom ({told}, {where.filename}:{where.lineno}); please report it"
            return self._failed(item, given.content, PhotochromError(fault))

    def _given(self, item: Item, memory: int) -> _Given:
        """What there is to be coloured: read, or left on the disk where it doesn't fit into `memory`."""
        path, color_file = item.path, self._color_file
        if path and color_file and is_larger(path, self._order.options.max_memory or memory):
            try:
                content = sha256_of(path)
            except OSError as error:
                raise PictureError(f"can't read {path}: {error.strerror or error}; check the file") from error
            return _Given(content, memory, path, lambda: color_file(path, item.key, self._order))
        data = item.read()
        content = hashlib.sha256(data).hexdigest()
        return _Given(content, memory_of(data), data, lambda: self._color(data, item.key, self._order))

    def _done(self, item: Item, before: Row | None, content: str, made: Colored) -> Outcome:
        wanted = result_name(item.key, made.format)
        row = Row(
            key=item.key,
            state="begun",
            stamp=item.stamp,
            content=content,
            settings=self._digest,
            output=wanted,
            notes="\n".join(made.notes),
            confidence=made.confidence,
            width=made.width,
            height=made.height,
            seconds=round(made.seconds, 4),
            output_sha256=_digest(made.data),
        )
        ours = before.output if before and before.state != "failed" else None

        def check_free(name: str) -> None:
            for one in (name, name + SIDECAR) if self._order.options.sidecar else (name,):
                if name != ours and not self._plan.overwrite:
                    self._target.check_free(one)

        name = self._journal.begin(row, check_free)
        row = replace(row, output=name)
        may_replace = name == ours or self._plan.overwrite
        try:
            if self._order.options.sidecar:
                beside = self._sidecar(item, made, name)
                self._target.write(name + SIDECAR, beside, replace=may_replace)  # no result that is done lacks it
            safe = self._target.write(name, made.data, replace=may_replace)
        except OutputExistsError:  # it appeared meanwhile, and is not ours
            self._journal.restore(item.key, before)
            raise
        self._proven = True
        if safe:
            row = replace(row, state="done")
            self._journal.put(row)
        if sealed := self._target.sealed():
            self._journal.confirm(sealed)
        if not isinstance(made.data, bytes):
            made.data.close()
        return Outcome(key=item.key, status="done", row=row)

    def _sidecar(self, item: Item, made: Colored, name: str) -> bytes:
        options = self._order.options
        result = self._target.path(name)
        if item.path is None or result is None:
            raise PictureError(
                f"{item.key} is no file of the disk, for which no --sidecar can be written; leave it out"
            )
        settings = options.settings.placed((made.width, made.height), name=item.key)
        said = described(item.path, result, settings=settings, options=options, digest=self._order.model)
        return encoded(said, result.with_name(result.name + SIDECAR))

    def _failed(self, item: Item, content: str, error: PhotochromError) -> Outcome:
        row = Row(
            key=item.key, state="failed", stamp=item.stamp, content=content, settings=self._digest, error=str(error)
        )
        if not isinstance(error, OutputExistsError):  # what is there already is no state of the picture
            self._journal.put(row)
        return Outcome(key=item.key, status="failed", row=row)


def _digest(data: bytes | IO[bytes]) -> str:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    digest = sha256_of_stream(data)
    data.seek(0)
    return digest
