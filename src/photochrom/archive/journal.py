"""What became of each picture, in one SQLite file: what makes a run resumable and exact.

An output is announced before it is written and confirmed after, so that whatever moment a run is killed in, the next
one knows which outputs are its own to write anew. Write-ahead log; an announcement is on the disk before its output is.
What a loss of power takes of the rest is done again.
"""

from __future__ import annotations

import io
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

from photochrom.errors import OutputError, UsageError

State = Literal["begun", "done", "failed"]
_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS pictures (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL,            -- begun: its output may be there, in part of a shard; done; failed
    stamp TEXT NOT NULL DEFAULT '', -- of the file, as the source tells without reading
    content TEXT NOT NULL DEFAULT '', -- SHA-256 of the file
    settings TEXT NOT NULL DEFAULT '', -- hash of how it was coloured
    output TEXT,                    -- its name in the target
    error TEXT, notes TEXT NOT NULL DEFAULT '',
    confidence REAL, width INTEGER, height INTEGER, seconds REAL, output_sha256 TEXT,
    at REAL NOT NULL                -- seconds since 1970
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS outputs ON pictures (lower(output));
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is known of one picture; see the table. confidence: 0..1. seconds: of work on it alone."""

    key: str
    state: State
    stamp: str = ""
    content: str = ""
    settings: str = ""
    output: str | None = None
    error: str | None = None
    notes: str = ""
    confidence: float | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    output_sha256: str | None = None
    at: float = 0.0


_COLUMNS = tuple(Row.__dataclass_fields__)
_PUT = f"INSERT OR REPLACE INTO pictures ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  names of ours


class Journal:
    """Open it with `with`; one run at a time may. May be used by several threads. Raises UsageError, OutputError.

    dry: what is put in is forgotten, and nothing of it is written.
    """

    def __init__(self, path: str | os.PathLike[str], *, dry: bool = False) -> None:
        self.path = Path(path)
        self._guard = threading.Lock()
        self._held: BinaryIO
        if dry:
            self._held = io.BytesIO()
            self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            if self.path.exists():
                with closing(sqlite3.connect(f"file:{quote(os.fspath(self.path))}?mode=ro", uri=True)) as there:
                    there.backup(self._db)
            self._db.executescript(_TABLE)
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._held = open(f"{self.path}.lock", "a+b")  # noqa: SIM115  held as long as the journal
        except OSError as error:
            raise OutputError(
                f"can't write the journal {self.path}: {error.strerror}; choose another --journal"
            ) from error
        if not _lock(self._held.fileno()):
            self._held.close()
            raise UsageError(f"another run is using the journal {self.path}; wait for it, or name another --journal")
        try:
            self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_TABLE)
            version = self._db.execute("SELECT value FROM about WHERE name = 'version'").fetchone()
            self._db.execute("INSERT OR IGNORE INTO about VALUES ('version', ?)", (str(_VERSION),))
        except sqlite3.Error as error:
            self._held.close()
            raise UsageError(f"{self.path} is no journal of photochrom ({error}); name another --journal") from error
        if version and version[0] != str(_VERSION):
            self.close()
            raise UsageError(f"the journal {self.path} is of another version of photochrom; name another --journal")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have it."""
        self._db.close()
        self._held.close()

    def row(self, key: str) -> Row | None:
        """What is known of that picture."""
        with self._guard:
            found = self._db.execute(f"SELECT {', '.join(_COLUMNS)} FROM pictures WHERE key = ?", (key,)).fetchone()  # noqa: S608  names of ours
        return Row(**dict(zip(_COLUMNS, found, strict=True))) if found else None

    def begin(self, row: Row, check_free: Callable[[str], None] = lambda name: None) -> str:
        """Announce an output before it is written; gives the name that it may have.

        It is `row.output`, or with ~2, ~3... before the suffix where another picture has that name (a.jpg and A.jpg,
        which the target may not tell apart). check_free: raises where something of a name is in the target that no run
        of this journal put there; an output that is announced is this journal's own, and may be replaced.
        """
        assert row.output is not None
        stem, dot, suffix = row.output.rpartition(".")
        number, checked = 1, ""
        while True:
            name = row.output if number == 1 else f"{stem}~{number}{dot}{suffix}"
            with self._guard:
                taken = self._db.execute(
                    "SELECT 1 FROM pictures WHERE lower(output) = lower(?) AND key != ?", (name, row.key)
                ).fetchone()
                if not taken and checked == name:
                    self._sync(True)
                    self._put(Row(**{**row.__dict__, "output": name, "state": "begun"}))
                    return name
            if taken:
                number += 1
            else:  # outside of the guard: a storage takes its time to answer
                check_free(name)
                checked = name

    def put(self, row: Row) -> None:
        """What became of a picture."""
        with self._guard:
            self._sync(False)
            self._put(row)

    def begun(self) -> dict[str, str]:
        """Outputs that were announced and not confirmed, with the SHA-256 that they have when they are whole."""
        with self._guard:
            found = self._db.execute("SELECT output, output_sha256 FROM pictures WHERE state = 'begun'").fetchall()
        return {output: digest or "" for output, digest in found}

    def restore(self, key: str, before: Row | None) -> None:
        """Take back what was said of a picture since `before`, its row then."""
        with self._guard:
            if before:
                self._put(before)
            else:
                self._db.execute("DELETE FROM pictures WHERE key = ?", (key,))

    def confirm(self, outputs: list[str]) -> None:
        """These outputs, begun before, are safe now."""
        with self._guard:
            self._sync(True)
            self._db.execute("BEGIN")
            self._db.executemany("UPDATE pictures SET state = 'done' WHERE output = ?", [(name,) for name in outputs])
            self._db.execute("COMMIT")

    def rows(self) -> Iterator[Row]:
        """All that is known, by key."""
        with self._guard:
            found = self._db.execute(f"SELECT {', '.join(_COLUMNS)} FROM pictures ORDER BY key")  # noqa: S608  names of ours
            while many := found.fetchmany(1000):
                yield from (Row(**dict(zip(_COLUMNS, one, strict=True))) for one in many)

    def counts(self) -> dict[str, int]:
        """How many pictures are in each state."""
        with self._guard:
            return dict(self._db.execute("SELECT state, count(*) FROM pictures GROUP BY state").fetchall())

    def _sync(self, durable: bool) -> None:
        """Whether the next change is to be on the disk when it is made: that costs milliseconds."""
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    def _put(self, row: Row) -> None:
        values = {**row.__dict__, "at": time.time()}
        try:
            self._db.execute(_PUT, [values[name] for name in _COLUMNS])
        except sqlite3.Error as error:
            raise OutputError(f"can't write the journal {self.path} ({error}); free some space, then go on") from error


def _lock(descriptor: int) -> bool:
    """Take the file for this process; the system lets go of it when the process ends, however it does."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
