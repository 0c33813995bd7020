"""What goes wrong in the middle of a run ends it with one sentence that says what to do."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from PIL import Image
from tiny_training import TinyMethod, draw_pictures, tiny_recipe, train_tiny

from photochrom.errors import PhotochromError, TrainingError, UsageError
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train


def failing(error: Exception) -> type[TinyMethod]:
    """A method whose first step raises this."""

    class Failing(TinyMethod):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            raise error

    return Failing


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_out_of_memory_says_which_settings_to_lower(tmp_path: Path, error: Exception) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 12)
    with pytest.raises(TrainingError, match=r"train\.batch \(now 4\) or data\.size \(now 32\).*train\.batch=2"):
        train_tiny(tiny_recipe(), [pictures], tmp_path / "run", method=failing(error))
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "failed"


def test_other_errors_are_left_as_they_are(tmp_path: Path) -> None:
    pictures, wrong = draw_pictures(tmp_path / "pictures", 12), failing(RuntimeError("a mistake of ours"))
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        train_tiny(tiny_recipe(), [pictures], tmp_path / "run", method=wrong)


@pytest.mark.parametrize("resident", ["yes", "no"])
def test_a_few_broken_pictures_are_left_out_with_a_count(tmp_path: Path, resident: str) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 120, (12, 12))
    (pictures / "torn.png").write_bytes((pictures / "000.png").read_bytes()[:70])
    recipe = tiny_recipe(data={"resident": resident, "size": 8}, train={"epochs": 1, "batch": 32})
    train_tiny(recipe, [pictures], tmp_path / "run")
    told = json.loads((tmp_path / "run" / "run.json").read_text())["data"]
    assert told["left_out"] == 1
    assert [Path(name).name for name in told["left_out_names"]] == ["torn.png"]
    assert "torn.png" in (tmp_path / "run" / "warnings.log").read_text()


@pytest.mark.parametrize(("resident", "workers"), [("yes", 0), ("no", 0), ("no", 1)])
@pytest.mark.parametrize("torn", [3, 4])
def test_a_small_set_may_lose_three_pictures(tmp_path: Path, resident: str, workers: int, torn: int) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 40, (12, 12))
    for n in range(torn):
        (pictures / f"torn{n}.png").write_bytes(b"not a picture")
    recipe = tiny_recipe(data={"resident": resident, "size": 8, "workers": workers}, train={"epochs": 1, "batch": 8})
    if torn == 3:
        train_tiny(recipe, [pictures], tmp_path / "run")
        return
    with pytest.raises(TrainingError, match=r"4 of 44 pictures can't be read: .* without 3 at most") as error:
        train_tiny(recipe, [pictures], tmp_path / "run")
    assert all(f"torn{n}.png" in str(error.value) for n in range(torn)), "all at once"


@pytest.mark.parametrize("resident", ["yes", "no"])
def test_grey_pictures_are_left_out_and_counted(
    tmp_path: Path, resident: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 20)
    for n in range(10):
        Image.linear_gradient("L").resize((40, 30 + n)).convert("RGB").save(pictures / f"grey{n}.png")
    recipe = tiny_recipe(data={"resident": resident, "validation": 0.3}, train={"epochs": 2})
    options = RunOptions(device="cpu")
    train(recipe, [pictures], tmp_path / "run", method=TinyMethod, options=options)
    assert "10 of 30 pictures were left out: 10 have no colour" in capsys.readouterr().err.replace("\n", " ")
    told = json.loads((tmp_path / "run" / "run.json").read_text())["data"]["left_out_names"]
    assert {Path(name).name for name in told} == {f"grey{n}.png" for n in range(10)}
    assert set(told.values()) == {"it has no colour"}


def test_nothing_but_grey_pictures_is_refused(tmp_path: Path) -> None:
    for n in range(6):
        shade = Image.linear_gradient("L").resize((40, 30 + n))
        (tmp_path / "grey").mkdir(exist_ok=True)
        shade.save(tmp_path / "grey" / f"{n}.png")
    with pytest.raises(UsageError, match=r"none of the .* pictures in grey is in colour: there is nothing to learn"):
        train_tiny(tiny_recipe(), [tmp_path / "grey"], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_nothing_but_dull_pictures(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 20)
    for resident in ("yes", "no"):
        recipe = tiny_recipe(data={"resident": resident, "workers": int(resident == "no"), "min_colorfulness": 500})
        with pytest.raises(TrainingError, match=r"lower data\.min_colorfulness$"):
            train_tiny(recipe, [pictures], tmp_path / resident)


def test_a_monitor_that_is_not_measured(tmp_path: Path) -> None:
    recipe = tiny_recipe(train={"monitor": "val/lss"})
    with pytest.raises(UsageError, match=r"train\.monitor = val/lss isn't measured: choose one of val/loss"):
        train_tiny(recipe, [draw_pictures(tmp_path / "pictures", 20)], tmp_path / "run")


def test_a_disk_that_holds_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = draw_pictures(tmp_path / "pictures", 20)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=3_000_000))
    with pytest.raises(TrainingError, match=r"has 3 MB left, and the checkpoints of this run take up to 21 MB: free"):
        train_tiny(tiny_recipe(), [pictures], tmp_path / "run")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no limits of a file's size")
@pytest.mark.parametrize("limit", [1000, 12000])  # bytes: too few for the curves, and for a checkpoint
def test_a_disk_that_fills_up(tmp_path: Path, limit: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Full(lightning.Callback):  # type: ignore[misc]
        def on_train_start(self, *_: Any) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))

    pictures = draw_pictures(tmp_path / "pictures", 20)
    try:
        with pytest.raises(PhotochromError, match=r"can't (be )?writ"):
            train_tiny(tiny_recipe(), [pictures], tmp_path / "run", callbacks=[Full()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((tmp_path / "run").rglob("*.part"))


def test_pictures_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.train.data.module.free_memory", lambda: 10000)
    pictures = draw_pictures(tmp_path / "pictures", 20)
    train_tiny(tiny_recipe(data={"resident": "auto"}), [pictures], tmp_path / "a", max_steps=8)
    with pytest.raises(TrainingError, match=r"data\.resident = auto"):
        train_tiny(tiny_recipe(data={"resident": "yes"}), [pictures], tmp_path / "b")
