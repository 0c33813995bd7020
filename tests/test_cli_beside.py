"""What the command writes beside a result: a map of confidence, a contact sheet of the variants."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli.main import app
from tests.tiny_model import write_model

command = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    grey = np.full((60, 90), 128, np.uint8)  # L* 54: undecided; the right half is bright, and surely orange
    grey[:, 45:] = 250
    Image.fromarray(grey).save("old.png")
    write_model(tmp_path / "tiny.onnx")
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    done = command.invoke(app, [*words, "-m", "tiny.onnx"])
    return done.exit_code, done.output


def test_a_map_that_is_dark_where_it_guesses(folder: Path) -> None:
    code, said = run("old.png", "--confidence", "--json")
    record = json.loads(said.splitlines()[0])
    assert code == 0 and record["beside"] == ["old.color.png.confidence.png"]
    with Image.open("old.color.png.confidence.png") as image:
        shown = np.asarray(image)
    assert shown.shape == (60, 90) and shown[30, 10] < 120 < 230 < shown[30, 80]
    assert abs(record["confidence"] - shown.mean() / 255) < 0.02


def test_the_number_comes_without_the_map(folder: Path) -> None:
    record = json.loads(run("old.png", "--json")[1].splitlines()[0])
    assert 0.3 < record["confidence"] < 0.9 and record["beside"] == []
    assert sorted(path.name for path in folder.glob("*.png")) == ["old.color.png", "old.png"]


def test_a_sheet_shows_every_variant(folder: Path) -> None:
    assert run("old.png", "--variants", "4", "--sheet")[0] == 0
    with Image.open("old.color.png.sheet.jpg") as sheet:
        assert sheet.width > 3 * 90 and sheet.height > 2 * 60  # 5 pictures, three to a row


def test_what_is_there_is_not_replaced_and_not_taken_for_a_picture(folder: Path) -> None:
    assert run("old.png", "--confidence", "--sheet")[0] == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, said = run("old.png", "--confidence")
    assert code == 1 and "exists already" in said
    assert run("-r", ".", "--skip-done", "--confidence", "--sheet")[0] == 0  # of the results none is coloured
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    Path("old.color.png.confidence.png").unlink()
    assert run("old.png", "--skip-done", "--confidence")[0] == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_network_of_one_colour_has_no_confidence(folder: Path) -> None:
    write_model(folder / "tiny.onnx", head="ab")
    code, said = run("old.png", "--confidence")
    assert code == 2 and "distribution" in said and not Path("old.color.png").exists()
    assert json.loads(run("old.png", "--json")[1].splitlines()[0])["confidence"] is None


def test_maps_are_of_one_picture_not_of_pages(folder: Path) -> None:
    code, said = run("old.png", "--pages", "all", "--confidence")
    assert code == 2 and "--pages" in said and not Path("old.color.png").exists()


def test_nothing_is_written_beside_stdout(folder: Path) -> None:
    code, said = run("old.png", "-o", "-", "--sheet")
    assert code == 2 and "--sheet" in said
