"""Curves and the history that they are drawn from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import UsageError
from photochrom.evaluate.training.curves import curves
from photochrom.evaluate.training.history import read_history
from photochrom.evaluate.training.plots import panels, smoothed, thinned
from tests.train.runs import write_run


def test_history_reads_steps_epochs_and_the_best(tmp_path: Path) -> None:
    history = read_history(write_run(tmp_path / "run"))
    by_step, by_epoch = history.get("train/loss", "step"), history.get("train/loss")
    assert by_step is not None
    assert by_epoch is not None
    assert list(by_step.steps) == list(range(1, 121))
    assert list(by_epoch.epochs) == [0, 1, 2, 3]
    assert history.best_epoch() == 3
    assert history.at_epoch("val/ab_error", 1) == 14
    assert history.at_epoch("val/ab_error", 99) is None
    assert history.at_epoch("val/unknown", 0) is None


def test_after_a_resume_the_later_line_of_a_step_counts(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(
        "epoch,step,train/loss_step,val/loss\n0,1,5,\n0,2,4,\n0,3,9,\n0,2,3,\n0,3,2,\n0,3,,1\n"
    )
    history = read_history(tmp_path)
    steps = history.get("train/loss", "step")
    assert steps is not None
    assert list(steps.values) == [5, 3, 2]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no metrics\.csv"):
        read_history(tmp_path)
    (tmp_path / "metrics.csv").write_text("epoch,step\n")
    with pytest.raises(UsageError, match="no values yet"):
        read_history(tmp_path)


def test_curves_are_written_as_png_svg_and_html(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "warnings.log").write_text("overfitting: <it> is\n")
    made = curves(run)
    assert [path.name for path in made] == ["curves.png", "curves.svg", "curves.html"]
    assert made[0].parent == run / "curves"
    with Image.open(made[0]) as png:
        pixels = np.asarray(png.convert("RGB"))
    for colour in ((0x1B, 0x6C, 0xA8), (0xC4, 0x50, 0x1B)):  # training and validation were both drawn
        assert (np.abs(pixels.astype(int) - colour).sum(-1) < 6).sum() > 100
    svg = made[1].read_text()
    for title in ("loss", "pixel loss", "discriminator", "learning rate", "validation", "truth", "grey"):
        assert f">{title}<" in svg
    html = made[2].read_text()
    assert "overfitting: &lt;it&gt; is" in html
    assert "<svg" in html
    assert "http" not in html.replace("http://www.w3.org", "")


def test_a_run_of_one_epoch_or_with_nan_can_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,step,train/loss,val/loss\n0,1,nan,\n0,2,0.5,\n0,2,,0.4\n0,3,nan,\n")
    assert len(curves(tmp_path)) == 3


def test_train_and_validation_of_one_thing_share_a_panel() -> None:
    made = panels(["train/pixel", "val/diversity", "val/diversity_truth", "train/loss", "val/loss", "lr-Adam"])
    assert [p.title for p in made] == ["loss", "pixel loss", "diversity of mean colours (ab units)", "learning rate"]
    assert made[0].train and made[0].validation
    assert made[2].references == {"truth": "val/diversity_truth"}


def test_a_gans_validation_stands_beside_its_pixel_loss() -> None:
    made = panels(
        ["train/loss", "train/generator", "train/pixel", "train/discriminator_fake", "train/discriminator_real"]
    )
    assert not any(panel.validation for panel in made)
    made = panels(["train/loss", "train/generator", "train/pixel", "val/loss", "train/discriminator_fake"])
    assert [panel.title for panel in made if panel.validation] == ["pixel loss"]


def test_smoothing_keeps_a_constant_and_skips_nan() -> None:
    values = np.full(100, 3.0)
    values[10] = np.nan
    assert np.allclose(smoothed(values), 3.0)


def test_a_long_curve_is_thinned_but_keeps_its_end() -> None:
    x = np.arange(100_001.0)
    thin, _ = thinned(x, x)
    assert len(thin) <= 2001
    assert thin[-1] == 100_000


def test_the_verb_says_what_it_wrote(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from photochrom.cli.main import app

    run = write_run(tmp_path / "run", epochs=1, gan=False)
    done = CliRunner().invoke(app, ["curves", str(run), "-o", str(tmp_path / "here")])
    assert done.exit_code == 0
    assert done.stdout.split() == [str(tmp_path / "here" / f"curves.{kind}") for kind in ("png", "svg", "html")]
    refused = CliRunner().invoke(app, ["curves", str(tmp_path)])
    assert refused.exit_code == 2
