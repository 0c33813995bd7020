"""The verb `evaluate`: its options, its files, its exit codes."""

import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli.main import app
from tests.evaluate.drawn import write_folder, write_metric_weights
from tests.tiny_model import write_model

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]


def test_everything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nets = write_metric_weights(tmp_path / "nets", monkeypatch)
    folders = [write_folder(tmp_path / name, 3, start) for name, start in (("a", 0), ("b", 3))]
    shown = write_folder(tmp_path / "shown", 2, 40)
    models = [write_model(tmp_path / "drawn.onnx"), write_model(tmp_path / "flat.onnx", head="ab")]
    out, page = tmp_path / "out", tmp_path / "docs" / "quality.md"
    page.parent.mkdir()
    words = ["evaluate", "--data", *map(str, folders), "--model", *map(str, models), "--size", "48"]
    words += ["--out", str(out), "--metric-weights", str(nets), "--draws", "20", "--save-pictures"]
    (tmp_path / "seen.md").write_text("## Looked at\n\nThe third is too blue.\n")
    words += ["--page", str(page), "--show", str(shown), "--notes", str(tmp_path / "seen.md")]
    monkeypatch.setattr(sys, "argv", ["photochrom", *words])
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "| drawn" in done.stdout and str(out / "report.html") in done.stdout
    assert "fd_dinov2 was left out" in done.stderr

    results = json.loads((out / "results.json").read_text())
    assert [row["model"] for row in results["rows"]] == ["grey", "drawn", "flat", "truth-jpeg", "truth"]
    assert results["command"] == shlex.join(["photochrom", *words])
    html = (out / "report.html").read_text()
    assert html.count("<svg") == 3 and html.count("<img") == 1 + 2 * 2
    assert "the 6 worst by LPIPS alex" in html
    text = page.read_text()
    assert "## What drawn gets wrong" in text and "## What flat gets wrong" not in text and "| blobs" not in text
    assert "## Looked at\n\nThe third is too blue." in text
    assert str(tmp_path) not in text  # a page that is passed on names no places of this machine
    for name in ("sheet.jpg", "spread.svg", "distances.svg", "calibration.svg"):
        assert (page.parent / f"quality-{name}").exists() and f"(quality-{name})" in text
    saved = sorted(str(path.relative_to(out / "pictures")) for path in (out / "pictures").rglob("*.png"))
    assert len(saved) == 5 * 6 and "drawn/a/00.png.png" in saved
    grey = np.asarray(Image.open(out / "pictures" / "grey" / "a" / "00.png.png"))
    assert (grey[..., 0] == grey[..., 2]).all()


def test_refusals_are_one_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert done.stderr.startswith("photochrom: there is no folder or tar shard")
    data = write_folder(tmp_path / "a", 1)
    words = ["evaluate", "--data", str(data), "--out", str(tmp_path / "out"), "--notes", str(tmp_path / "none.md")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2 and "name a text file" in done.stderr
    assert done.stderr.count("\n") == 1
    done = CliRunner().invoke(app, ["evaluate", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and "--data" in done.stderr
    done = CliRunner().invoke(
        app, ["evaluate", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--page", "quality.html"]
    )
    assert done.exit_code == 2 and "ends in .md" in done.stderr


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--data", "a", "b", "--size", "48"], (["a", "b"], [])),
        (["--data", "a", "--data", "b"], (["a", "b"], [])),
        (["--data=a", "b", "-m", "x", "y", "--limit", "3", "-m", "z"], (["a", "b"], ["x", "y", "z"])),
    ],
)
def test_an_option_takes_several_values(
    words: list[str], meant: tuple[list[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from photochrom.evaluate import command

    seen: list[object] = []

    def run(data: list[Path], models: list[str], out: Path, **options: object) -> int:
        seen.append((list(map(str, data)), models))
        return 0

    monkeypatch.setattr(command, "run", run)
    done = CliRunner().invoke(app, ["evaluate", "--out", str(tmp_path), *words])
    assert done.exit_code == 0, done.output
    assert seen == [meant]
    wrong = CliRunner().invoke(app, ["evaluate", "--out", str(tmp_path), "stray", *words])
    assert wrong.exit_code == 2
