"""A run that was killed goes on as if nothing had been: the same losses, to the last digits, as one that wasn't."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tiny_training
import torch
from tiny_training import TinyGame, TinyMethod, draw_pictures, tiny_recipe, train_tiny

# As the run in a process of its own: batch norm's statistics depend on how many threads there are.
pytestmark = pytest.mark.usefixtures("one_thread")


class Killed(Exception):
    pass


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_pictures(tmp_path / "pictures", 32)


def curve(out: Path, name: str = "train/loss_step") -> dict[int, float]:
    with open(out / "metrics.csv", newline="") as stream:
        return {int(row["step"]): float(row[name]) for row in csv.DictReader(stream) if row.get(name)}


def weights(out: Path) -> dict[str, Any]:
    return torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)


def assert_same(ours: Path, theirs: Path) -> None:
    for name in ("train/loss_step", "val/loss"):
        assert list(curve(ours, name)) == list(curve(theirs, name))
        assert curve(ours, name) == pytest.approx(curve(theirs, name), rel=1e-5), name
    for key in ("state_dict", "current_model_state"):
        for name, value in weights(theirs).get(key, {}).items():
            torch.testing.assert_close(weights(ours)[key][name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", [TinyMethod, TinyGame])
@pytest.mark.parametrize("batches", [3, 6, 7, 11])  # in an epoch of 5 or 6: within, at its end, just after, later
def test_a_run_that_broke_off_anywhere(tmp_path: Path, pictures: Path, method: type[TinyMethod], batches: int) -> None:
    recipe = tiny_recipe(train={"epochs": 3, "ema": 0.8, "checkpoint_minutes": 0})
    train_tiny(recipe, [pictures], tmp_path / "whole", method=method)

    class Breaking(method):
        left = batches

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            Breaking.left -= 1
            if Breaking.left < 0:
                raise Killed
            return super().training_step(batch, batch_idx)

    with pytest.raises(Killed):
        train_tiny(recipe, [pictures], tmp_path / "broken", method=Breaking)
    assert len(curve(tmp_path / "broken")) <= batches
    train_tiny(recipe, [pictures], tmp_path / "broken", method=method, resume=True)
    assert_same(tmp_path / "broken", tmp_path / "whole")


@pytest.mark.parametrize(
    ("number", "left", "at"),
    [(signal.SIGINT, KeyboardInterrupt, 3), (signal.SIGTERM, SystemExit, 4), (signal.SIGTERM, SystemExit, 9)],
)
def test_an_interrupted_run_is_saved_first(
    tmp_path: Path, pictures: Path, number: signal.Signals, left: Any, at: int
) -> None:
    recipe, out = tiny_recipe(train={"epochs": 3, "ema": 0.8}), tmp_path / "run"
    train_tiny(recipe, [pictures], tmp_path / "whole")
    before = signal.getsignal(number)

    class Interrupting(TinyMethod):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            if self.global_step == at:
                os.kill(os.getpid(), number)
            return super().training_step(batch, batch_idx)

    with pytest.raises(left):
        train_tiny(recipe, [pictures], out, method=Interrupting)
    assert signal.getsignal(number) is before
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"
    assert weights(out)["global_step"] == at + 1
    train_tiny(recipe, [pictures], out, resume=True)
    assert curve(out) == pytest.approx(curve(tmp_path / "whole"), rel=1e-5)


def test_a_run_that_was_stopped_in_between(tmp_path: Path, pictures: Path) -> None:
    recipe = tiny_recipe(train={"epochs": 3})
    train_tiny(recipe, [pictures], tmp_path / "whole")
    for steps in (2, 8, None):
        train_tiny(recipe, [pictures], tmp_path / "parts", max_steps=steps, resume=steps != 2)
    assert curve(tmp_path / "parts") == pytest.approx(curve(tmp_path / "whole"), rel=1e-5)


def test_a_finished_run_can_be_given_more_epochs(tmp_path: Path, pictures: Path) -> None:
    train_tiny(tiny_recipe(train={"epochs": 3}), [pictures], tmp_path / "whole")
    train_tiny(tiny_recipe(train={"epochs": 1}), [pictures], tmp_path / "parts")
    train_tiny(tiny_recipe(train={"epochs": 3}), [pictures], tmp_path / "parts", resume=True)
    assert_same(tmp_path / "parts", tmp_path / "whole")
    before = curve(tmp_path / "parts")
    train_tiny(tiny_recipe(train={"epochs": 3}), [pictures], tmp_path / "parts", resume=True)
    assert curve(tmp_path / "parts") == before, "nothing is left to do"


def test_killed_in_mid_epoch(tmp_path: Path, pictures: Path) -> None:
    """The real thing: kill -9 of a process with decoding workers."""
    settings = {"data": {"resident": "no", "workers": 1}, "train": {"epochs": 3, "checkpoint_minutes": 0}}
    command = [sys.executable, tiny_training.__file__, "slow", pictures, tmp_path / "killed", *flat(settings)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.Popen([str(word) for word in command], env=environment)
    train_tiny(tiny_recipe(**settings), [pictures], tmp_path / "whole")
    table = tmp_path / "killed" / "metrics.csv"
    deadline = time.monotonic() + 240
    while not (table.exists() and len(table.read_text().splitlines()) > 9) and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(60) == -signal.SIGKILL
    assert 5 < len(curve(tmp_path / "killed")) < len(curve(tmp_path / "whole"))
    train_tiny(tiny_recipe(**settings), [pictures], tmp_path / "killed", resume=True)
    assert_same(tmp_path / "killed", tmp_path / "whole")


def flat(settings: dict[str, dict[str, Any]]) -> list[str]:
    return [f"{section}.{key}={value}" for section, keys in settings.items() for key, value in keys.items()]
