"""`photochrom explain --run`: one picture through the checkpoints that a training run kept."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.errors import UsageError
from photochrom.evaluate.training.growth import checkpoints_of
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train
from tests.train.tiny_training import draw_pictures

RECIPE = {
    "name": "tiny",
    "data": {"size": 32, "workers": 0, "validation": 0.25},
    "network": {"kind": "cifar-cnn", "width": 4},
    "optimiser": {"rate": 0.02},
    "train": {"batch": 4, "epochs": 5, "preview": 0},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("growth")
    options = RunOptions(device="cpu", quiet=True, keep_every=2)
    return train(Recipe.from_dict(RECIPE), [draw_pictures(folder / "pictures", 12)], folder / "run", options=options)


def test_a_run_keeps_the_epochs_that_were_asked_for(trained: Path) -> None:
    names = {path.name for path in (trained / "checkpoints").glob("epoch-*")}
    assert names == {"epoch-0001.ckpt", "epoch-0002.ckpt", "epoch-0004.ckpt"}
    assert [one.epoch for one in checkpoints_of(trained)] == [1, 2, 4, 5]  # the last is last.ckpt


def test_a_picture_through_a_training(trained: Path, tmp_path: Path) -> None:
    grey = np.tile(np.linspace(30, 220, 80).astype(np.uint8), (64, 1))
    Image.fromarray(grey).save(tmp_path / "old.png")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["explain", str(tmp_path / "old.png"), "--run", str(trained), "-o", str(out)])
    assert done.exit_code == 0, done.output
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "How the network learned" in text and "run-epoch-0005" in text
    assert text.index("How the network learned") < text.index("What the network sees")
    with Image.open(next(out.glob("*training-animation.webp"))) as film:
        assert film.n_frames > 3 * 7  # seven mixtures on the way to each of four checkpoints; equal ones are one frame
        grey, painted = [], []
        for i, stills in ((0, grey), (film.n_frames - 1, painted)):
            film.seek(i)
            stills.append(np.ptp(np.asarray(film.convert("RGB"), int), axis=2).mean())
    assert grey[0] < 3 < 8 < painted[0]
    again = CliRunner().invoke(app, ["explain", str(tmp_path / "old.png"), "--run", str(trained), "-o", str(out)])
    assert again.exit_code == 1 and "--overwrite" in again.output


def test_runs_of_which_nothing_is_to_be_seen(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keeps the weights of no epoch, "):
        checkpoints_of(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(trained / "checkpoints" / "last.ckpt", tmp_path / "checkpoints")
    with pytest.raises(UsageError, match=r"one epoch alone.*--keep-every 1"):
        checkpoints_of(tmp_path)


def test_a_run_and_a_model_are_one_network_too_many(trained: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 40), 90, np.uint8)).save(tmp_path / "old.png")
    words = ["explain", str(tmp_path / "old.png"), "--run", str(trained), "--model", "photo"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2 and "leave one of them out" in done.output
    done = CliRunner().invoke(app, [*words[:2], "--run", str(tmp_path)])
    assert done.exit_code == 2 and "no folder of a training run" in done.output
