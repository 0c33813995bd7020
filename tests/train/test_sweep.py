"""The sweep: what it varies, that it goes on after an interruption, prunes, and gives the best as a recipe."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.errors import TrainingError, UsageError
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.sweep.ranges import Range, parse_range
from photochrom.train.sweep.result import SweepResult, show
from photochrom.train.sweep.sweep import sweep

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text('method = "regression"\n[train]\nepochs = 3\n')
    return str(path)


class FakeTraining:
    """Stands for train(): validates three times, the better the nearer the learning rate is to 1e-3."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.validations: list[int] = []
        self.fail: BaseException | None = None

    def __call__(self, recipe: Recipe, data: Any, out: Path, *, callbacks: Sequence[Any], **_: Any) -> Path:
        self.rates.append(recipe.optimiser.rate)
        self.validations.append(0)
        (out / "checkpoints").mkdir(parents=True)
        if self.fail:
            raise self.fail
        for epoch in range(3):
            off = abs(torch.log10(torch.tensor(recipe.optimiser.rate)) + 3)
            metrics = {"val/loss": off + 1 / (epoch + 1), "val/ab_error": off, "val/accuracy": 1 - off / 9}
            trainer = SimpleNamespace(sanity_checking=False, callback_metrics=metrics, current_epoch=epoch)
            self.validations[-1] += 1
            for callback in callbacks:
                callback.on_validation_end(trainer, None)
        return out


@pytest.fixture
def training() -> FakeTraining:
    return FakeTraining()


RATE = ["optimiser.rate=1e-6..1e0"]


def run(recipe: str, out: Path, training: FakeTraining, **options: Any) -> SweepResult:
    return sweep(recipe, ["pictures"], out, training=training, **{"ranges": RATE, "trials": 6, **options})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimiser.rate=1e-5..1e-2", Range("optimiser.rate", 1e-5, 1e-2, log=True)),
        ("optimiser.rate=1e-5..1e-2:linear", Range("optimiser.rate", 1e-5, 1e-2)),
        ("network.dropout=0..0.5", Range("network.dropout", 0, 0.5)),
        ("loss.pixel_weight=10..50:log", Range("loss.pixel_weight", 10, 50, log=True, whole=True)),
        ("train.batch=8,16,32", Range("train.batch", choices=(8, 16, 32))),
        ("loss.pixel=l1,l2", Range("loss.pixel", choices=("l1", "l2"))),
        ("augment.flip=true,false", Range("augment.flip", choices=(True, False))),
    ],
)
def test_ranges(text: str, expected: Range) -> None:
    assert parse_range(text) == expected
    assert parse_range(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["optimiser.rate", "optimiser.rate=", "optimiser.rate=1", "a=2..1", "a=x..y", "a=0..1:log", "a=1..2:sqrt"],
)
def test_ranges_that_cant_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="--set-range"):
        parse_range(text)


def test_a_sweep_finds_the_better_settings_and_writes_a_recipe(
    recipe: str, tmp_path: Path, training: FakeTraining, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    found = run(recipe, tmp_path / "sweep", training, trials=8, tell=said.append)
    assert len(training.rates) == 8
    assert all(1e-6 <= rate <= 1 for rate in training.rates)
    best = found.best["optimiser.rate"]
    assert best == min(training.rates, key=lambda rate: abs(torch.log10(torch.tensor(rate)) + 3))
    assert load_recipe(found.recipe).optimiser.rate == best
    assert load_recipe(found.recipe).train.epochs == 3
    assert found.recipe.read_text().startswith("# The best of 8 trials: val/loss = ")
    assert found.rows[0]["optimiser.rate"] == best
    assert len(found.rows) == 8
    assert len(said) == 16
    kept = [path.parent.name for path in (tmp_path / "sweep").glob("*/checkpoints")]
    assert kept == [f"trial-{found.rows[0]['trial']:04d}"]
    show(found)
    printed = capsys.readouterr().out
    assert "[optimiser]\nrate = " in printed
    assert "validations" in printed


def test_bad_trials_are_stopped_early(recipe: str, tmp_path: Path, training: FakeTraining) -> None:
    found = run(recipe, tmp_path / "sweep", training, trials=16)
    early = [row for row in found.rows if row["ended"] == "early"]
    assert early
    assert min(training.validations) < 3
    assert max(training.validations) == 3


def test_a_sweep_goes_on_where_it_was(recipe: str, tmp_path: Path, training: FakeTraining) -> None:
    training.fail = None
    run(recipe, tmp_path / "sweep", training, trials=2)
    training.fail = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "sweep", training, trials=4)
    cut_off = training.rates[-1]
    training.fail = None
    found = run(recipe, tmp_path / "sweep", training, trials=4)
    assert len(training.rates) == 5
    assert training.rates[3] == cut_off  # begun anew with the same settings
    assert len(set(training.rates)) == 4
    assert len(found.rows) == 4
    run(recipe, tmp_path / "sweep", training, trials=4)
    assert len(training.rates) == 5  # nothing is left to do


def test_another_sweeps_folder_is_refused(recipe: str, tmp_path: Path, training: FakeTraining) -> None:
    run(recipe, tmp_path / "sweep", training, trials=1)
    with pytest.raises(UsageError, match="a different set of ranges"):
        run(recipe, tmp_path / "sweep", training, ranges=["optimiser.rate=1e-3..1e-2"])
    with pytest.raises(UsageError, match="a different recipe"):
        run(recipe, tmp_path / "sweep", training, overrides=["train.batch=3"])


def test_weights_of_the_loss_are_judged_by_the_colors(recipe: str, tmp_path: Path, training: FakeTraining) -> None:
    found = run(recipe, tmp_path / "sweep", training, ranges=["loss.pixel=l1,l2"], trials=1)
    assert "val/ab_error" in found.rows[0]


def test_of_an_accuracy_more_is_better(recipe: str, tmp_path: Path, training: FakeTraining) -> None:
    found = run(recipe, tmp_path / "sweep", training, goal="val/accuracy")
    values = [row["val/accuracy"] for row in found.rows if row["ended"] == "whole"]
    assert found.value == max(values)


def test_trials_that_fail_do_not_end_the_sweep_but_three_at_once_do(
    recipe: str, tmp_path: Path, training: FakeTraining
) -> None:
    training.fail = TrainingError("training diverged")
    with pytest.raises(TrainingError, match="diverged"):
        run(recipe, tmp_path / "sweep", training)
    assert len(training.rates) == 3
    training.fail = None
    assert run(recipe, tmp_path / "sweep", training, trials=5).rows[0]["ended"] == "whole"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ranges": []}, "something to vary"),
        ({"ranges": ["optimiser.rat=1e-5..1e-2"]}, r"did you mean .*rate"),
        ({"ranges": ["train.batch=0..4"]}, "at least 1"),
        ({"overrides": ["data.validation=0"]}, "needs validation"),
        ({"goal": "val/nothing"}, "choose one of val/ab_error, val/accuracy, val/loss"),
    ],
)
def test_what_cant_work_is_refused(
    recipe: str, tmp_path: Path, training: FakeTraining, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        run(recipe, tmp_path / "sweep", training, **options)


@pytest.fixture
def real(tmp_path: Path) -> tuple[str, Path]:
    """A recipe and pictures that are trained on in a moment."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for n in range(10):
        Image.new("RGB", (40, 40), (20 * n, 90, 200 - 10 * n)).save(pictures / f"{n}.png")
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        'method = "regression"\n[data]\nsize = 32\nworkers = 0\n[network]\nkind = "cifar-cnn"\nwidth = 4\n'
        "[train]\nbatch = 4\nepochs = 2\npreview = 0\n"
    )
    return str(recipe), pictures


def test_a_real_sweep(tmp_path: Path, real: tuple[str, Path]) -> None:
    recipe, pictures = real
    found = sweep(recipe, [pictures], tmp_path / "sweep", ranges=RATE, trials=2, options=RunOptions(device="cpu"))
    assert [row["validations"] for row in found.rows] == [2, 2]
    assert (tmp_path / "sweep" / f"trial-{found.rows[0]['trial']:04d}" / "checkpoints" / "best.ckpt").is_file()


def test_the_verbs_parse_their_options(tmp_path: Path, real: tuple[str, Path]) -> None:
    recipe, pictures = real
    varied = ["--trials", "2", "--set-range", *RATE, "--set", "train.batch=3"]
    where = ["--data", str(pictures), "-o", str(tmp_path / "s"), "--device", "cpu", "--max-steps", "2"]
    done = CliRunner().invoke(app, ["sweep", recipe, *where, *varied])
    assert done.exit_code == 0
    assert load_recipe(tmp_path / "s" / "best.toml").train.batch == 3
    assert "trial 1: val/loss" in done.stderr
    assert CliRunner().invoke(app, ["sweep", recipe, "--data", "x"]).exit_code == 2
    assert CliRunner().invoke(app, ["compare", str(tmp_path)]).exit_code == 2
