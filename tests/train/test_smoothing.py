"""What even ground agrees on, and what stays apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from photochrom.train.networks.multiscale import MultiScale
from photochrom.train.networks.smoothing import EDGE, smooth

REACH = 0.16


def smoothed(planes: np.ndarray, lightness: np.ndarray, reach: float, trust: np.ndarray | None = None) -> np.ndarray:
    """`smooth` of planes (c,h,w), lightness (h,w) and trust (h,w)."""
    given = None if trust is None else torch.from_numpy(trust.copy())[None, None]
    out = smooth(torch.from_numpy(planes.copy())[None], torch.from_numpy(lightness.copy())[None, None], reach, given)
    return out[0].numpy()


def paper_and_plant() -> tuple[np.ndarray, np.ndarray]:
    """Lightness (24,32) of a dark plant on white paper, and where the plant is: the right third."""
    lightness = np.full((24, 32), 92, np.float32)
    plant = np.zeros((24, 32), bool)
    plant[:, 22:] = True
    lightness[plant] = 30
    return lightness + np.random.default_rng(0).normal(0, 0.1, lightness.shape).astype(np.float32), plant


def test_it_is_exponential_filters_that_count_edges() -> None:
    rng = np.random.default_rng(6)
    lightness, planes = rng.uniform(40, 60, (6, 9)).astype(np.float32), rng.normal(size=(2, 6, 9)).astype(np.float32)
    reach, expected = 0.5, planes.astype(np.float64)
    for turn in (4, 2, 1):  # shares of the reach, whose squares add up to 21
        sigma = reach * 6 * turn / 21**0.5
        for axis in (1, 0):
            steps = 1 + np.abs(np.diff(lightness, axis=axis)) * reach * 6 / EDGE
            line = np.insert(np.cumsum(steps, axis=axis), 0, 0, axis=axis)
            for i in range(lightness.shape[1 - axis]):
                at = line[i] if axis == 1 else line[:, i]
                near = np.exp(-(2**0.5) / sigma * np.abs(at[:, None] - at))
                near /= near.sum(axis=1, keepdims=True)
                part = np.s_[:, i] if axis == 1 else np.s_[:, :, i]
                expected[part] = expected[part] @ near.T
    np.testing.assert_allclose(smoothed(planes, lightness, reach), expected, atol=1e-5)


def test_a_halo_round_a_plant_dissolves_in_the_paper() -> None:
    lightness, plant = paper_and_plant()
    planes = np.zeros((2, 24, 32), np.float32)
    planes[:, plant] = 40
    planes[:, :, 19:22] = 30  # what leaked
    after = smoothed(planes, lightness, REACH)
    assert after[:, :, 19:22].mean() < 20
    assert after[:, plant].min() > 35
    assert after[:, ~plant].mean() == pytest.approx(planes[:, ~plant].mean(), abs=1)


def test_even_ground_agrees_and_nothing_is_lost() -> None:
    planes = np.random.default_rng(1).normal(5, 10, (3, 24, 40)).astype(np.float32)
    after = smoothed(planes, np.full((24, 40), 60, np.float32), REACH)
    assert after.std(axis=(1, 2)).max() < 2.5
    np.testing.assert_allclose(after.mean(axis=(1, 2)), planes.mean(axis=(1, 2)), atol=0.8)
    assert after.dtype == np.float32


def test_texture_keeps_its_colours() -> None:
    planes = np.random.default_rng(2).normal(0, 10, (2, 16, 16)).astype(np.float32)
    lightness = (np.indices((16, 16)).sum(0) % 2 * 60 + 20).astype(np.float32)
    np.testing.assert_allclose(smoothed(planes, lightness, REACH), planes, atol=1)


def test_planes_that_agree_already_stay() -> None:
    lightness = np.random.default_rng(3).uniform(0, 100, (9, 13)).astype(np.float32)
    planes = np.full((4, 9, 13), -3.5, np.float32)
    np.testing.assert_allclose(smoothed(planes, lightness, 1.0), planes, atol=1e-4)
    thin = np.full((2, 1, 9), 2, np.float32)
    np.testing.assert_allclose(smoothed(thin, np.full((1, 9), 50, np.float32), 1.0), thin, atol=1e-5)


def test_it_turns_with_the_picture_and_pictures_of_a_batch_are_apart() -> None:
    lightness, plant = paper_and_plant()
    planes = np.where(plant, 20, np.random.default_rng(4).normal(0, 5, plant.shape)).astype(np.float32)[None]
    mirrored = smoothed(planes[:, ::-1, ::-1], lightness[::-1, ::-1], REACH)[:, ::-1, ::-1]
    alone = smoothed(planes, lightness, REACH)
    np.testing.assert_allclose(alone, mirrored, atol=1e-3)
    batch = [torch.from_numpy(np.stack([x, np.ones_like(x)])) for x in (planes, lightness[None])]
    np.testing.assert_allclose(smooth(*batch, REACH)[0], alone, atol=1e-5)


def test_a_trusted_place_speaks_for_its_ground_and_not_for_another() -> None:
    lightness, plant = paper_and_plant()
    planes, trust = np.zeros((2, 24, 32), np.float32), np.ones((24, 32), np.float32)
    planes[:, 5, 5], trust[5, 5] = 50, 1001
    after = smoothed(planes, lightness, REACH, trust)
    assert after[:, 5, 5].min() > 45
    assert after[:, 5, 9].min() > 40
    assert after[:, plant].max() < 5


class Painted(torch.nn.Module):
    """Noise, and 50 where a hint is: (N,1,H/4,W/4)."""

    def head_input(self, lightness: torch.Tensor, hints: torch.Tensor) -> torch.Tensor:
        given = torch.nn.functional.max_pool2d(hints[:, 2:], 4)
        return torch.where(given > 0, 50.0, torch.nn.functional.avg_pool2d(lightness, 4) - 60)

    def logits(self, head_input: torch.Tensor) -> torch.Tensor:
        return head_input


def test_a_given_colour_is_not_smoothed_away() -> None:
    lightness = 60 + torch.randn(1, 1, 96, 128, generator=torch.Generator().manual_seed(0))
    hints = torch.zeros(1, 3, 96, 128)
    network, given = MultiScale(Painted(), {1.0: 1.0}, REACH), np.s_[0, 0, 12, 15]
    automatic = network(lightness, hints)
    assert float(automatic.std()) < 0.5 * float(Painted().head_input(lightness, hints).std())
    hints[0, 2, 50, 61] = 1  # one pixel
    asked = network(lightness, hints)
    assert float(asked[given]) > 45
    assert abs(float(automatic[given])) < 1
