"""Losses of colour and of adversaries; needs the train extra."""

import math

import pytest
import torch

from photochrom.train.losses.losses import discriminator_loss, generator_loss, pixel_loss, r1_penalty

KINDS = ("vanilla", "lsgan", "hinge")


def test_pixel_losses_of_known_distances() -> None:
    ours, truth = torch.full((1, 2, 2, 2), 0.5), torch.zeros(1, 2, 2, 2)
    assert float(pixel_loss("l1", ours, truth)) == pytest.approx(0.5)
    assert float(pixel_loss("l2", ours, truth)) == pytest.approx(0.25)
    assert float(pixel_loss("huber", ours, truth)) == pytest.approx(0.45)  # beyond the bend: distance less half of it


@pytest.mark.parametrize("kind", KINDS)
def test_a_discriminator_that_is_right_pays_less(kind: str) -> None:
    high, low = torch.full((2, 1, 3, 3), 0.9), torch.full((2, 1, 3, 3), -0.5)
    right, wrong = discriminator_loss(kind, high, low), discriminator_loss(kind, low, high)
    assert right[0] < wrong[0] and right[1] < wrong[1]
    assert generator_loss(kind, high) < generator_loss(kind, low)


def test_no_opinion_costs_log_two_each() -> None:
    nothing = torch.zeros(1, 1, 2, 2)
    assert [float(x) for x in discriminator_loss("vanilla", nothing, nothing)] == pytest.approx([math.log(2)] * 2)


@pytest.mark.parametrize("kind", KINDS)
def test_smoothing_is_one_sided_and_punishes_too_much_confidence(kind: str) -> None:
    sure = torch.full((1, 1), 1.0 if kind != "vanilla" else 20.0)
    plain, smooth = (discriminator_loss(kind, sure, -sure, s) for s in (0.0, 0.1))
    assert smooth[1] == plain[1]
    if kind != "hinge":
        assert smooth[0] > plain[0]


def test_r1_is_half_the_squared_slope_at_real_pictures() -> None:
    real = torch.rand(2, 3, 4, 4)
    slope = torch.nn.Parameter(torch.tensor(3.0))
    penalty = r1_penalty(lambda pictures: slope * pictures.sum((1, 2, 3)), real)
    assert penalty.item() == pytest.approx(9 * 48 / 2)
    penalty.backward()
    assert slope.grad.item() == pytest.approx(3 * 48)
