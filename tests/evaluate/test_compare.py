"""The report that compares runs: on the same pictures, with the true scores."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.errors import UsageError
from photochrom.evaluate.training.compare import compare, differences
from photochrom.evaluate.training.nearness import (
    RADII,
    AbErrors,
    in_color,
    in_grey,
    predicted_ab,
    true_ab,
    validation_squares,
)
from photochrom.train.recipe.sections import Recipe
from tests.train.runs import write_run


class Paints(torch.nn.Module):
    """Stands for a ColorMethod that paints everything in one colour."""

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.register_buffer("ab", torch.tensor([a, b]).view(1, 2, 1, 1))
        self.sizes: set[tuple[int, ...]] = set()

    def predict_ab(self, lightness: torch.Tensor) -> torch.Tensor:
        self.sizes.add(tuple(lightness.shape[2:]))
        return self.ab.expand(len(lightness), 2, *lightness.shape[2:])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for n in range(20):
        light = rng.integers(60, 200, (48, 64, 1))
        Image.fromarray(np.clip(light + np.array([30, 0, -30 - n]), 0, 255).astype(np.uint8)).save(folder / f"{n}.png")
    return folder


@pytest.fixture
def two_runs(tmp_path: Path, pictures: Path) -> dict[Path, Paints]:
    made = {}
    for name, size, ab in (("plain", 32, (0.0, 0.0)), ("warm", 16, (12.0, 20.0))):
        run = write_run(tmp_path / "runs" / name, better=2.0 if name == "warm" else 1.0)
        values = {"method": "regression", "data": {"size": size}, "optimiser": {"rate": 1e-3 / size}}
        (run / "recipe.toml").write_text(Recipe.from_dict(values).to_toml())
        facts = {"data": {"places": [str(pictures)], "train": 16, "validation": 4}, "status": "done"}
        facts["sessions"] = [{"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:03:00+00:00", "steps": 9}]
        (run / "run.json").write_text(json.dumps(facts))
        made[run] = Paints(*ab)
    return made


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.read_text(), flags=re.DOTALL))


def test_the_report_holds_scores_curves_settings_and_pictures(
    tmp_path: Path, two_runs: dict[Path, Paints], pictures: Path
) -> None:
    page = compare(list(two_runs), tmp_path / "report.html", count=3, load=two_runs.__getitem__)
    text, source = text_of(page), page.read_text()
    assert "Comparison of plain and warm" in text
    assert re.search(r"data\.size 32 16", text)
    assert "optimiser.rate" in text
    assert "data.crop" not in text  # the same in both
    assert "Keras" in text
    assert "val/ab_mse_grey" in text
    assert source.count("<svg") == 2
    assert source.count("data:image/webp;base64") == 1
    assert "http" not in source.replace("http://www.w3.org", "")
    plain, warm = two_runs.values()
    assert plain.sizes == {(32, 32)}
    assert warm.sizes == {(16, 16)}
    scores = text[text.index("MSE of ab/128") :]
    rows = {
        name: re.search(rf"{name}((?: [\d.]+){{6}})", scores)[1].split() for name in ("grey", "plain", "warm", "truth")
    }
    assert rows["plain"] == rows["grey"]  # what paints nothing scores as grey does
    assert float(rows["warm"][2]) < float(rows["grey"][2])
    assert rows["truth"][:4] == ["1", "1", "0", "0"]
    (share,) = re.findall(r"would be (\d+)% accurate", text)
    assert int(share) == 100  # every pixel of these pictures is more yellow than red


def test_pictures_of_ones_own(tmp_path: Path, two_runs: dict[Path, Paints], pictures: Path) -> None:
    for run in two_runs:
        (run / "run.json").unlink()
    with pytest.raises(UsageError, match="--data"):
        compare(list(two_runs), tmp_path / "report.html", load=two_runs.__getitem__)
    assert compare(list(two_runs), tmp_path / "report.html", data=[pictures], load=two_runs.__getitem__).is_file()


def test_runs_of_one_name_are_told_apart(tmp_path: Path, two_runs: dict[Path, Paints]) -> None:
    first, second = two_runs
    for folder, run in (("a", first), ("b", second)):
        (tmp_path / folder).mkdir()
        run.rename(tmp_path / folder / "run")
    folders = [tmp_path / "a" / "run", tmp_path / "b" / "run"]
    page = compare(folders, tmp_path / "report.html", count=1, load=lambda run: Paints(0, 0))
    assert "Comparison of a/run and b/run" in text_of(page)
    with pytest.raises(UsageError, match="named twice"):
        compare([folders[0], folders[0]], tmp_path / "report.html")
    with pytest.raises(UsageError, match="two runs or more"):
        compare(folders[:1], tmp_path / "report.html")


def test_ab_errors_count_as_defined() -> None:
    truth = np.zeros((10, 10, 2), np.float32)
    ours = truth.copy()
    ours[:5, :, 0] = 30.0
    found = AbErrors()
    found.add(ours, truth)
    scores = found.scores()
    assert scores["accuracy"] == 0.5
    assert scores["ab error"] == 15
    assert scores["MSE of ab/128"] == pytest.approx((30 / 128) ** 2 / 4)
    assert scores["accuracy area"] == pytest.approx(0.5 + 0.5 * 120 / 150)
    assert scores["diversity"] == 0
    assert found.curve[0] == 0
    assert found.curve[-1] == 1
    assert len(found.curve) == len(RADII)


def test_squares_are_the_validation_part_and_skip_what_is_broken(pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    chosen = validation_squares([pictures], size=32, share=0.0, limit=0, count=50)
    assert len(chosen) == 20
    assert chosen[0].shape == (32, 32, 3)
    part = validation_squares([pictures], size=32, share=0.5, limit=0, count=50)
    assert 0 < len(part) < 20
    again = validation_squares([pictures], size=32, share=0.5, limit=0, count=2)
    assert all(np.array_equal(a, b) for a, b in zip(part, again, strict=False))


def test_a_square_keeps_its_lightness(pictures: Path) -> None:
    (square,) = validation_squares([pictures], size=32, share=0.0, limit=0, count=1)
    truth = true_ab(square)
    back = in_color(square, truth)
    assert np.abs(back.astype(int) - square).max() <= 1
    grey = in_grey(square)
    assert (grey[..., 0] == grey[..., 2]).all()
    ab = predicted_ab(Paints(5, -7), square, 16)
    assert ab.shape == (32, 32, 2)
    assert np.allclose(ab, [5, -7])


def test_differences_name_only_what_differs() -> None:
    a = Recipe.from_dict({"name": "a", "train": {"batch": 4}})
    b = Recipe.from_dict({"name": "b", "train": {"batch": 8}})
    assert differences([a.flat(), b.flat()], ["A", "B"]) == [{"setting": "train.batch", "A": "4", "B": "8"}]
