"""The alarm for mode collapse in real games of two networks: one that collapses, and one that a pixel loss holds."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright ones are orange and dark ones blue, so that the colour can be learned from the lightness."""
    folder = tmp_path_factory.mktemp("pictures")
    for n in range(24):
        level, warm = (150, 60) if n % 2 else (60, -50)
        ramp = np.linspace(-20, 20, 40)[:, None] + np.random.default_rng(n).normal(0, 4, (40, 40, 1))
        colors = level + 3 * n + ramp + np.array([warm, 0, -warm])
        Image.fromarray(colors.clip(0, 255).astype(np.uint8)).save(folder / f"{n:02}.png")
    return folder


@pytest.mark.parametrize(("pixel_weight", "collapses"), [(0.0, True), (100.0, False)])
def test_a_real_game_that_collapses_is_told_of_and_one_that_learns_is_not(
    pixel_weight: float, collapses: bool, pictures: Path, tmp_path: Path
) -> None:
    sections = {
        "method": "cgan",
        "data": {"size": 32, "workers": 0, "validation": 0.4, "resident": "yes"},
        "network": {"kind": "cifar-cnn", "width": 8},
        "loss": {"pixel": "l1", "pixel_weight": pixel_weight, "adversarial": "vanilla"},
        "optimiser": {"rate": 2e-3, "betas": [0.5, 0.999]},
        "train": {"batch": 4, "epochs": 16, "preview": 0, "monitor": ""},
    }
    out = train(Recipe.from_dict(sections), [pictures], tmp_path / "run", options=RunOptions(device="cpu", quiet=True))
    with open(out / "metrics.csv") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("val/diversity")]
    ours, truth = (float(rows[-1][f"val/{name}"]) for name in ("diversity", "diversity_truth"))
    assert (ours < 0.05 * truth) if collapses else (ours > 0.3 * truth)
    log = out / "warnings.log"
    assert ("mode collapse" in (log.read_text() if log.exists() else "")) == collapses
