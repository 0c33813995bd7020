"""What watches a run: every alarm is rung by a run built for it, and stays silent in one that goes well."""

import io
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image
from rich.console import Console
from torch.utils.data import DataLoader

from photochrom.errors import TrainingError
from photochrom.train.methods import ColorMethod
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.checkpoints import best_checkpoint
from photochrom.train.run.options import RunOptions
from photochrom.train.watch import (
    DeadTraining,
    Divergence,
    ModeCollapse,
    Overfitting,
    Preview,
    RunProgress,
    WarningLog,
    WinningDiscriminator,
    callbacks,
)
from photochrom.train.watch.emerging import write_emerging
from photochrom.train.watch.progress import time_left

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:GPU available but not used"),
]

BATCHES = 4
Logged = dict[str, float]


class Script(lightning.LightningModule):  # type: ignore[misc]
    """A run that logs what it is told: `step(n)` in training step n, `check(e)` in the validation of epoch e."""

    def __init__(self, step: Callable[[int], Logged], check: Callable[[int], Logged]) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 2, 1)
        self.step, self.check = step, check
        self.spoil_at = -1

    def predict_ab(self, lightness: torch.Tensor) -> torch.Tensor:
        return self.layer(lightness)

    predict_lab, preview = ColorMethod.predict_lab, ColorMethod.preview

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        values = self.step(self.global_step)
        self.log_dict({f"train/{k}": v for k, v in values.items()}, on_step=True, on_epoch=True)
        if self.global_step == self.spoil_at:
            with torch.no_grad():
                self.layer.weight.fill_(math.nan)
        return (self.layer.weight**2).sum()

    def validation_step(self, batch: Any, index: int) -> None:
        self.log_dict({f"val/{k}": v for k, v in self.check(self.current_epoch).items()})

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 1e-3)


def picture(n: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(n)
    return {"lightness": torch.rand(1, 16, 16, generator=generator) * 100, "ab": torch.full((2, 16, 16), 10.0 * n)}


def fit(
    script: Script, watching: Sequence[Any], out: Path, epochs: int = 6, logger: Any = False, **options: Any
) -> Any:
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        logger=logger,
        callbacks=[*watching],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=any(isinstance(c, ModelCheckpoint) for c in watching),
        default_root_dir=out,
        log_every_n_steps=1,
        **options,
    )
    pictures = [picture(n) for n in range(2 * BATCHES)]
    trainer.fit(script, DataLoader(pictures, batch_size=2), DataLoader(pictures[:3], batch_size=2))
    return trainer


@pytest.fixture
def warnings(tmp_path: Path) -> WarningLog:
    return WarningLog(tmp_path, Console(file=io.StringIO(), width=200))


def said(warnings: WarningLog) -> list[str]:
    """The lines of warnings.log; the same sentences were printed."""
    lines = warnings.file.read_text().splitlines() if warnings.file.exists() else []
    printed = warnings.console.file.getvalue()
    assert all(line.split(": ", 1)[1] in printed for line in lines)
    return lines


def falling(step: int) -> Logged:
    return {"loss": 1 / (1 + step)}


def fine(epoch: int) -> Logged:
    return {"loss": 1 / (1 + epoch), "diversity": 9.0, "diversity_truth": 10.0}


def test_a_run_that_goes_well_rings_nothing(warnings: WarningLog, tmp_path: Path) -> None:
    watching = [
        Overfitting(warnings),
        ModeCollapse(warnings),
        WinningDiscriminator(warnings, steps=8),
        DeadTraining(warnings, steps=8),
    ]
    watching.append(Divergence(warnings, tmp_path, rate=1.0))

    def step(n: int) -> Logged:
        return {**falling(n), "discriminator_real": 0.6, "discriminator_fake": 0.7}

    fit(Script(step, fine), watching, tmp_path, epochs=8)
    assert said(warnings) == []


def overfitting(warnings: WarningLog, **options: Any) -> Overfitting:
    """For runs of a few steps, with the three pictures of fit()."""
    return Overfitting(warnings, **{"steps": 0, "pictures": 1, **options})


def rising(epoch: int) -> Logged:
    return {"loss": 1 + abs(epoch - 1) / 10}  # best in the second epoch


def test_overfitting_rings_once_when_validation_rises_while_training_falls(
    warnings: WarningLog, tmp_path: Path
) -> None:
    fit(Script(falling, rising), [overfitting(warnings)], tmp_path, epochs=7)
    (line,) = said(warnings)
    assert "overfitting" in line
    assert "best in epoch 2" in line
    assert "epoch 5" in line  # the third after the best


def test_overfitting_rings_once_although_validation_jumps(warnings: WarningLog, tmp_path: Path) -> None:
    check = Script(falling, lambda e: {"loss": 1.0 if e == 1 else 1.5 + 0.3 * NOISE[e % 12]})
    fit(check, [overfitting(warnings)], tmp_path, epochs=24)
    assert len(said(warnings)) == 1


def test_overfitting_rings_in_a_run_of_its_usual_size(warnings: WarningLog, tmp_path: Path) -> None:
    fit(Script(falling, rising), [Overfitting(warnings, pictures=3)], tmp_path, epochs=30)
    (line,) = said(warnings)
    assert "epoch 25" in line  # after 100 steps


NOISE = (0.31, -0.22, 0.13, -0.4, 0.28, -0.05, 0.17, -0.3, 0.22, -0.11, 0.4, -0.18)


@pytest.mark.parametrize(
    ("step", "check", "options"),
    [
        pytest.param(lambda n: {"loss": 1.0 + n}, lambda e: {"loss": 1.0 + e}, {}, id="training rises too"),
        # As at a rate of 0: random crops make the training loss jump, batch norm lets the validation loss drift.
        pytest.param(
            lambda n: {"loss": 1 + 0.1 * NOISE[n // BATCHES % 12]},
            lambda e: {"loss": 1 + 0.05 * min(e, 4)},
            {},
            id="a network that doesn't learn",
        ),
        pytest.param(
            falling, lambda e: {"loss": (2.0, 1.0, 1.9, 1.6, 1.3, 1.1, 0.9)[min(e, 6)]}, {}, id="validation falls again"
        ),
        pytest.param(
            falling, lambda e: {"loss": 1 + 0.01 * NOISE[e] + (0.005 if e else 0)}, {}, id="noise of a settled loss"
        ),
        pytest.param(falling, rising, {"pictures": 4}, id="too few pictures for validation"),
        pytest.param(falling, rising, {"steps": 1000}, id="too few steps"),
    ],
)
def test_what_is_no_overfitting(
    warnings: WarningLog,
    tmp_path: Path,
    step: Callable[[int], Logged],
    check: Callable[[int], Logged],
    options: dict[str, int],
) -> None:
    fit(Script(step, check), [overfitting(warnings, **options)], tmp_path, epochs=12)
    assert said(warnings) == []


class TwoPhases(Script):
    """Something else from the fifth epoch on, as a GAN after its pre-training."""

    @property
    def phase(self) -> str:
        return "alone" if self.current_epoch < 4 else "adversarial"


@pytest.mark.parametrize("kind", [Script, TwoPhases])
def test_overfitting_begins_afresh_after_pretraining(warnings: WarningLog, tmp_path: Path, kind: type[Script]) -> None:
    """The pixel loss of validation jumps up with the discriminator and falls from there."""
    script = kind(falling, lambda e: {"loss": 1 / (1 + e) if e < 4 else 3.0 + (e % 2) / 100})
    fit(script, [overfitting(warnings)], tmp_path, epochs=9)
    assert len(said(warnings)) == (1 if kind is Script else 0)


@pytest.mark.parametrize(
    ("monitor", "told"),
    [
        ("val/loss", r"best\.ckpt is of epoch 2;"),
        ("", r"best\.ckpt is the latest epoch here.*epoch 2 is not kept: .*train\.monitor=val/loss"),
        ("val/diversity", r"best\.ckpt is the epoch with the best val/diversity, which may be another"),
    ],
)
def test_overfitting_names_the_checkpoint_that_is_the_best(
    warnings: WarningLog, tmp_path: Path, monitor: str, told: str
) -> None:
    kept = best_checkpoint(tmp_path / "checkpoints", monitor)
    script = Script(falling, lambda epoch: {**fine(epoch), **rising(epoch)})
    fit(script, [overfitting(warnings), kept], tmp_path, epochs=6)
    (line,) = said(warnings)
    assert re.search(told, line)
    best = torch.load(tmp_path / "checkpoints" / "best.ckpt", weights_only=True)
    assert best["epoch"] == {"val/loss": 1, "": 5, "val/diversity": 0}[monitor]


def test_overfitting_remembers_across_a_restart(warnings: WarningLog, tmp_path: Path) -> None:
    before, after = overfitting(warnings), overfitting(warnings)
    worse = Script(falling, lambda epoch: {"loss": 1.0 + epoch})
    fit(worse, [before], tmp_path, epochs=3)
    assert said(warnings) == []
    after.load_state_dict(before.state_dict())
    fit(Script(lambda n: {"loss": 0.01}, lambda epoch: {"loss": 9.0}), [after], tmp_path, epochs=1)
    assert "best in epoch 1" in said(warnings)[0]  # the third after it
    again = overfitting(warnings)
    again.load_state_dict(after.state_dict())
    fit(Script(lambda n: {"loss": 0.01}, lambda epoch: {"loss": 9.0}), [again], tmp_path, epochs=1)
    assert len(said(warnings)) == 1, "told already"


def test_mode_collapse_rings_when_all_pictures_are_painted_alike(warnings: WarningLog, tmp_path: Path) -> None:
    fit(
        Script(lambda n: {**falling(n), "generator": 1.0}, lambda e: {**fine(e), "diversity": 8.0 if e < 2 else 0.5}),
        [ModeCollapse(warnings, after=8, pictures=3)],
        tmp_path,
        epochs=8,
    )
    (line,) = said(warnings)
    assert "mode collapse" in line
    assert "much the same colours" in line
    assert "stabilise.minibatch=stddev" in line
    assert "0.50" in line
    assert "10.00" in line
    assert "epoch 5" in line  # the third time


def test_mode_collapse_rings_in_a_short_run(warnings: WarningLog, tmp_path: Path) -> None:
    """Of a GAN, with 24 steps in 6 epochs: from its half on, the second time."""
    script = Script(
        lambda n: {**falling(n), "generator": 1.0},
        lambda e: {**fine(e), "diversity": 0.5, "colorfulness": 30, "colorfulness_truth": 40},
    )
    fit(script, [ModeCollapse(warnings, pictures=3)], tmp_path, epochs=6)
    (line,) = said(warnings)
    assert "epoch 4" in line


def test_nearly_grey_pictures_are_called_so(warnings: WarningLog, tmp_path: Path) -> None:
    pale = Script(falling, lambda e: {**fine(e), "diversity": 0.5, "colorfulness": 2.0, "colorfulness_truth": 40.0})
    fit(pale, [ModeCollapse(warnings, pictures=3, after=8)], tmp_path)
    (line,) = said(warnings)
    assert "nearly grey" in line
    assert "train longer" in line


@pytest.mark.parametrize(
    ("diversity", "truth", "pictures"),
    [
        pytest.param(lambda e: 0.2 * 1.3**e, 10.0, 3, id="it is still learning to tell pictures apart"),
        pytest.param(lambda e: min(0.02 * 3**e, 1.3), 10.0, 3, id="it has learned to, and the run ends"),
        pytest.param(lambda e: 0.1, 0.4, 3, id="the true pictures are all alike"),
        pytest.param(lambda e: 0.1, 10.0, 4, id="too few pictures for validation"),
        pytest.param(lambda e: 0.1 if e == 4 else 6.0, 10.0, 3, id="once only"),
    ],
)
def test_what_is_no_mode_collapse(
    warnings: WarningLog, tmp_path: Path, diversity: Callable[[int], float], truth: float, pictures: int
) -> None:
    script = Script(
        lambda n: {**falling(n), "generator": 1.0},
        lambda e: {**fine(e), "diversity": diversity(e), "diversity_truth": truth},
    )
    fit(script, [ModeCollapse(warnings, pictures=pictures)], tmp_path)
    assert said(warnings) == []


def test_a_short_run_without_a_discriminator_has_not_learned_yet(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(falling, lambda e: {**fine(e), "diversity": 0.5})
    fit(script, [ModeCollapse(warnings, pictures=3)], tmp_path)
    assert said(warnings) == []


def test_an_alarm_rings_again_after_it_has_gone_well(warnings: WarningLog, tmp_path: Path) -> None:
    def check(epoch: int) -> Logged:
        return {**fine(epoch), "diversity": 8.0 if epoch == 3 else 0.5}

    fit(Script(falling, check), [ModeCollapse(warnings, times=2, after=0, pictures=3)], tmp_path)
    assert len(said(warnings)) == 2


@pytest.mark.parametrize(("real", "fake", "rings"), [(0.001, 0.002, True), (0.6, 0.001, False)])
def test_a_discriminator_that_always_wins(
    warnings: WarningLog, tmp_path: Path, real: float, fake: float, rings: bool
) -> None:
    script = Script(lambda n: {"loss": 1.0 / (n + 1), "discriminator_real": real, "discriminator_fake": fake}, fine)
    fit(script, [WinningDiscriminator(warnings, steps=8)], tmp_path)
    assert ["winning discriminator" in line for line in said(warnings)] == [True] * rings


def test_a_discriminator_that_wins_a_short_run(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(lambda n: {"loss": 1 / (n + 1), "discriminator_real": 0.01, "discriminator_fake": 0.01}, fine)
    fit(script, [WinningDiscriminator(warnings)], tmp_path)
    (line,) = said(warnings)
    assert "over the last 20 steps" in line


@pytest.mark.parametrize("smoothing", [0.1, 0.0])
def test_smoothed_labels_have_a_floor_that_a_winning_discriminator_reaches(
    warnings: WarningLog, tmp_path: Path, smoothing: float
) -> None:
    recipe = Recipe.from_dict({"loss": {"adversarial": "vanilla"}, "stabilise": {"label_smoothing": smoothing}})
    probability = 0.9  # the best answer to a label of 0.9
    best = -0.9 * math.log(probability) - 0.1 * math.log(1 - probability)
    script = Script(lambda n: {"loss": 1 / (n + 1), "discriminator_real": best, "discriminator_fake": 0.001}, fine)
    fit(script, [WinningDiscriminator.of(recipe, warnings, steps=8)], tmp_path)
    assert len(said(warnings)) == (1 if smoothing else 0)


def test_dead_training_rings_when_every_step_has_the_same_loss(warnings: WarningLog, tmp_path: Path) -> None:
    fit(Script(lambda n: {"loss": 0.25}, fine), [DeadTraining(warnings, steps=8)], tmp_path)
    (line,) = said(warnings)
    assert "dead training" in line
    assert "0.25" in line


def test_dead_training_rings_when_only_the_batches_make_a_difference(warnings: WarningLog, tmp_path: Path) -> None:
    fit(Script(lambda n: {"loss": 1.0 + n % BATCHES}, fine), [DeadTraining(warnings, steps=8)], tmp_path)
    (line,) = said(warnings)
    assert "2.5 in each of the last 3 epochs" in line


@pytest.mark.parametrize(("rate", "rings"), [(0.0, True), (1e-3, False)])
def test_dead_training_rings_when_no_weight_changes(
    warnings: WarningLog, tmp_path: Path, rate: float, rings: bool
) -> None:
    class Rate(Script):
        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), rate)

    fit(Rate(lambda n: {"loss": 1 + 0.1 * NOISE[n % 12]}, fine), [DeadTraining(warnings)], tmp_path, epochs=2)
    assert ["no weight has changed" in line for line in said(warnings)] == [True] * rings


def test_a_loss_that_has_come_down_and_lies_still_has_learned(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(lambda n: {"loss": 1.0 if n < 8 else 0.5 + 0.01 * (n % BATCHES)}, fine)
    fit(script, [DeadTraining(warnings)], tmp_path, epochs=9)
    assert said(warnings) == []


def checkpoints(out: Path) -> ModelCheckpoint:
    return ModelCheckpoint(out / "checkpoints", filename="best", save_last=True, every_n_train_steps=1, save_top_k=1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_a_number_stops_the_run(warnings: WarningLog, tmp_path: Path, value: float) -> None:
    script = Script(lambda n: {"loss": value if n == 6 else 1.0}, fine)
    script.spoil_at = 6  # the weights go with the loss, in the same step
    watching = [Divergence(warnings, tmp_path / "checkpoints", rate=0.5), checkpoints(tmp_path)]
    with pytest.raises(TrainingError, match=r"train/loss became .*last\.ckpt.*lower optimiser\.rate \(it was 0\.5\)"):
        fit(script, watching, tmp_path)
    (line,) = said(warnings)
    assert "diverged" in line
    kept = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 6
    assert all(torch.isfinite(value).all() for value in kept["state_dict"].values())


def test_weights_that_are_not_numbers_are_never_written(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(lambda n: {"loss": 1.0}, fine)  # the loss that is logged looks well
    script.spoil_at = 2
    watching = [Divergence(warnings, tmp_path / "checkpoints", rate=0.5), checkpoints(tmp_path)]
    with pytest.raises(TrainingError, match=r"weights layer\.weight"):
        fit(script, watching, tmp_path)
    for file in (tmp_path / "checkpoints").glob("*.ckpt"):
        kept = torch.load(file, weights_only=True)
        assert kept["global_step"] == 2
        assert all(torch.isfinite(value).all() for value in kept["state_dict"].values())


def test_an_exploding_loss_stops_the_run_before_it_overflows(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(lambda n: {"loss": 0.01 if n < 24 else 0.01 * 2.0 ** (n - 24)}, fine)
    with pytest.raises(TrainingError, match=r"train/loss rose to .* no checkpoint had been written yet"):
        fit(script, [Divergence(warnings, tmp_path / "checkpoints", rate=0.5)], tmp_path, epochs=20)


def test_a_single_high_loss_stops_nothing(warnings: WarningLog, tmp_path: Path) -> None:
    script = Script(lambda n: {"loss": 1e6 if n == 22 else 1.0}, fine)
    fit(script, [Divergence(warnings, tmp_path, rate=0.5)], tmp_path, epochs=7)
    assert said(warnings) == []


@pytest.mark.parametrize(("kind", "stops"), [(Script, True), (TwoPhases, False)])
def test_other_losses_than_before_are_no_explosion(
    warnings: WarningLog, tmp_path: Path, kind: type[Script], stops: bool
) -> None:
    script = kind(lambda n: {"loss": 0.01 if n < 4 * 4 else 5.0}, fine)
    watching = [Divergence(warnings, tmp_path, rate=0.5)]
    watching[0]._first = [0.01] * 20
    if stops:
        with pytest.raises(TrainingError, match="rose to 5"):
            fit(script, watching, tmp_path)
    else:
        fit(script, watching, tmp_path)


def test_colour_emerging_is_one_animation_of_every_epoch(tmp_path: Path) -> None:
    fit(
        Script(falling, fine),
        [Preview(tmp_path / "samples", 3, emerging=tmp_path / "emerging.webp")],
        tmp_path,
        epochs=3,
    )
    with Image.open(tmp_path / "emerging.webp") as film, Image.open(tmp_path / "samples" / "epoch-0001.jpg") as sheet:
        assert film.n_frames == 3 and film.width == sheet.width and film.height > sheet.height


def test_a_long_run_is_shown_by_some_of_its_epochs(tmp_path: Path) -> None:
    for epoch in range(1, 91):
        Image.new("RGB", (16, 16), (epoch * 97 % 256, 2 * epoch, epoch * 61 % 256)).save(
            tmp_path / f"epoch-{epoch:04d}.jpg"
        )
    write_emerging(tmp_path, tmp_path / "emerging.webp")
    with Image.open(tmp_path / "emerging.webp") as film:
        assert film.n_frames == 60
        film.seek(59)
        assert abs(film.convert("RGB").getpixel((8, 38))[1] - 180) < 8, "the last epoch is among them"
    write_emerging(tmp_path / "empty", tmp_path / "none.webp")
    assert not (tmp_path / "none.webp").exists()


def test_preview_shows_the_same_pictures_each_epoch(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path, name="", version="tensorboard")
    fit(Script(falling, fine), [Preview(tmp_path / "samples", 3)], tmp_path, epochs=2, logger=logger)
    files = sorted((tmp_path / "samples").iterdir())
    assert [file.name for file in files] == ["epoch-0001.jpg", "epoch-0002.jpg"]
    with Image.open(files[0]) as first, Image.open(files[1]) as second:
        assert first.size == second.size
        assert first.width == 3 * 96 + 4 * 4  # grey, ours, truth, 16 px shown six times as large
        grey = first.crop((4, first.height - 100, 100, first.height - 4)).convert("RGB")
        truth = first.crop((204, first.height - 100, 300, first.height - 4)).convert("RGB")
    red, _, blue = grey.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert abs(red - blue) <= 3
    red, _, blue = truth.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert red > blue + 30  # ab of (20, 20) is orange
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert len(events.Images("preview")) == 2
    assert len(events.Scalars("val/loss")) == 2


def test_the_bar_counts_the_whole_run(tmp_path: Path) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160)
    seen: list[float] = []

    class Look(lightning.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            from photochrom.train.watch.stopping import share_done

            seen.append(share_done(trainer))

    fit(Script(falling, fine), [RunProgress(console), Look()], tmp_path, epochs=2)
    assert seen == pytest.approx([(n + 1) / 8 for n in range(8)])
    assert "epoch 1/2" in screen.getvalue()
    assert "left" in screen.getvalue()
    seen.clear()
    fit(Script(falling, fine), [Look()], tmp_path, epochs=100, max_steps=6)
    assert seen == pytest.approx([(n + 1) / 6 for n in range(6)])
    seen.clear()
    fit(Script(falling, fine), [Look()], tmp_path, epochs=1000, max_time={"seconds": 1})
    assert seen[-1] > 0.8
    assert seen == sorted(seen)


def test_without_a_terminal_there_is_one_line_for_each_epoch(tmp_path: Path) -> None:
    screen = io.StringIO()
    fit(Script(falling, fine), [RunProgress(Console(file=screen, width=160))], tmp_path, epochs=3)
    lines = screen.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "train/loss" in lines[0]
    assert "val/loss 0.3333" in lines[2]


def test_time_left() -> None:
    assert time_left(60, 0.0, 0.25) == "0:03:00"
    assert time_left(60, 0.5, 0.75) == "0:01:00"  # resumed at the half
    assert time_left(7200, 0.0, 0.5) == "2:00:00"
    assert time_left(1, 0.5, 0.5) == "-:--"


def test_the_callbacks_of_a_recipe_work_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(Script(falling, fine), callbacks(Recipe(), tmp_path), tmp_path, epochs=1)
    assert (tmp_path / "samples" / "epoch-0001.jpg").is_file()
    assert "epoch 1/1" in capsys.readouterr().err
    fit(Script(falling, fine), callbacks(Recipe(), tmp_path / "quiet", quiet=True), tmp_path, epochs=1)
    assert capsys.readouterr() == ("", "")
    without = Recipe.from_dict({"train": {"preview": 0}})
    assert not any(isinstance(callback, Preview) for callback in callbacks(without, tmp_path))


class Spoil(lightning.Callback):  # type: ignore[misc]
    """Makes a weight infinite after so many steps, as a step of the optimiser that goes too far does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        if trainer.global_step == self.after:
            with torch.no_grad():
                next(pl_module.parameters()).fill_(math.inf)


def test_a_real_run_that_diverges_keeps_its_last_good_checkpoint(tmp_path: Path) -> None:
    from photochrom.train.methods import load_method
    from photochrom.train.run.run import train

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for n in range(12):
        bands = [Image.effect_mandelbrot((48, 40), (-2 - n, -1, 1, 1 + n + band), 20) for band in range(3)]
        Image.merge("RGB", bands).rotate(n).save(pictures / f"{n}.png")
    sections = {
        "method": "regression",
        "data": {"size": 32, "workers": 0},
        "network": {"kind": "cifar-cnn", "width": 4},
        "train": {"batch": 2, "epochs": 3, "checkpoint_minutes": 0.0, "ema": 0.9},
    }
    run, options = tmp_path / "run", RunOptions(device="cpu", quiet=True)
    with pytest.raises(TrainingError, match=r"training diverged at step .*last\.ckpt"):
        train(Recipe.from_dict(sections), [pictures], run, options=options, callbacks=[Spoil(after=4)])
    assert "diverged" in (run / "warnings.log").read_text()
    kept = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 3
    assert all(torch.isfinite(weight).all() for weight in load_method(run).parameters())
