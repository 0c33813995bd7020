"""The command with streams that are closed or full, in a folder that is gone, and with words that it doesn't know."""

import functools
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_cli import Cli, cli
from tests.test_cli_process import REAL, command, in_terminal

Draw = Callable[..., Path]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
__all__ = ["cli"]  # the fixture


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line in which P is the command, with a stand-in for the network, and R the command itself."""
    words = {"P": shlex.join(command()), "R": shlex.join(REAL)}
    script = "".join(f'{name}() {{ {what} "$@"; }}\n' for name, what in words.items()) + line
    env = {**os.environ, **environment}
    return subprocess.run(["bash", "-c", script], cwd=cwd, env=env, capture_output=True, timeout=60)


@full
@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_stdout_that_takes_nothing(draw: Draw, tmp_path: Path, to: str, unbuffered: str) -> None:
    draw("a.png"), draw("b.png")
    for line, results in {"P a.png b.png": True, "P a.png --json": True, "P a.png -o -": False}.items():
        done = shell(f"{line} {to}", tmp_path, PYTHONUNBUFFERED=unbuffered)
        assert done.returncode == 1 and done.stdout == b""
        assert done.stderr.startswith(b"photochrom: can't write to stdout: ")
        assert done.stderr.count(b"\n") <= 2 and b"Traceback" not in done.stderr
        assert (tmp_path / "a.color.png").exists() == results
        (tmp_path / "a.color.png").unlink(missing_ok=True)
        (tmp_path / "b.color.png").unlink(missing_ok=True)
    for line in ("R --help", "R models", "R --version"):
        done = shell(f"{line} {to}", tmp_path, PYTHONUNBUFFERED=unbuffered)
        assert (done.returncode, done.stderr.count(b"\n")) == (1, 1), line
        assert b"Traceback" not in done.stderr


@full
@pytest.mark.parametrize("to", ["2>/dev/full", "2>&-"])
def test_stderr_that_takes_nothing(draw: Draw, tmp_path: Path, to: str) -> None:
    draw("a.png")
    done = shell(f"P a.png missing.png {to}", tmp_path)
    assert (done.returncode, done.stdout) == (1, b"a.png -> a.color.png\n")
    assert shell(f"P a.png --overwrite {to}", tmp_path).returncode == 0


def test_all_streams_closed(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    assert shell("P a.png <&- >&- 2>&-", tmp_path).returncode == 1
    assert (tmp_path / "a.color.png").read_bytes().startswith(b"\x89PNG")
    assert b"empty" in shell("P - <&-", tmp_path).stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_name_that_the_encoding_can_not_say(draw: Draw, tmp_path: Path, encoding: str) -> None:
    draw("日本.png")
    done = shell("P 日本.png 日.png", tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    shown = "日本" if encoding == "utf-8" else r"\u65e5\u672c"
    assert done.stdout.decode() == f"{shown}.png -> {shown}.color.png\n"


def test_working_folder_that_is_gone(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    # As the console script does, -c then leaves the working folder out of sys.path: CPython 3.13.0 trips over it there.
    away = "export PYTHONSAFEPATH=1; mkdir gone; cd gone; rmdir ../gone; "
    done = shell(f"{away} P a.png", tmp_path)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"is gone" in done.stderr
    assert shell(f"{away} P '{tmp_path}/a.png'", tmp_path).returncode == 0


def test_names_are_escaped_on_a_terminal(draw: Draw, tmp_path: Path) -> None:
    raw = b"caf\xe9\x1b[31m\n\xe2\x80\xae.png"
    os.rename(draw("x.png"), os.fsencode(tmp_path) + b"/" + raw)
    line = [os.fsdecode(b"nix\x1b[2J.png"), os.fsdecode(raw)]
    _, out, shown = in_terminal([*command(), *line, "--json"], tmp_path)
    assert "\x1b[2J" not in shown and "nix\\x1b[2J.png" in shown
    assert out.isascii() and out.count("\n") == 3
    script = f"exec {shlex.join([*command(), line[1], '--overwrite'])} >&2"  # stdout is the terminal too
    _, _, shown = in_terminal(["bash", "-c", script], tmp_path)
    assert r"caf\xe9\x1b[31m\n\u202e.png -> caf\xe9\x1b[31m\n\u202e.color.png" in shown


@pytest.mark.parametrize("name", ["-dash.jpg", "-old.jpg", "-model.jpg", "--odd.jpg"])
def test_files_that_look_like_options(cli: Cli, draw: Draw, tmp_path: Path, name: str) -> None:
    draw("a.jpg"), draw(name)
    run = cli(*sorted(os.listdir(tmp_path)))
    assert (run.code, run.out) == (2, "") and f"./{name}" in run.err
    assert cli("a.jpg", f"./{name}").code == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["colorize", "old.jpg"], "did you mean: photochrom old.jpg"),
        (["color", "old.jpg", "-r"], "did you mean: photochrom old.jpg -r"),
        (["Colourise"], "did you mean: photochrom old.jpg"),
        (["trian", "x"], "did you mean 'train'?"),
    ],
)
def test_words_that_are_no_verbs(cli: Cli, draw: Draw, words: list[str], hint: str) -> None:
    draw("old.jpg")
    run = cli(*words)
    assert (run.code, run.out) == (2, "") and hint in run.err


def test_a_folder_called_as_a_verb(cli: Cli, draw: Draw) -> None:
    draw("models/a.jpg"), draw("train/a.jpg"), draw("color/a.jpg")
    for words in (["models", "-r"], ["models", "a.jpg"], ["train"]):
        run = cli(*words)
        assert run.code == 2 and f"photochrom -r ./{words[0]}" in run.err
    assert cli("-r", "models").err == "1 done, 0 failed\n"
    assert cli("color", "-r").err == "1 done, 0 failed\n"


# One signal ends it soon: see also tests/test_cli_process.py


@pytest.mark.parametrize("number", [2, 15])
@pytest.mark.parametrize("stuck", ["opening", "in C"])
def test_one_signal_ends_it_whatever_it_is_doing(draw: Draw, tmp_path: Path, number: int, stuck: str) -> None:

    draw("a.png"), draw("z.png")
    os.mkfifo(tmp_path / "slow.png")  # nobody ever writes to it
    start = command()
    if stuck == "in C":  # a call that no signal handler of Python interrupts
        start[2] = start[2].replace("time.sleep(0)", "import ctypes; ctypes.CDLL(None).poll(None, 0, 30000)")
    process = subprocess.Popen(
        [*start, "a.png", "slow.png", "z.png"] if stuck == "opening" else [*start, "a.png", "z.png"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    if stuck == "opening":
        process.stdout.readline()  # the first is done
    else:
        time.sleep(3)  # for it to have begun
    sent = time.monotonic()
    process.send_signal(number)
    _, complaints = process.communicate(timeout=20)
    assert time.monotonic() - sent < 2
    assert process.returncode == 128 + number and b"Traceback" not in complaints
    assert {p.name for p in tmp_path.iterdir()} <= {"a.png", "z.png", "slow.png", "a.color.png"}
    assert stuck == "in C" or b"2 not begun" in complaints
