"""The command as a process of its own: pipes, signals, terminals, names that aren't text, shell completion."""

import functools
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Draw = Callable[..., Path]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

# The real command with a stand-in for the network, which takes as long as it is told.
FAKE = """
import time
import numpy as np
import photochrom
from photochrom.cli.main import main

class Model:
    def versions(self, settings, count):
        return settings.versions(count)

    def predict(self, photo, settings):
        time.sleep(DELAY)

    def render(self, photo, prediction, settings):
        return photo.with_pixels(np.stack([photo.pixels, photo.pixels, photo.pixels // 2], axis=-1))

    def confidence(self, prediction, settings):
        return None

photochrom.load_model = lambda name, *, device, domain, threads: Model()
main()
"""


def command(delay: float = 0) -> list[str]:
    return [sys.executable, "-c", FAKE.replace("DELAY", str(delay))]


REAL = [sys.executable, "-m", "photochrom"]


def run(
    *args: str | bytes, cwd: Path, stdin: bytes = b"", start: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*(start or command()), *args], cwd=cwd, input=stdin, capture_output=True, timeout=60)


def test_stdin_to_stdout(draw: Draw, tmp_path: Path) -> None:
    data = draw("a.png").read_bytes()
    done = run("-", cwd=tmp_path, stdin=data)
    assert done.returncode == 0 and done.stderr == b""
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (40, 30))
    as_jpeg = run("-", "--format", "jpeg", cwd=tmp_path, stdin=data)
    assert as_jpeg.stdout.startswith(b"\xff\xd8")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_stdin_to_file_and_file_to_stdout(draw: Draw, tmp_path: Path) -> None:
    data = draw("a.png").read_bytes()
    done = run("-", "-o", "b.png", cwd=tmp_path, stdin=data)
    assert done.stdout == b"- -> b.png\n"
    assert run("a.png", "-o", "-", cwd=tmp_path).stdout == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_bad_stdin_gives_nothing_on_stdout(tmp_path: Path, data: bytes) -> None:
    done = run("-", cwd=tmp_path, stdin=data)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"photochrom: ") and b"Traceback" not in done.stderr


@posix
def test_name_that_is_not_text(draw: Draw, tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9\n.png"
    os.rename(draw("x.png"), raw)
    done = run(b"caf\xe9\n.png", cwd=tmp_path)
    assert done.stdout == b"caf\xe9\n.png -> caf\xe9\n.color.png\n"
    assert os.path.exists(os.fsencode(tmp_path) + b"/caf\xe9\n.color.png")
    again = run(b"caf\xe9\n.png", "--json", cwd=tmp_path)  # refused: a sentence with that name in it
    assert again.returncode == 1 and again.stdout.count(b"\n") == 2


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_leaves_nothing_half_written(draw: Draw, tmp_path: Path, number: int, code: int) -> None:
    for n in range(6):
        draw(f"{n}.png")
    process = subprocess.Popen(
        [*command(0.3), *(f"{n}.png" for n in range(6))],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell's background jobs ignore Ctrl-C, and hand that on
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    process.stdout.readline()  # the first is done, the others are under way
    process.send_signal(number)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == code, complaints
    assert b"Traceback" not in complaints
    if number == signal.SIGINT:
        assert b"not begun" in complaints
    results = {p.name for p in tmp_path.iterdir()} - {f"{n}.png" for n in range(6)}
    assert results and len(results) < 6
    for name in results:
        with Image.open(tmp_path / name) as image:
            image.load()


@posix
@pytest.mark.parametrize("args", [["0.png", "1.png", "2.png"], ["0.png", "1.png", "--json"], ["0.png", "-o", "-"]])
def test_broken_pipe_is_quiet(draw: Draw, tmp_path: Path, args: list[str]) -> None:
    for n in range(3):
        draw(f"{n}.png")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*command(), *args], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def in_terminal(args: Sequence[str], cwd: Path) -> tuple[int, str, str]:
    """Run with stderr on a pseudo-terminal and stdout in a pipe."""
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(args, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # Linux says so at the end
            break
        if not chunk:
            break
        shown += chunk
    os.close(master)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out.decode(), shown.decode()


@posix
def test_bar_is_shown_in_a_terminal_for_more_than_one_file(draw: Draw, tmp_path: Path) -> None:
    draw("a.png"), draw("b.png")
    code, out, shown = in_terminal([*command(0.2), "a.png", "missing.png", "b.png"], tmp_path)
    assert code == 1
    assert out == "a.png -> a.color.png\nb.png -> b.color.png\n"  # the bar does not touch the pipe
    assert "/3" in shown and "missing.png" in shown and "2 done, 1 failed" in shown
    _, _, single = in_terminal([*command(), "a.png", "--overwrite"], tmp_path)
    assert single.strip() == "1 done, 0 failed"


def complete(*words: str, cwd: Path) -> list[str]:
    line = ["photochrom", *words]
    script = "import sys; sys.argv[0] = 'photochrom'; from photochrom.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "_PHOTOCHROM_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(line),
            "COMP_CWORD": str(len(line) - 1),
        },
    )
    assert done.stderr == ""
    return done.stdout.split("\n") if done.stdout.strip() else []


def test_completion(draw: Draw, tmp_path: Path) -> None:
    draw("mine.png"), draw("old.png")
    assert set(complete("m", cwd=tmp_path)) >= {"models", "mine.png"}
    assert complete("o", cwd=tmp_path) == []  # empty: the shell completes files by itself
    assert "--model" in complete("--mo", cwd=tmp_path)
    assert "photo" in complete("old.png", "--model", "p", cwd=tmp_path)
    assert complete("--model", "./w", cwd=tmp_path) == []
    assert "tiff" in complete("old.png", "--format", "t", cwd=tmp_path)
    assert "--json" in complete("models", "--j", cwd=tmp_path)
    assert set(complete("", cwd=tmp_path)) >= {"models", "mine.png", "old.png"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(tmp_path: Path, shell: str) -> None:
    done = subprocess.run(
        [*REAL, "--show-completion", shell],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and "_PHOTOCHROM_COMPLETE=complete_" + shell in done.stdout


def test_help_is_quick(tmp_path: Path) -> None:
    def cpu_seconds() -> float:
        before = os.times()
        assert run("--help", cwd=tmp_path, start=REAL).returncode == 0
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    # 0.3 s is the promise. Processor time, the best of some and room above it: the machine may be busy.
    assert min(cpu_seconds() for _ in range(5)) < 0.45


def test_shipped_model_colours_a_sample(tmp_path: Path) -> None:
    sample = Path(__file__).parent.parent / "samples" / "cat.jpg"
    (tmp_path / "cat.jpg").write_bytes(sample.read_bytes())
    done = run("cat.jpg", cwd=tmp_path, start=REAL)
    assert (done.returncode, done.stdout) == (0, b"cat.jpg -> cat.color.jpg\n"), done.stderr
    with Image.open(tmp_path / "cat.color.jpg") as image, Image.open(sample) as grey:
        assert image.size == grey.size
        rgb = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(rgb[..., 0] - rgb[..., 2]).mean() > 3


@pytest.mark.parametrize(
    ("args", "code"), [(["--model", "foto"], 2), (["--model", "none.onnx"], 2), (["--device", "toaster"], 2)]
)
def test_models_and_devices_that_there_are_not(draw: Draw, tmp_path: Path, args: list[str], code: int) -> None:
    draw("a.png")
    done = run("a.png", *args, cwd=tmp_path, start=REAL)
    assert done.returncode == code and done.stdout == b""
    assert done.stderr.startswith(b"photochrom: ") and done.stderr.count(b"\n") == 1
    assert not (tmp_path / "a.color.png").exists()


def test_strength_that_is_no_number(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    assert run("a.png", "--strength", "nan", cwd=tmp_path, start=REAL).returncode == 2


def test_nothing_is_told_to_the_makers_of_the_runtime(tmp_path: Path) -> None:
    """Onnxruntime leaves a session's number in the folder for temporary files where its telemetry is on."""
    code = "import numpy, photochrom; photochrom.colorize(numpy.zeros((8, 8), 'uint8'), model='photo-fast')"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert not list(tmp_path.iterdir())
