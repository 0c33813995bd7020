"""val/fid of a run, and where its curves can go."""

import csv
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import Logger
from numpy.typing import NDArray
from tiny_training import TinyMethod, draw_pictures, packed, tiny_recipe, train_tiny

from photochrom.errors import TrainingError, UsageError
from photochrom.train.measure.frechet import frechet_distance
from photochrom.train.run.folder import read_facts
from photochrom.train.run.run import train
from photochrom.train.watch.fid import ValidationFid


def curve(out: Path, name: str) -> list[float]:
    with open(out / "metrics.csv", newline="") as stream:
        return [float(row[name]) for row in csv.DictReader(stream) if row.get(name)]


class MeanColors:
    """Features that are the mean colours; counts the pictures."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, pictures: Any) -> NDArray[np.float32]:
        self.seen += len(pictures)
        return np.stack([picture.mean((0, 1)) for picture in pictures]).astype(np.float32)


def test_the_distance_of_the_validation_pictures_is_logged_each_epoch(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 60)
    features = MeanColors()
    recipe = tiny_recipe(data={"validation": "30/30"}, train={"epochs": 3}, optimiser={"rate": 0.0})
    watch = ValidationFid(lambda device: features, 20)
    train_tiny(recipe, [pictures], tmp_path / "run", callbacks=[watch])
    values = curve(tmp_path / "run", "val/fid")
    assert len(values) == 3
    assert features.seen == 20 + 3 * 20, "the true pictures once"
    assert values[0] > 0
    truth = np.concatenate(watch._truth)
    assert values[-1] == pytest.approx(frechet_distance(np.concatenate(watch._ours), truth), rel=1e-5)


def test_of_a_handful_of_pictures_there_is_no_distance(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 24)
    watch = ValidationFid(lambda device: MeanColors(), 20)
    train_tiny(tiny_recipe(), [pictures], tmp_path / "run", callbacks=[watch], max_steps=1)
    assert curve(tmp_path / "run", "val/fid") == []


def test_without_its_network_the_distance_is_left_out_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules["photochrom.train.measure.weight_files"].WEIGHTS, "fid", ())
    pictures = draw_pictures(tmp_path / "pictures", 24)
    train(tiny_recipe(train={"fid": 20, "epochs": 1}), [pictures], tmp_path / "run", **packed(method=TinyMethod))
    assert "val/fid is left out" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"val/fid isn't measured"):
        train_tiny(tiny_recipe(train={"monitor": "val/fid"}), [pictures], tmp_path / "other")


# Weights & Biases, MLflow


class Service(Logger):
    """What a logger of Lightning does, written down."""

    made: list["Service"] = []  # noqa: RUF012  one list for all is meant

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__()
        self.words, self.options, self.rows = words, options, [dict[str, float]()]
        self.settings: dict[str, Any] = {}
        Service.made.append(self)

    @property
    def name(self) -> str:
        return "photochrom"

    @property
    def experiment(self) -> object:
        return self

    @property
    def version(self) -> str:
        return "id-1"

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.rows.append(dict(metrics))

    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        if self.options.get("fails"):
            raise RuntimeError("no key\nlog in first")
        self.settings |= params


@pytest.mark.parametrize(
    ("name", "kind", "resumes"), [("wandb", "WandbLogger", "id"), ("mlflow", "MLFlowLogger", "run_id")]
)
def test_the_curves_go_to_a_service_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, resumes: str
) -> None:
    monkeypatch.setattr(f"photochrom.train.run.loggers.{kind}", Service)
    module = ModuleType(name)
    module.__spec__ = torch.__spec__
    monkeypatch.setitem(sys.modules, name, module)
    pictures, out = draw_pictures(tmp_path / "pictures", 24), tmp_path / "run"
    Service.made.clear()
    train_tiny(tiny_recipe(train={"logger": name, "epochs": 1}), [pictures], out)
    (service,) = Service.made
    assert service.settings["optimiser.rate"] == 0.01
    assert {"train/loss_step", "val/loss"} <= {key for row in service.rows for key in row}
    assert service.options[resumes] is None
    assert read_facts(out)["logger"] == {"kind": name, "id": "id-1"}
    train_tiny(tiny_recipe(train={"logger": name, "epochs": 2}), [pictures], out, resume=True)
    assert Service.made[1].options[resumes] == "id-1", "the same run goes on"
    assert not Service.made[1].settings, "MLflow takes none twice"


def test_a_service_that_cannot_begin_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 24)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"train\.logger = wandb needs the package wandb: pip install wandb"):
        train_tiny(tiny_recipe(train={"logger": "wandb"}), [pictures], tmp_path / "run")
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: torch.__spec__)
    monkeypatch.setattr("photochrom.train.run.loggers.WandbLogger", lambda **options: Service(fails=True))
    with pytest.raises(TrainingError, match=r"train\.logger = wandb can't begin \(log in first\): log in to it"):
        train_tiny(tiny_recipe(train={"logger": "wandb"}), [pictures], tmp_path / "run")
