"""Eras: what they do to colours, what a folder of pictures teaches, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import load_model
from photochrom.cli.main import app
from photochrom.color.era import Era, learned, read_era
from photochrom.color.eras import ERAS, era_of
from photochrom.errors import UsageError
from photochrom.settings import Settings
from tests.tiny_model import write_model

command = CliRunner()


def chromas(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Chroma of pictures whose mean colours differ widely."""
    return [(rng.normal(0, 12, (16, 24, 2)) + rng.normal(0, 14, 2)).astype(np.float32) for _ in range(count)]


def spread(pictures: list[np.ndarray]) -> float:
    return float(np.hypot(*np.std([ab.reshape(-1, 2).mean(axis=0) for ab in pictures], axis=0)))


@pytest.mark.parametrize("name", ERAS)
def test_pictures_of_an_era_agree_in_their_mean_colour(name: str) -> None:
    rng = np.random.default_rng(1)
    before = chromas(20, rng)
    light = rng.uniform(0, 100, (16, 24)).astype(np.float32)
    after = [ERAS[name].apply(ab, light) for ab in before]
    assert spread(after) <= spread(before) / 2
    assert all(np.isfinite(ab).all() and ab.dtype == np.float32 for ab in after)


@pytest.mark.parametrize("name", ERAS)
def test_every_row_says_what_it_is_based_on(name: str) -> None:
    assert len(ERAS[name].basis) > 40 and ERAS[name].basis.endswith(".")


def test_learning_finds_what_the_pictures_have_in_common() -> None:
    """Pictures twice as vivid as the network has them, and redder: the one left out comes nearer too."""
    rng = np.random.default_rng(2)
    guesses = chromas(8, rng)
    truths = [ab * np.float32([2.0, 1.5]) for ab in guesses]
    era = learned("x", "y", truths[1:], guesses[1:])
    assert np.allclose(era.matrix, [[2, 0], [0, 1.5]], atol=0.15)
    left_out = era.apply(guesses[0], np.full((16, 24), 50, np.float32))
    assert np.abs(left_out - truths[0]).mean() < 0.3 * np.abs(guesses[0] - truths[0]).mean()


def test_colours_move_and_the_lightness_does_not(tmp_path: Path) -> None:
    from photochrom.color.lightness import lightness

    model = load_model(write_model(tmp_path / "tiny.onnx"))
    grey = np.tile(np.linspace(20, 235, 90).astype(np.uint8), (60, 1))
    plain, faded = model.colorize(grey), model.colorize(grey, era="1970s")
    assert np.abs(plain.astype(int) - faded).max() > 10
    assert np.abs(lightness(plain) - lightness(faded)).max() < 1.2  # half a level of 8 bits


def test_learn_writes_what_era_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    rng = np.random.default_rng(3)
    for n in range(4):
        small = rng.integers(60, 200, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC).save(f"old/{n}.png")
    Image.new("L", (40, 40), 90).save("old/grey.png")
    write_model(tmp_path / "tiny.onnx")
    words = ["era", "learn", "old", "-o", "mine.json", "--agree", "0.6", "-m", "tiny.onnx"]
    done = command.invoke(app, words)
    assert done.exit_code == 0 and "learned from 4 pictures" in done.output and "grey.png" in done.output
    assert read_era("mine.json").agree == 0.6 and era_of("mine.json").name == "mine"
    assert command.invoke(app, words).exit_code == 1  # it is there already
    done = command.invoke(app, ["old/0.png", "-o", "out.png", "--era", "mine.json", "-m", "tiny.onnx"])
    assert done.exit_code == 0 and Path("out.png").exists()
    done = command.invoke(app, ["era", "learn", "old/grey.png", "-o", "b.json", "-m", "tiny.onnx"])
    assert done.exit_code == 2 and "3 or more" in done.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kodacrome", "did you mean 'kodachrome'"),
        ("1880s", "did you mean"),
        ("zzz", "choose one of"),
        ("no.json", "can't be read"),
    ],
)
def test_an_unknown_era_is_refused_before_anything_is_read(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Settings(era=name)
    done = command.invoke(app, ["missing.jpg", "--era", name])
    assert done.exit_code == 2 and said.split("'")[0] in done.output


@pytest.mark.parametrize(
    "change",
    [
        {"format": "photochrom era 9"}, {"matrix": [[1, 0]]}, {"matrix": [[1, "a"], [0, 1]]}, {"mean": [1e9, 0]},
        {"mean": [float("nan"), 0]}, {"agree": 3}, {"agree": "x"}, {"tone": "red"}, {"colour": 1}, {"name": None},
        {"palette": 3},
    ],
)  # fmt: skip
def test_a_damaged_era_is_one_sentence(tmp_path: Path, change: dict[str, object]) -> None:
    values = {**json.loads(Era(name="a", basis="b").to_json()), **change}
    (tmp_path / "a.json").write_text(json.dumps(values))
    with pytest.raises(UsageError, match=r"era"):
        era_of(str(tmp_path / "a.json"))
    (tmp_path / "b.json").write_text("no json")
    with pytest.raises(UsageError, match="is no JSON"):
        era_of(str(tmp_path / "b.json"))


def test_it_is_one_of_the_settings() -> None:
    assert Settings.from_dict(Settings(era="autochrome").to_dict()).era == "autochrome"
    with pytest.raises(UsageError, match="must be a word"):
        Settings(era=3)  # type: ignore[arg-type]
