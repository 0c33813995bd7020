"""The journal: what it is told it knows, in the next process too, and one run has it at a time."""

import sqlite3
from pathlib import Path

import pytest

from photochrom.archive.journal import Journal, Row
from photochrom.errors import UsageError


def test_what_is_told_is_known_by_the_next_run(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        assert journal.begin(Row(key="a.jpg", state="begun", output="a.color.jpg", content="1")) == "a.color.jpg"
        journal.put(Row(key="b.jpg", state="failed", error="why"))
    with Journal(tmp_path / "j") as journal:
        assert journal.row("a.jpg").state == "begun" and journal.row("b.jpg").error == "why"
        journal.confirm(["a.color.jpg"])
        assert journal.row("a.jpg").state == "done" and journal.row("c.jpg") is None
        assert [row.key for row in journal.rows()] == ["a.jpg", "b.jpg"]
        assert journal.counts() == {"done": 1, "failed": 1}


def test_no_two_pictures_have_one_output(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        wanted = [
            ("a.jpg", "a.color.jpg"),
            ("A.jpg", "A.color.jpg"),
            ("ä.jpg", "a.color.jpg"),
            ("a.jpg", "a.color.jpg"),
        ]
        given = [journal.begin(Row(key=key, state="begun", output=output)) for key, output in wanted]
    assert given == ["a.color.jpg", "A.color~2.jpg", "a.color~3.jpg", "a.color.jpg"]


def test_two_runs_do_not_share_one(tmp_path: Path) -> None:
    with Journal(tmp_path / "j"), pytest.raises(UsageError, match="another run"):
        Journal(tmp_path / "j")
    Journal(tmp_path / "j").close()


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to be taken for one " * 20)
    with pytest.raises(UsageError, match="no journal"):
        Journal(tmp_path / "text")
    with Journal(tmp_path / "j"):
        pass
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("UPDATE about SET value = '99'")
    db.close()
    with pytest.raises(UsageError, match="another version"):
        Journal(tmp_path / "j")
