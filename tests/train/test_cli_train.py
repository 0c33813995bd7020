"""The verbs train, export and bins, with a recipe that ships: from drawn pictures to a picture in colour."""

import csv
from pathlib import Path

import numpy as np
import pytest
import typer
from tiny_training import draw_pictures
from typer.testing import CliRunner

import photochrom
from photochrom.cli.main import app
from photochrom.train.losses.bins import Bins

SMALL = ("train.batch=4", "train.epochs=2", "network.width=8", "data.workers=0", "augment.flip=true")


def photochrom_(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def losses(run: Path) -> dict[int, float]:
    with open(run / "metrics.csv", newline="") as stream:
        return {int(r["step"]): float(r["train/loss_step"]) for r in csv.DictReader(stream) if r["train/loss_step"]}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw_pictures(tmp_path / "pictures", 30)
    return tmp_path


def test_train_resume_export_color(here: Path) -> None:
    train = ("train", "cifar10-cnn", "--data", "pictures", "--device", "cpu", "--set", *SMALL)
    code, told, progress = photochrom_(*train)
    assert (code, told) == (0, "runs/cifar10-cnn-1\n")
    assert "left" in progress and "train/loss" in progress
    assert {p.name for p in Path(told.strip(), "samples").iterdir()} == {"epoch-0001.jpg", "epoch-0002.jpg"}

    assert photochrom_(*train, "--quiet", "--max-steps", 3)[:2] == (0, "runs/cifar10-cnn-2\n")
    code, told, progress = photochrom_(*train, "--quiet", "--resume")
    assert (code, told, progress) == (0, "runs/cifar10-cnn-2\n", "")
    whole, parts = (losses(Path(f"runs/cifar10-cnn-{i}")) for i in (1, 2))
    assert parts == pytest.approx(whole, rel=1e-3)

    code, told, _ = photochrom_("export", "runs/cifar10-cnn-1")
    assert (code, told) == (0, "runs/cifar10-cnn-1/cifar10-cnn.onnx\n")
    assert photochrom_("export", "runs/cifar10-cnn-1")[0] == 1, "it is there already"
    model = photochrom.load_model("runs/cifar10-cnn-1/cifar10-cnn.onnx")
    assert model.colorize(np.zeros((50, 70), np.uint8)).shape == (50, 70, 3)


def test_options_that_verbs_share_are_called_the_same() -> None:
    named: dict[str, set[tuple[str, ...]]] = {}
    for verb in typer.main.get_command(app).commands.values():
        for option in verb.params:
            for name in {"--out", "--model", "--device", "--data", "--overwrite"} & set(option.opts):
                named.setdefault(name, set()).add(tuple(sorted(option.opts)))
    assert named == {
        "--out": {("--out", "--output", "-o")},
        "--model": {("--model", "-m")},
        "--device": {("--device",)},
        "--data": {("--data",)},
        "--overwrite": {("--overwrite",)},
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("train", "cifar10-cnm", "--data", "pictures"), "did you mean 'cifar10-cnn'?"),
        (("train", "cifar10-cnn", "--data", "nowhere"), "nowhere"),
        (("train", "cifar10-cnn"), "--data"),
        (("train", "cifar10-cnn", "--data", "pictures", "--set", "train.epoch=3"), "'epochs'"),
        (("train", "cifar10-cnn", "--data", "pictures", "--resume"), "--out"),
        (("train", "cifar10-cnn", "--data", "pictures", "--out", "pictures"), "holds a run already"),
        (("train", "cifar10-cnn", "--data", "pictures", "--device", "abacus"), "abacus"),
        (
            ("train", "cifar10-cnn", "--data", "pictures", "--start", "no.onnx"),
            "there is no file no.onnx to start with",
        ),
        (("export", "pictures"), "no run in pictures"),
        (("bins", "--data", "nowhere"), "nowhere"),
    ],
)
def test_wrong_use_is_one_sentence(here: Path, words: tuple[str, ...], told: str) -> None:
    code, out, error = photochrom_(*words)
    assert (code, out) == (2, "")
    assert told in error and error.count("\n") == 1
    assert not (here / "runs").exists()


def test_recipes_are_listed_and_shown(here: Path) -> None:
    code, told, _ = photochrom_("train", "--list")
    assert code == 0 and "cyclegan-small: CycleGAN in an hour" in told
    code, told, _ = photochrom_("train", "cifar10-cnn", "--show", "--set", "train.epochs=3")
    assert code == 0 and "\nepochs = 3  #" in told
    code, told, _ = photochrom_("train", "--keys")
    assert code == 0 and told.startswith("# Keys of a recipe")


def test_several_processes_need_a_name_for_the_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, _, error = photochrom_("train", "cifar10-cnn", "--data", "pictures")
    assert code == 2 and "--out" in error


def test_bins(here: Path) -> None:
    code, told, _ = photochrom_("bins", "--data", "pictures", "--out", "mine.npz", "--set", "data.size=32")
    assert (code, told) == (0, "mine.npz\n")
    assert Bins.load(Path("mine.npz")).prior.sum() == pytest.approx(1)
    assert photochrom_("bins", "--data", "pictures", "--out", "mine.npz")[0] == 1, "it is there already"
