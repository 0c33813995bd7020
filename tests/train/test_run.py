"""A run from beginning to end, with the smallest of methods: what it leaves behind, and how it may be ended."""

import csv
import json
import os
from pathlib import Path
from typing import get_args

import pytest
import torch
from tiny_training import TinyGame, TinyMethod, draw_pictures, tiny_recipe, train_tiny

import photochrom
from photochrom.errors import UsageError
from photochrom.train.methods import METHODS, load_method
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.recipe.sections import MethodName
from photochrom.train.run.devices import trainer_devices
from photochrom.train.run.folder import next_folder
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_pictures(tmp_path / "pictures", 24)


def curve(out: Path, name: str) -> dict[int, float]:
    with open(out / "metrics.csv", newline="") as stream:
        return {int(row["step"]): float(row[name]) for row in csv.DictReader(stream) if row.get(name)}


def test_what_a_run_leaves_behind(tmp_path: Path, pictures: Path) -> None:
    recipe, out = tiny_recipe(train={"ema": 0.9, "preview": 2}), tmp_path / "run"
    assert train_tiny(recipe, [pictures], out) == out
    assert load_recipe(out / "recipe.toml") == recipe
    told = json.loads((out / "run.json").read_text())
    assert told["status"] == "done"
    assert told["data"]["train"] + told["data"]["validation"] == 24
    assert told["data"]["left_out"] == 0 and len(told["data"]["sha256"]) == 64
    assert torch.__version__.startswith(told["versions"]["torch"])
    assert told["versions"]["photochrom"] == photochrom.__version__
    assert told["hardware"]["cores"] == os.cpu_count()
    assert {"system", "processor", "gpus"} < set(told["hardware"])
    assert told["revision"] == "" or len(told["revision"].removesuffix("-dirty")) == 40
    steps = told["sessions"][0]["steps"]
    assert steps == 2 * (told["data"]["train"] // 4)
    assert list(curve(out, "train/loss_step")) == list(range(steps))
    assert len(curve(out, "val/loss")) == 2
    assert {p.name for p in (out / "samples").iterdir()} == {"epoch-0001.jpg", "epoch-0002.jpg"}
    assert list((out / "tensorboard").glob("events.*"))
    for name in ("best", "last"):
        saved = torch.load(out / "checkpoints" / f"{name}.ckpt", weights_only=True)
        assert saved["hyper_parameters"]["recipe"] == recipe.to_dict()
        assert not torch.equal(
            saved["state_dict"]["network.0.weight"], saved["current_model_state"]["network.0.weight"]
        )
        load_method(out / "checkpoints" / f"{name}.ckpt", TinyMethod)
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize("method", [TinyMethod, TinyGame])
def test_a_run_ended_by_steps_validates_and_goes_on(tmp_path: Path, pictures: Path, method: type[TinyMethod]) -> None:
    out = tmp_path / "run"
    train_tiny(tiny_recipe(), [pictures], out, max_steps=1, method=method)
    assert list(curve(out, "train/loss_step")) == [0]
    assert len(curve(out, "val/loss")) == 1
    assert (out / "checkpoints" / "best.ckpt").is_file()
    train_tiny(tiny_recipe(), [pictures], out, max_steps=3, resume=True, method=method)
    assert list(curve(out, "train/loss_step")) == [0, 1, 2]


def test_a_run_ended_by_the_clock(tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "run"
    train_tiny(tiny_recipe(train={"epochs": 100000}), [pictures], out, max_minutes=0.02)
    assert json.loads((out / "run.json").read_text())["status"] == "done"
    assert (out / "checkpoints" / "last.ckpt").is_file()


def test_a_limit_that_lies_behind_a_run(tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "run"
    train_tiny(tiny_recipe(), [pictures], out)
    steps = len(curve(out, "train/loss_step"))
    with pytest.raises(UsageError, match=rf"has {steps} steps behind it, and --max-steps ends it at 1: give more"):
        train_tiny(tiny_recipe(), [pictures], out, resume=True, max_steps=1)
    with pytest.raises(UsageError, match=r"has 2 epochs behind it, and train\.epochs ends it at 1: give more than 2"):
        train_tiny(tiny_recipe(train={"epochs": 1}), [pictures], out, resume=True)
    train_tiny(tiny_recipe(), [pictures], out, resume=True)  # nothing is left to do
    train_tiny(tiny_recipe(train={"epochs": 3}), [pictures], out, resume=True)
    assert len(curve(out, "train/loss_step")) == 3 * steps // 2


def test_a_run_stopped_before_its_first_checkpoint_begins_anew(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("whole", "killed"):
        train_tiny(tiny_recipe(), [pictures], tmp_path / name, max_steps=2)
    out = tmp_path / "killed"
    left = out / "checkpoints" / ".photochrom-00000000-999999999-0123456789ab.part"
    for file in (out / "checkpoints").iterdir():
        file.unlink()
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    train(tiny_recipe(), [pictures], out, method=TinyMethod, options=RunOptions(resume=True, max_steps=2, device="cpu"))
    assert "was stopped before its first checkpoint: it begins anew" in capsys.readouterr().err
    assert not left.exists()
    assert curve(out, "train/loss_step") == curve(tmp_path / "whole", "train/loss_step")


def test_both_learning_rates_are_in_the_curves(tmp_path: Path, pictures: Path) -> None:
    sections = {
        "method": "cgan",
        "data": {"size": 32, "workers": 0},
        "network": {"kind": "cifar-cnn", "width": 4},
        "loss": {"adversarial": "hinge"},
        "optimiser": {"rate": 1e-3, "discriminator_rate": 4e-3, "schedule": "linear-decay"},
        "train": {"batch": 8, "epochs": 4, "preview": 0},
    }
    run = train(Recipe.from_dict(sections), [pictures], tmp_path / "run", options=RunOptions(device="cpu", quiet=True))
    rates, others = (list(curve(run, f"train/{name}").values()) for name in ("rate", "discriminator_rate"))
    assert rates[0] == pytest.approx(1e-3) and rates[-1] < 9e-4
    assert others == pytest.approx([4 * rate for rate in rates], rel=1e-5)


def test_without_validation_and_with_early_stopping(tmp_path: Path, pictures: Path) -> None:
    train_tiny(tiny_recipe(data={"validation": 0}), [pictures], tmp_path / "a")
    assert (tmp_path / "a" / "checkpoints" / "last.ckpt").is_file()
    recipe = tiny_recipe(train={"early_stopping": 2, "epochs": 30}, optimiser={"rate": 0.0})
    train_tiny(recipe, [pictures], tmp_path / "b")
    assert len(curve(tmp_path / "b", "val/loss")) == 3


@pytest.mark.parametrize(("monitor", "epoch"), [("", 3), ("val/loss", 0)])
def test_which_epoch_is_kept(tmp_path: Path, pictures: Path, monitor: str, epoch: int) -> None:
    recipe = tiny_recipe(train={"monitor": monitor, "epochs": 4}, optimiser={"rate": 30.0})  # worse with every epoch
    train_tiny(recipe, [pictures], tmp_path / "run")
    validation = list(curve(tmp_path / "run", "val/loss").values())
    assert validation.index(min(validation)) == 0
    assert torch.load(tmp_path / "run" / "checkpoints" / "best.ckpt", weights_only=True)["epoch"] == epoch


def test_beginning_with_the_weights_of_another_run(tmp_path: Path, pictures: Path) -> None:
    train_tiny(tiny_recipe(train={"epochs": 1}), [pictures], tmp_path / "a")
    recipe = tiny_recipe(train={"epochs": 1}, optimiser={"rate": 0.0})
    train_tiny(recipe, [pictures], tmp_path / "b", start=tmp_path / "a" / "checkpoints" / "last.ckpt")
    a, b = (load_method(tmp_path / name / "checkpoints" / "last.ckpt", TinyMethod) for name in "ab")
    assert torch.equal(a.network[0].weight, b.network[0].weight)


def test_decoding_in_workers(tmp_path: Path, pictures: Path) -> None:
    for name, workers in (("a", 0), ("b", 2)):
        recipe = tiny_recipe(data={"workers": workers, "resident": "no"})
        train_tiny(recipe, [pictures], tmp_path / name)
    assert curve(tmp_path / "a", "train/loss_step") == pytest.approx(curve(tmp_path / "b", "train/loss_step"))


def test_a_folder_that_is_there(tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(UsageError, match="no run in"):
        train_tiny(tiny_recipe(), [pictures], out, resume=True)
    assert not out.exists()
    train_tiny(tiny_recipe(), [pictures], out, max_steps=1)
    with pytest.raises(UsageError, match="--resume"):
        train_tiny(tiny_recipe(), [pictures], out)
    with pytest.raises(UsageError, match=r"begun with optimiser\.rate = 0\.01, not 0\.5"):
        train_tiny(tiny_recipe(optimiser={"rate": 0.5}), [pictures], out, resume=True)
    draw_pictures(pictures / "more", 30, (20, 20))
    with pytest.raises(UsageError, match="not the pictures"):
        train_tiny(tiny_recipe(), [pictures], out, resume=True)


@pytest.mark.parametrize("device", ["cuda", "toaster"])
def test_a_device_that_is_not_there(tmp_path: Path, pictures: Path, device: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(UsageError, match=device):
        train_tiny(tiny_recipe(), [pictures], tmp_path / "run", device=device)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("alternating", "strategy"), [(True, "ddp_find_unused_parameters_true"), (False, "ddp")])
def test_several_processes_look_for_unused_parameters_only_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, alternating: bool, strategy: str
) -> None:
    assert trainer_devices("cpu", "32", alternating=alternating)["strategy"] == "auto"
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("WORLD_SIZE", "6")
    told = trainer_devices("cpu", "32", alternating=alternating)
    assert (told["devices"], told["num_nodes"], told["strategy"]) == (2, 3, strategy)


def test_every_method_of_a_recipe_says_what_it_needs() -> None:
    assert set(METHODS) == set(get_args(MethodName))
    assert {name for name, method in METHODS.items() if method.needs_bins} == {"distribution", "photo"}
    assert {name for name, method in METHODS.items() if method.alternating} == {
        "cgan",
        "cyclegan",
        "paired",
        "photo",
    }
    assert {name for name, method in METHODS.items() if method.reads_exports} == {"paired", "photo"}


def test_the_next_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert next_folder("tiny", resume=False) == Path("runs/tiny-1")
    with pytest.raises(UsageError, match="--out"):
        next_folder("tiny", resume=True)
    for name in ("tiny-2", "tiny-10", "tiny-other", "big-40"):
        Path("runs", name).mkdir(parents=True)
    assert next_folder("tiny", resume=False) == Path("runs/tiny-11")
    assert next_folder("tiny", resume=True) == Path("runs/tiny-10")
