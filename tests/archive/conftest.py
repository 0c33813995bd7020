"""The command in a folder with a model of its own."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from photochrom.cli.main import main
from tests.tiny_model import write_model

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """`photochrom` with some words, in tmp_path with drawn.onnx: its exit code, and what it says on stderr."""
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "drawn.onnx")

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["photochrom", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capfd.readouterr().err

    return run
