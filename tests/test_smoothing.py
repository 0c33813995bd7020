"""What even ground agrees on, and what stays apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import UsageError
from photochrom.models import find_model
from photochrom.session import open_network
from photochrom.smoothing import smooth

from .tiny_model import metadata, write_model

REACH = 0.16


def paper_and_plant() -> tuple[np.ndarray, np.ndarray]:
    """Lightness (96,128) of a dark plant on white paper, its right third; where the plant is, at a quarter (24,32)."""
    lightness = np.full((96, 128), 92, np.float32)
    lightness[:, 88:] = 30
    lightness += np.random.default_rng(0).normal(0, 0.3, lightness.shape).astype(np.float32)
    plant = np.zeros((24, 32), bool)
    plant[:, 22:] = True
    return lightness, plant


def test_a_halo_round_a_plant_dissolves_in_the_paper() -> None:
    lightness, plant = paper_and_plant()
    planes = np.zeros((2, 24, 32), np.float32)
    planes[:, plant] = 40
    planes[:, :, 19:22] = 30  # what leaked
    after = smooth(planes, lightness, REACH)
    assert after[:, :, 19:22].mean() < 20
    assert after[:, plant].min() > 35
    assert after[:, ~plant].mean() == pytest.approx(planes[:, ~plant].mean(), abs=1)


def test_even_ground_agrees_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(1)
    planes = rng.normal(5, 10, (3, 24, 40)).astype(np.float32)
    after = smooth(planes, np.full((96, 160), 60, np.float32), REACH)
    assert after.std(axis=(1, 2)).max() < 2.5
    np.testing.assert_allclose(after.mean(axis=(1, 2)), planes.mean(axis=(1, 2)), atol=0.8)
    assert after.dtype == np.float32 and after.flags.c_contiguous


def test_texture_keeps_its_colours() -> None:
    rng = np.random.default_rng(2)
    planes = rng.normal(0, 10, (2, 16, 16)).astype(np.float32)
    lightness = np.kron(np.indices((16, 16)).sum(0) % 2 * 60 + 20, np.ones((4, 4))).astype(np.float32)
    np.testing.assert_allclose(smooth(planes, lightness, REACH), planes, atol=1)


def test_planes_that_agree_already_stay() -> None:
    lightness = np.random.default_rng(3).uniform(0, 100, (37, 53)).astype(np.float32)  # no multiple of anything
    planes = np.full((4, 9, 13), -3.5, np.float32)
    np.testing.assert_allclose(smooth(planes, lightness, 1.0), planes, atol=1e-4)
    thin = np.full((2, 1, 9), 2, np.float32)
    np.testing.assert_allclose(smooth(thin, np.full((4, 36), 50, np.float32), 1.0), thin, atol=1e-5)


def test_it_turns_with_the_picture() -> None:
    lightness, plant = paper_and_plant()
    planes = np.where(plant, 20, np.random.default_rng(4).normal(0, 5, plant.shape)).astype(np.float32)[None]
    mirrored = smooth(planes[:, ::-1, ::-1], lightness[::-1, ::-1], REACH)[:, ::-1, ::-1]
    np.testing.assert_allclose(smooth(planes, lightness, REACH), mirrored, atol=1e-3)


def test_a_trusted_place_speaks_for_its_ground_and_not_for_another() -> None:
    lightness, plant = paper_and_plant()
    planes, trust = np.zeros((2, 24, 32), np.float32), np.ones((24, 32), np.float32)
    planes[:, 5, 5], trust[5, 5] = 50, 1001
    after = smooth(planes, lightness, REACH, trust)
    assert after[:, 5, 5].min() > 45
    assert after[:, 5, 9].min() > 40
    assert after[:, plant].max() < 5


@pytest.mark.parametrize("reach", [-0.1, float("nan")])
def test_a_reach_that_is_none(reach: float) -> None:
    with pytest.raises(UsageError, match="0 or more"):
        smooth(np.zeros((2, 4, 4), np.float32), np.zeros((16, 16), np.float32), reach)


def test_a_file_says_how_far_even_ground_agrees(tmp_path: Path) -> None:
    plain = open_network(find_model(str(write_model(tmp_path / "plain.onnx"))))
    even = open_network(find_model(str(write_model(tmp_path / "even.onnx", meta=metadata(smoothing=0.1)))))
    lightness = np.random.default_rng(5).uniform(45, 55, (64, 96)).astype(np.float32)
    before = plain.run(lightness)
    np.testing.assert_array_equal(before, smooth(before, lightness, 0))
    np.testing.assert_array_equal(even.run(lightness), smooth(before, lightness, 0.1))
    assert even.run(lightness).std() < before.std()
