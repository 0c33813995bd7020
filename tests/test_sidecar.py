"""Sidecars: the same bytes again, and one picture's settings for a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import photochrom
from photochrom.batch.sidecar import read_settings, read_sidecar
from photochrom.cli.main import app
from photochrom.errors import UsageError


def command(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output + done.stderr
    return done.stderr


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.jpg"
    y, x = np.mgrid[0:60, 0:90]
    Image.fromarray(np.where((x - 30) ** 2 + (y - 30) ** 2 < 300, 60, 170).astype(np.uint8)).save(path, quality=95)
    return path


OPTIONS = ("--model", "photo-fast", "--hint", "30,30=#7a1f1f@4", "--strength", "0.9", "--seed", "3", "--sidecar")


def test_the_same_bytes_again(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command(old, *OPTIONS, "--origin", "--variants", "2", "--quality", "88")
    results = [tmp_path / "old.color.jpg", tmp_path / "old.color-2.jpg"]
    before = [path.read_bytes() for path in results]
    for path in results:
        path.unlink()
    monkeypatch.chdir(tmp_path.parent)  # its places are told from where it lies
    command("redo", *(f"{path}.json" for path in results))
    assert [path.read_bytes() for path in results] == before
    assert before[0] != before[1]
    again = tmp_path / "again"
    command("redo", results[1], "-o", again)  # the result stands for its sidecar
    assert (again / "old.color-2.jpg").read_bytes() == before[1]


def test_nothing_is_overwritten_unasked(old: Path, tmp_path: Path) -> None:
    command(old, *OPTIONS)
    assert "add --overwrite" in command(old, *OPTIONS, code=1)
    assert "add --overwrite" in command("redo", tmp_path / "old.color.jpg.json", code=1)
    command("redo", tmp_path / "old.color.jpg.json", "--overwrite")


def test_one_picture_s_settings_for_others(old: Path, tmp_path: Path) -> None:
    command(old, *OPTIONS)
    large = tmp_path / "more" / "large.png"
    large.parent.mkdir()
    with Image.open(old) as image:
        image.resize((270, 180)).save(large)
    command("-r", large.parent, "--settings", tmp_path / "old.color.jpg.json", "--strength", "0.7", "--sidecar")
    copied = read_sidecar(str(large.parent / "large.color.png"))
    first = read_sidecar(str(tmp_path / "old.color.jpg"))
    assert copied.model == "photo-fast" and copied.settings.seed == 3 and copied.settings.strength == 0.7
    assert copied.settings.guide == first.settings.guide and first.settings.guide.hints[0].unit == "share"


def test_settings_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"vividness": 1.5, "guide": {"hints": [{"x": 0.5, "y": 0.5, "color": "red", "unit": "share"}]}}')
    settings, model = read_settings(str(path))
    assert settings.vividness == 1.5 and settings.guide.hints[0].x == 0.5 and model is None


def test_what_has_changed_is_told(old: Path, tmp_path: Path) -> None:
    command(old, *OPTIONS)
    sidecar = tmp_path / "old.color.jpg.json"
    values = json.loads(sidecar.read_text())
    assert values["picture"] == "old.jpg" and values["settings"]["strength"] == 0.9
    sidecar.write_text(json.dumps({**values, "model_sha256": "0" * 64}))
    with Image.open(old) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(old)
    told = command("redo", sidecar, "--overwrite")
    assert "old.jpg has changed" in told and "was made by another photo-fast" in told
    old.unlink()
    assert "there is no file" in command("redo", sidecar, "--overwrite", code=1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 9, "photochrom": "7.0"}, "written by photochrom 7.0 in a form (9) that"),
        ({"result": None}, "result is damaged"),
        ({"settings": {"vividnes": 1}}, "did you mean 'vividness'"),
        ({"settings": {"strength": 9}}, "strength must lie in"),
        ({"settings": 3}, "settings must be names with values"),
        ({"writing": {"format": "png"}}, "writing is damaged"),
        ({"model": "foto"}, "did you mean 'photo'"),
    ],
)
def test_sidecars_that_are_refused(changes: dict[str, object], told: str, old: Path, tmp_path: Path) -> None:
    command(old, "--model", "photo-fast", "--sidecar")
    sidecar = tmp_path / "old.color.jpg.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), **changes}))
    said = command("redo", sidecar, "--overwrite", code=2)
    assert told in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "can't be read"), ("{", "is no JSON"), ("[]", "is no JSON of settings"), ("{}", "is no sidecar")],
)
def test_files_that_are_no_sidecars(content: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=told):
        read_sidecar(str(path))


def test_no_sidecar_without_a_file(old: Path) -> None:
    assert "--sidecar is of one picture in a file" in command("-", "-o", "x.png", "--sidecar", code=2)
    assert "leave out --pages" in command(old, "--pages", "all", "--sidecar", code=2)
    assert photochrom.__version__
