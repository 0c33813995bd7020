"""Ctrl-C and SIGTERM while the command is being imported."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_cli_process import posix
from tests.test_layers import loaded_by

Draw = Callable[..., Path]

# The real command, which gets a signal in the middle of the import of one module.
STOPPED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), NUMBER)
            sum(range(1000))  # for Python to see it
            raise SystemError("the import went on")

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["a.png"]
from photochrom.cli.start import main
main()
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["photochrom.cli.main", "typer", "numpy", "PIL.Image", "onnxruntime"])
def test_a_signal_within_an_import(draw: Draw, tmp_path: Path, module: str, number: int) -> None:
    draw("a.png")
    code = STOPPED.replace("MODULE", repr(module)).replace("NUMBER", str(int(number)))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"")
    assert os.listdir(tmp_path) == ["a.png"]


def test_little_is_imported_before_signals_are_listened_to() -> None:
    code = "import photochrom.cli.start, sys; print(*(name for name in sys.modules if name.startswith('photochrom')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["photochrom", "photochrom.cli", "photochrom.cli.start"]
    assert loaded_by("import photochrom.cli.start") - loaded_by("pass") <= {"photochrom", "__future__"}


@pytest.mark.parametrize(
    "statement",
    [
        "from photochrom import *; load_model, PictureError, models",
        "import photochrom; assert set(photochrom.__all__) <= set(dir(photochrom)); photochrom.Settings(detail=256)",
        "import photochrom; assert not hasattr(photochrom, 'lode_model')",
        "import os, photochrom; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'",
    ],
)
def test_names_are_there_when_they_are_asked_for(statement: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
