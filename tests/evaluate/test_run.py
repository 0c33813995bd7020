"""Whole evaluations on drawn pictures, with a drawn model and random stand-ins for the metrics' networks."""

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import ModelError, UnknownModelError, UsageError
from photochrom.evaluate import cache, dataset, given, run
from photochrom.evaluate.measures import PixelMeasure
from photochrom.evaluate.numbers import Numbers, measure_all
from photochrom.evaluate.painters import GreyPainter, JpegPainter, Painter, TruthPainter
from photochrom.evaluate.report.files import write_results
from photochrom.evaluate.report.page import write_page
from photochrom.evaluate.report.ranking import add_rankings
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.evaluate.summary import METRICS
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop
from tests.evaluate.drawn import encoded, picture, write_folder, write_metric_weights
from tests.picture_files import write_shard
from tests.tiny_model import metadata, write_model

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]
VARYING = ("started", "seconds")  # of two runs of the same command


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EvaluationSettings:
    return EvaluationSettings(size=48, metric_weights=(write_metric_weights(tmp_path / "nets", monkeypatch),), draws=50)


@pytest.fixture
def data(tmp_path: Path) -> list[Path]:
    shard = write_shard(tmp_path / "meadows-00.tar", {f"{n}.png": encoded(picture(n)) for n in range(50, 55)})
    return [write_folder(tmp_path / "blobs", 6), shard]


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_model(tmp_path / "drawn.onnx"))


def numbers(results: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in results.items() if name not in VARYING}


def test_results_have_the_promised_form(
    data: list[Path], model: str, tmp_path: Path, settings: EvaluationSettings
) -> None:
    found = run.evaluate(data, [model], tmp_path / "out", settings=settings, command="photochrom evaluate")
    add_rankings(found)
    write_results(found, tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    rows = {row["model"]: row for row in results["rows"]}
    assert list(rows) == ["grey", "drawn", "truth-jpeg", "truth"]
    assert all(row["n"] == 11 for row in results["rows"])
    names = {"fid", "lpips_alex", "psnr", "ssim", "ciede2000", "colorfulness", "colorfulness_gap", "tinted_share"}
    names |= {"ab_mse", "accuracy", "accuracy_area", "tint_distance"}
    for row in rows.values():
        assert names <= set(row["metrics"]) <= set(METRICS)
        for name, (low, high) in row["intervals"].items():
            assert low <= row["metrics"][name] * (1 + 1e-9) + 1e-9 and row["metrics"][name] <= high * (1 + 1e-9) + 1e-9
    assert {"ece", "coverage_5", "best_of_5_lpips", "diversity_5"} <= set(rows["drawn"]["metrics"])
    truth, grey = rows["truth"]["metrics"], rows["grey"]["metrics"]
    assert truth["fid"] == truth["lpips_alex"] == truth["ciede2000"] == truth["colorfulness_gap"] == 0
    assert truth["psnr"] == 100 and truth["accuracy_area"] == 1
    assert grey["colorfulness"] == 0
    assert grey["colorfulness_gap"] == pytest.approx(truth["colorfulness"])
    assert 0 < rows["truth-jpeg"]["metrics"]["fid"] < grey["fid"]
    assert 0 < rows["truth-jpeg"]["metrics"]["lpips_alex"] < grey["lpips_alex"]

    assert any(kind["segments"] for kind in rows["truth"]["segments"])
    for kind, of_grey in zip(rows["truth"]["segments"], rows["grey"]["segments"], strict=True):
        assert kind["chroma"] == kind["truth"] == of_grey["truth"]
        assert not of_grey["chroma"] or of_grey["chroma"] < 0.1

    assert results["data"]["sets"] == {"blobs": 6, "meadows": 5}
    assert {(row["set"], row["model"], row["n"]) for row in results["sets"]} >= {
        ("blobs", "drawn", 6),
        ("meadows", "grey", 5),
    }
    for name in ("sha256", "left_out", "n"):
        assert name in results["data"]
    assert re.fullmatch("[0-9a-f]{64}", rows["drawn"]["sha256"])
    assert results["versions"]["numpy"] == np.__version__
    assert results["hardware"]["cores"] >= 1
    assert results["command"] == "photochrom evaluate"
    assert "5,000" in results["notes"][0]
    assert "lpips_vgg was left out" in results["missing"]["lpips_vgg"]

    ends = results["pictures"]["drawn"]
    assert len(ends["best"]) == len(ends["worst"]) == 10
    assert sum(ends["failures"].values()) == 11
    scores = [row["lpips_alex"] for row in ends["worst"]]
    assert scores == sorted(scores, reverse=True)
    with open(tmp_path / "out" / "pictures.csv", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 4 * 11
    of_drawn = [float(line["psnr"]) for line in lines if line["model"] == "drawn"]
    assert np.mean(of_drawn) == pytest.approx(rows["drawn"]["metrics"]["psnr"], rel=1e-5)


def test_the_same_command_gives_the_same_numbers(
    data: list[Path], model: str, tmp_path: Path, settings: EvaluationSettings
) -> None:
    once = run.evaluate(data, [model], tmp_path / "a", settings=settings)
    again = run.evaluate(data, [model], tmp_path / "b", settings=settings)
    assert numbers(once.results) == numbers(again.results)


def remembered(out: Path) -> dict[Path, int]:
    """The files of the memory, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in (out / "cache").rglob("*.npz")}


def test_a_run_that_was_stopped_goes_on(
    data: list[Path], model: str, tmp_path: Path, settings: EvaluationSettings
) -> None:
    whole = run.evaluate(data, [model], tmp_path / "whole", settings=settings)
    out = tmp_path / "out"

    def stop(what: str, done: float, total: float) -> None:
        if what == "Measuring" and done > total * 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.evaluate(data, [model], out, settings=settings, progress=stop)
    before = remembered(out)
    cut = min(before)
    cut.write_bytes(cut.read_bytes()[:50])  # one was cut short
    resumed = run.evaluate(data, [model], out, settings=settings)
    assert numbers(resumed.results) == numbers(whole.results)
    after = remembered(out)
    assert {path for path in before if after[path] != before[path]} == {cut}
    assert len(after) > len(before)

    assert numbers(run.evaluate(data, [model], out, settings=settings).results) == numbers(whole.results)
    assert remembered(out) == after  # nothing was measured a third time


def test_pictures_are_decoded_only_to_be_measured(data: list[Path], tmp_path: Path) -> None:
    opened: list[str] = []

    def counted(picture: Picture) -> Picture:
        return replace(picture, load=lambda: (opened.append(picture.name), picture.load())[1])

    pictures = [counted(picture) for picture in dataset.find_items(data)]

    def measure(*painters: Painter) -> Numbers:
        opened.clear()
        return measure_all(
            pictures,
            painters,
            [PixelMeasure()],
            settings=EvaluationSettings(size=48),
            cache=cache.Cache(tmp_path / "cache"),
        )

    once = measure(GreyPainter(), TruthPainter())
    assert sorted(opened) == sorted(picture.name for picture in pictures)
    again = measure(GreyPainter(), TruthPainter())
    assert not opened
    np.testing.assert_equal(again.columns, once.columns)
    assert measure(GreyPainter(), JpegPainter()).columns.keys() == {"grey", "truth-jpeg"}
    assert len(opened) == len(pictures)


def test_a_second_model_costs_only_itself(
    data: list[Path], model: str, tmp_path: Path, settings: EvaluationSettings
) -> None:
    out = tmp_path / "out"
    first = run.evaluate(data, [model], out, settings=settings)
    before = remembered(out)
    other = write_model(tmp_path / "other.onnx", head="ab")
    both = run.evaluate(data, [model, str(other)], out, settings=settings)
    after = remembered(out)
    assert before.items() <= after.items()
    new = Counter(path.parent.name for path in after.keys() - before.keys())
    chunks = 2  # one of each set
    assert new == {"pixels": chunks, "segments": chunks, "lpips_alex": chunks, "fid": chunks, "frechet": 1 + 2}
    rows = {row["model"]: row for row in both.results["rows"]}
    assert list(rows) == ["grey", "drawn", "other", "truth-jpeg", "truth"]
    assert rows["drawn"] == {row["model"]: row for row in first.results["rows"]}["drawn"]
    assert "ece" not in rows["other"]["metrics"]


def test_a_row_for_each_setting_of_a_model(
    data: list[Path], model: str, tmp_path: Path, settings: EvaluationSettings
) -> None:
    chosen = EvaluationSettings(
        **{**vars(settings), "vividness": (0.5, 1.0), "details": (None, 96), "without": ("distribution",)}
    )
    found = run.evaluate(data, [model, model], tmp_path / "out", settings=chosen)
    rows = {row["model"]: row for row in found.results["rows"]}
    assert list(rows)[1:-2] == ["drawn-v0.5", "drawn", "drawn-d96-v0.5", "drawn-d96"]
    assert rows["drawn"]["detail"] == 64 and rows["drawn-d96"]["detail"] == 96
    assert rows["drawn-v0.5"]["metrics"]["colorfulness"] < rows["drawn"]["metrics"]["colorfulness"]


def test_models_of_one_name_are_told_apart(data: list[Path], tmp_path: Path, settings: EvaluationSettings) -> None:
    for folder, head in (("one", "ab"), ("two", "distribution")):
        (tmp_path / folder).mkdir()
        write_model(tmp_path / folder / "net.onnx", head=head)
    models = [str(tmp_path / folder / "net.onnx") for folder in ("one", "two")]
    found = run.evaluate(data, models, tmp_path / "out", settings=settings)
    assert [row["model"] for row in found.results["rows"]][1:-2] == ["one-net", "two-net"]


def test_pictures_that_cannot_be_used_are_named(tmp_path: Path, model: str, settings: EvaluationSettings) -> None:
    folder = write_folder(tmp_path / "mixed", 5)
    (folder / "01.png").write_bytes(b"not a picture")
    (folder / "02.png").write_bytes((folder / "02.png").read_bytes()[:300])
    (folder / "03.png").write_bytes(encoded(np.repeat(picture(3)[..., :1], 3, axis=2)))
    found = run.evaluate([folder], [model], tmp_path / "out", settings=settings)
    assert [row["name"] for row in found.results["data"]["left_out"]] == ["01.png", "02.png", "03.png"]
    assert found.results["data"]["left_out"][2]["reason"] == "it has no colour"
    assert all(row["n"] == 2 for row in found.results["rows"])
    add_rankings(found)
    page = write_page(found, tmp_path / "report.html").read_text()
    assert "3 pictures were left out" in page and "mixed/01.png" in page


def test_what_is_refused(tmp_path: Path, model: str, settings: EvaluationSettings) -> None:
    def refused(data: Path, models: list[str], error: type[Exception], words: str, **changes: Any) -> None:
        with pytest.raises(error, match=words):
            run.evaluate([data], models, tmp_path / "out", settings=EvaluationSettings(**{**vars(settings), **changes}))

    folder = write_folder(tmp_path / "good", 3)
    grey = tmp_path / "grey"
    grey.mkdir()
    for n in range(3):
        Image.fromarray(picture(n)).convert("L").save(grey / f"{n}.png")
    sepia = tmp_path / "sepia"
    sepia.mkdir()
    for n in range(3):
        tone = picture(n).mean(-1, keepdims=True) * np.array([1, 0.85, 0.65])
        Image.fromarray(tone.astype(np.uint8)).save(sepia / f"{n}.png")
    refused(grey, [model], UsageError, "none of the 3 pictures in .*grey is in colour")
    refused(sepia, [model], UsageError, "none of the 3 pictures in .*sepia is in colour")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", [model], UsageError, "there is no picture in")
    refused(tmp_path / "nowhere", [model], UsageError, "there is no folder or tar shard")
    (tmp_path / "cut.tar").write_bytes(b"cut")
    refused(tmp_path / "cut.tar", [model], UsageError, "not a whole, uncompressed tar")
    refused(folder / "00.png", [model], UsageError, "neither a folder nor a .tar")
    refused(write_folder(tmp_path / "single", 1), [model], UsageError, "2 are the least")
    refused(folder, ["phto"], UnknownModelError, "did you mean 'photo'")
    meta = metadata(head="ab", scale=None)
    unscaled = write_model(tmp_path / "unscaled.onnx", head="ab", meta=meta)
    refused(folder, [str(unscaled)], ModelError, "metadata is incomplete .scale")
    refused(folder, [model], UsageError, "32..2048", size=8)
    refused(folder, [model], UsageError, "no part 'psnr'", without=("psnr",))


def test_limit_takes_every_nth(data: list[Path], tmp_path: Path, settings: EvaluationSettings) -> None:
    found = run.evaluate(data, [], tmp_path / "out", settings=EvaluationSettings(**{**vars(settings), "limit": 4}))
    assert [item.name for item in found.numbers.pictures] == ["00.png", "03.png", "50.png", "53.png"]


def test_the_square_is_the_centre_and_the_grey_has_its_lightness() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (200, 40, 90)
    square = center_crop(wide, 20)
    assert square.shape == (20, 20, 3) and (square == (200, 40, 90)).all()
    from photochrom.color.lightness import lightness

    rgb = picture(0)
    assert np.abs(lightness(given.grey_of(rgb)) - lightness(rgb)).max() < 0.4  # half a step of 8 bits in the dark
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(given.grey_of(greys), greys[..., 0])


def test_a_set_is_measured_the_same_alone_and_with_others(
    data: list[Path], tmp_path: Path, settings: EvaluationSettings
) -> None:
    together = run.evaluate(data, [], tmp_path / "a", settings=settings).results
    alone = run.evaluate(data[1:], [], tmp_path / "b", settings=settings).results
    of_set = {row["model"]: row["metrics"] for row in together["sets"] if row["set"] == "meadows"}
    assert of_set == {row["model"]: row["metrics"] for row in alone["rows"]}


def test_nothing_is_remembered_from_other_code(tmp_path: Path) -> None:
    cache.Cache(tmp_path).store({"found": np.ones(1)}, "pixels", "model", "picture")
    assert cache.Cache(tmp_path).load("pixels", "model", "picture") is not None
    assert cache.Cache(tmp_path, code="of another version").load("pixels", "model", "picture") is None
