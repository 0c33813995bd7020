"""The one bar: drawn for a person on a terminal, and never into a pipe."""

import contextlib
import io
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from photochrom.progress import Bar, Progress, silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def watched() -> Iterator[Terminal]:
    """stderr is a terminal meanwhile."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(Terminal()) as terminal:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "120")
        yield terminal


def work(progress: Progress = silent) -> None:
    for n in range(3):
        progress("Measuring [a]", n + 1, 3)


def test_on_a_terminal_it_says_what_and_how_much() -> None:
    with watched() as terminal, Bar() as bar:
        work(bar)
        bar("Writing", 1, 0, note="soon")
    text = terminal.getvalue()
    assert "Measuring [a]" in text and "3/3" in text
    assert "Writing" in text and "1/?" in text and "soon" in text
    assert text.endswith("\x1b[2K")  # wiped away


def test_it_can_stay_and_begin_again() -> None:
    bar = Bar(unit="share", keep=True)
    with watched() as terminal:
        bar("first", 0.25, 1.0)
        bar.close()
        bar("second", 0.5, 1.0)
        bar.close()
        bar.close()
    text = terminal.getvalue()
    assert "25%" in text and "50%" in text and not text.endswith("\x1b[2K")


def test_bytes_are_shown_as_such() -> None:
    with watched() as terminal, Bar(unit="bytes") as bar:
        bar("weights", 5_000_000, 10_000_000)
    assert "5.0/10.0 MB" in terminal.getvalue()


def test_lines_go_above_the_bar_or_into_the_pipe() -> None:
    pipe = io.StringIO()
    with watched() as terminal, Bar() as bar:
        bar.write("early", terminal)
        bar("Colouring", 0, 2)
        bar.write("a [b] -> c", pipe)
        bar.write("photochrom: [d]", terminal)
    assert pipe.getvalue() == "a [b] -> c\n"
    assert terminal.getvalue().startswith("early\n")
    assert "photochrom: [d]\n" in terminal.getvalue()


def test_a_log_is_told_from_time_to_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Bar(lines=60.0) as bar:
        for now in range(0, 200, 10):
            bar("Measuring photo", now // 10, 20)
        now = 300
        bar("Reading", 3, 0)
    assert capsys.readouterr().err == (
        "Measuring photo: 6 of 20\nMeasuring photo: 12 of 20\nMeasuring photo: 18 of 20\nReading: 3\n"
    )


def test_without_a_terminal_nothing_is_drawn_nor_imported() -> None:
    code = (
        "from photochrom.progress import Bar, silent\n"
        "import sys\n"
        "with Bar() as bar:\n    bar('Reading', 1, 2); bar.write('done', sys.stdout)\n"
        "assert 'rich' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
