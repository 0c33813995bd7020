"""Evaluation in domains whose brightness is not lightness: pairs in, the input as the row to beat."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PictureError, UsageError
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import open_pair
from photochrom.evaluate.metrics.pair import angular_error, edges_kept
from photochrom.evaluate.painters import ModelPainter
from photochrom.evaluate.report.files import write_results
from photochrom.evaluate.report.gallery import strip
from photochrom.evaluate.report.markdown import write_markdown
from photochrom.evaluate.report.page import write_page
from photochrom.evaluate.report.ranking import add_rankings
from photochrom.evaluate.run import Evaluation, evaluate
from photochrom.evaluate.settings import EvaluationSettings
from tests.evaluate.drawn import picture
from tests.tiny_model import write_lab_model, write_model

WITHOUT = ("lpips_alex", "lpips_vgg", "fid", "fid_torchvision", "fd_dinov2")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pairs whose input is the inverted red channel, and a colour picture without one."""
    folder = tmp_path_factory.mktemp("pairs")
    for side in ("rgb", "ir"):
        (folder / side).mkdir()
    for n in range(5):
        truth = picture(n, (96, 64))
        Image.fromarray(truth).save(folder / "rgb" / f"{n}.png")
        Image.fromarray(255 - truth[..., 0]).save(folder / "ir" / f"{n}.png")
    Image.fromarray(picture(9)).save(folder / "rgb" / "alone.png")
    return folder


def scored(pairs: Path, models: list[str], out: Path, domain: str) -> Evaluation:
    settings = EvaluationSettings(domain=domain, size=64, without=WITHOUT, draws=20)
    return evaluate([pairs], models, out, settings=settings)


def test_models_are_given_the_input_and_measured_against_the_truth(pairs: Path, tmp_path: Path) -> None:
    ours = write_lab_model(tmp_path / "thermal.onnx", domain="thermal")
    photo = write_model(tmp_path / "plain.onnx")
    found = scored(pairs, [str(photo), str(ours)], tmp_path / "out", "thermal")
    rows = {row["model"]: row["metrics"] for row in found.results["rows"]}
    assert list(rows) == ["input", "plain", "thermal", "truth"]
    assert found.results["data"]["n"] == 5
    assert [row["reason"] for row in found.results["data"]["left_out"]] == ["it has no input beside it"]
    assert rows["truth"]["angle"] < 1e-5 and rows["truth"]["psnr"] == 100
    assert rows["input"]["edges_kept"] == pytest.approx(1) and rows["input"]["colorfulness"] == 0
    assert rows["input"]["angle"] > 3
    item = next(item for item in find_items([pairs], domain="thermal") if item.input())
    columns = dict(zip(rows, strip(item, found.numbers.painters, 64, "thermal"), strict=True))
    truth, given = open_pair(item, 64, "thermal")
    assert given.ndim == 2
    np.testing.assert_array_equal(columns["input"], np.repeat(given[..., None], 3, axis=2))
    np.testing.assert_array_equal(columns["truth"], truth)
    expected = next(p for p in found.numbers.painters if isinstance(p, ModelPainter) and p.name == "thermal")
    np.testing.assert_array_equal(columns["thermal"], expected.colorizer.colorize(given))


def test_the_report_says_what_models_were_given(pairs: Path, tmp_path: Path) -> None:
    ours = write_lab_model(tmp_path / "thermal.onnx", domain="thermal")
    found = scored(pairs, [str(ours)], tmp_path / "out", "thermal")
    add_rankings(found)
    write_results(found, tmp_path / "out")
    text = write_markdown(found, tmp_path / "page.md").read_text()
    assert "the input of each pair (thermal)" in text and "Edges kept" in text and "Angle" in text
    assert write_page(found, tmp_path / "page.html").stat().st_size > 10_000
    with Image.open(tmp_path / "page-sheet.jpg") as sheet:
        assert sheet.width > 3 * 64


def test_other_inputs_are_measured_anew(pairs: Path, tmp_path: Path) -> None:
    first = {item.name: item.sha256 for item in find_items([pairs], domain="thermal")}
    plain = {item.name: item.sha256 for item in find_items([pairs])}
    assert first["rgb/alone.png"] == plain["rgb/alone.png"] and first["rgb/1.png"] != plain["rgb/1.png"]


def test_drawings_are_made_where_there_are_none(pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    ours = write_lab_model(tmp_path / "sketch.onnx", domain="sketch")
    found = scored(pairs / "rgb", [str(ours)], tmp_path / "out", "sketch")
    assert found.results["data"]["n"] == 6
    truth, given = open_pair(find_items([pairs / "rgb"])[0], 64, "sketch")
    assert given.mean() > truth.mean() and given.max() == 255


def test_what_is_refused(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give pairs"):
        scored(pairs / "rgb", [], tmp_path / "out", "satellite")
    with pytest.raises(UsageError, match="did you mean 'thermal'"):
        EvaluationSettings(domain="thermla")
    with pytest.raises(PictureError, match="no input"):
        open_pair(find_items([pairs / "rgb"])[0], 64, "satellite")


def test_angles_and_edges() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    green = red[..., [1, 0, 2]]
    assert angular_error(red, green) == pytest.approx(90)
    assert angular_error(red, red // 2) == pytest.approx(0, abs=0.01)  # how bright it is says nothing
    assert angular_error(np.zeros_like(red), red) == 0
    lines = picture(0, (96, 96))
    assert edges_kept(lines, lines) == pytest.approx(1)
    blurred = np.asarray(Image.fromarray(lines).resize((12, 12)).resize((96, 96)))
    assert edges_kept(blurred, lines) < 0.7
    assert edges_kept((40 + 0.6 * lines).astype(np.uint8), lines) > 0.9  # fainter, but all there
