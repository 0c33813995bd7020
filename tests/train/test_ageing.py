"""Inputs aged like old photographs, and pictures set before an even background."""

from __future__ import annotations

import pytest
import torch

from photochrom.train.augment import ageing
from photochrom.train.augment.backgrounds import on_plain_background
from photochrom.train.lab import rgb_to_lab


def ramps(count: int, side: int = 64) -> torch.Tensor:
    ramp = torch.linspace(0.2, 0.8, side).expand(side, side)
    return torch.stack([ramp, ramp.flip(1), ramp.T]).expand(count, 3, side, side).contiguous()


@pytest.mark.parametrize("side", [64, 50])  # kornia's JPEG takes only the first
def test_every_aged_picture_has_other_faults(side: int) -> None:
    torch.manual_seed(0)
    grey = ageing.aged(ramps(20, side))
    assert grey.shape == (20, 1, side, side)
    assert torch.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1
    assert len({picture.numpy().tobytes() for picture in grey}) == 20


def test_a_share_of_the_inputs_is_aged_and_the_rest_exact() -> None:
    torch.manual_seed(0)
    rgb = ramps(64, 32)
    clean = rgb_to_lab(rgb)[:, :1]
    seen = ageing.aged_lightness(rgb, clean, 0.25)
    same = (seen - clean).abs().amax((1, 2, 3)) < 1e-4
    assert 0.55 < same.float().mean() < 0.95
    torch.testing.assert_close(ageing.aged_lightness(rgb, clean, 0.0), clean)
    assert not torch.equal(ageing.aged_lightness(rgb, clean, 1.0)[0], ageing.aged_lightness(rgb, clean, 1.0)[0])


def test_scratches_and_dust_touch_little_and_stay_within_the_greys() -> None:
    torch.manual_seed(0)
    grey = torch.full((40, 1, 160, 160), 0.5)
    for damage in (ageing.scratched, ageing.dusty):
        made = damage(grey)
        touched = ((made - grey).abs() > 0.02).float().mean((1, 2, 3))
        assert touched.max() < 0.12 and touched.mean() > 0.0005
        assert made.min() >= 0.04 and made.max() <= 0.96
        assert made.min() < 0.2 and made.max() > 0.8  # dark ones and light ones


def test_a_vignette_darkens_towards_the_corners_only() -> None:
    torch.manual_seed(0)
    light = ageing.vignette(torch.zeros(30, 1, 33, 33))
    assert torch.all(light[..., 16, 16] > 0.99)
    assert torch.all(light[..., 0, 0] < light[..., 16, 0])
    assert torch.all(light[..., 0, 0] >= 0.39)


def test_a_plain_ground_is_neutral_and_the_middle_stays() -> None:
    torch.manual_seed(0)
    rgb = torch.rand(200, 3, 1, 1).expand(-1, -1, 48, 48).contiguous()
    made = on_plain_background(rgb, 0.5)
    changed = (made - rgb).abs().amax((1, 2, 3)) > 1e-3
    assert 0.4 < changed.float().mean() < 0.6
    torch.testing.assert_close(made[..., 24, 24], rgb[..., 24, 24])
    corners = made[changed][:, :, 0, 0]
    assert (corners.amax(1) - corners.amin(1)).median() < 1e-3  # no colour
    assert (corners.mean(1) > 0.85).float().mean() > 0.4  # mostly white
    assert torch.equal(on_plain_background(rgb, 0.0), rgb)
