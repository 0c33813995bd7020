"""Rows from pictures, intervals, calibration, and the tables they are shown in."""

import numpy as np
import pytest

from photochrom.evaluate.metrics.calibration import expected_calibration_error, reliability
from photochrom.evaluate.report import tables
from photochrom.evaluate.summary import METRICS, summarize
from photochrom.network.spec import NetworkSpec
from photochrom.prediction import Prediction


def columns(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "psnr": rng.normal(25, 4, n),
        "colorfulness": rng.normal(30, 5, n),
        "tint_distance": rng.uniform(0, 24, n),
        "ab_error": rng.random(n),
    }


def test_means_shares_and_the_gap() -> None:
    row = {"psnr": np.array([20.0, 30]), "colorfulness": np.array([10.0, 20]), "tint_distance": np.array([11.0, 13])}
    truth = {"colorfulness": np.array([30.0, 14])}
    found = summarize(row, truth, draws=0)
    assert found.metrics["psnr"] == 25
    assert found.metrics["tinted_share"] == 0.5
    assert found.metrics["colorfulness_gap"] == pytest.approx(7)  # of the means, not the mean of gaps
    assert not found.intervals
    assert list(found.metrics) == [name for name in METRICS if name in found.metrics]


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        row = {**columns(60), "psnr": rng.exponential(5, 60)}
        low, high = summarize(row, row, draws=300, seed=seed).intervals["psnr"]
        inside += low <= 5 <= high
    assert 178 <= inside <= 198  # 95 % of 200, less what a percentile interval loses on a skew distribution


def test_intervals_shrink_and_repeat() -> None:
    few, many = (summarize(columns(n), columns(n), draws=250) for n in (50, 5000))
    width = [s.intervals["psnr"][1] - s.intervals["psnr"][0] for s in (few, many)]
    assert width[0] / width[1] == pytest.approx(10, rel=0.4)
    assert summarize(columns(50), columns(50), draws=250) == few


def test_confidence_is_the_mass_near_what_is_shown() -> None:
    centres = np.array([[0, 0], [15, 0], [60, 0]], np.float32)
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32)).reshape(3, 1, 1)
    spec = NetworkSpec(multiple=4, stride=4, centres=tuple(map(tuple, centres.tolist())))
    said = Prediction(spec, np.zeros((4, 4), np.float32), logits)
    assert said.confidence(np.zeros((1, 1, 2), np.float32)) == pytest.approx(0.8)
    assert said.confidence(np.full((1, 1, 2), (60, 0), np.float32)) == pytest.approx(0.2)
    one_color = Prediction(NetworkSpec(multiple=4, stride=4, output="ab"), said.shown, np.zeros((2, 1, 1), np.float32))
    assert one_color.confidence(one_color.ab()) is None


def test_calibration_error_by_hand() -> None:
    certain = np.array([[0.95, 0.95, 0.95, 0.95], [0.25, 0.25, 0.25, 0.25]], np.float32)
    error = np.array([[0, 0, 30, 30], [0, 30, 30, 30]], np.float32)
    counts = reliability(certain, error)
    assert counts[:, 0].sum() == 8 and counts[9].tolist() == pytest.approx([4, 3.8, 2])
    # half of the places: |0.95 - 0.5|, the other half |0.25 - 0.25|
    assert expected_calibration_error(counts) == pytest.approx(0.225)
    assert reliability(np.array([1.0], np.float32), np.array([0.0], np.float32))[9].tolist() == [1, 1, 1]


def test_an_honest_network_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    certain = rng.random((400, 400)).astype(np.float32)
    error = np.where(rng.random((400, 400)) < certain, 0, 99).astype(np.float32)
    assert expected_calibration_error(reliability(certain, error)) < 0.01


def test_tables() -> None:
    rows = [
        {
            "model": "grey",
            "n": 1162,
            "metrics": {"fid": 55.762, "tinted_share": 0.4213},
            "intervals": {"fid": [50, 60]},
        },
        {"model": "b|c", "n": 1162, "metrics": {"fid": 40.1, "lpips_alex": 0.17921}, "intervals": {}},
    ]
    lines = tables.result_rows(rows, intervals=True)
    assert lines[0] == {
        "Model": "grey",
        "n": "1,162",
        "FID": "55.76 (50.00 to 60.00)",
        "LPIPS alex": "–",
        "Tinted": "42.1 %",
    }
    text = tables.markdown(lines)
    assert len({len(line) for line in text.splitlines()}) == 1  # it reads well as text too
    assert "b\\|c" in text and "---:|" in text
    assert {line["In results.json"] for line in tables.meanings(rows)} == {"fid", "lpips_alex", "tinted_share"}
