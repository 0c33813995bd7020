"""Lab on the device, and the distribution over colour; needs the train extra."""

from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom.color import lab as color
from photochrom.errors import UsageError
from photochrom.train.lab import lab_to_rgb, rgb_to_lab
from photochrom.train.losses import bins


def test_lab_is_the_products_over_the_whole_cube() -> None:
    levels = np.linspace(0, 1, 18, dtype=np.float32)
    rgb = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 1, 3)
    tensor = torch.from_numpy(rgb).permute(0, 3, 1, 2)
    lab = rgb_to_lab(tensor)
    np.testing.assert_allclose(lab.permute(0, 2, 3, 1).numpy(), color.rgb_to_lab(rgb), atol=0.01)
    torch.testing.assert_close(lab_to_rgb(lab), tensor, atol=1e-4, rtol=0)


def test_black_and_white_have_finite_gradients() -> None:
    extremes = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2).clone().requires_grad_()
    lab_to_rgb(rgb_to_lab(extremes)).sum().backward()
    assert torch.isfinite(extremes.grad).all()


def test_gamut_bins_are_the_313_and_hold_every_srgb_colour() -> None:
    levels = np.linspace(0, 1, 40)
    cube = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(-1, 1, 3)
    ab = color.rgb_to_lab(cube)[:, 0, 1:].astype(np.float32)
    found = bins.gamut_bins(ab)
    assert found.centres.shape == (313, 2)
    assert found.prior.sum() == pytest.approx(1, abs=1e-5)
    ours = {tuple(row) for row in found.centres.astype(int).tolist()}
    cells = np.unique(np.floor(ab / 10).astype(int), axis=0)
    corners = {(10 * (a + i), 10 * (b + j)) for a, b in cells.tolist() for i in (0, 1) for j in (0, 1)}
    assert corners <= ours and len(ours - corners) < 15


def test_bins_are_kept_in_a_file(tmp_path: Path) -> None:
    made = bins.Bins(np.array([[0, 0], [10, -20]], np.float32), np.array([0.75, 0.25], np.float32))
    made.save(tmp_path / "bins.npz")
    back = bins.Bins.load(tmp_path / "bins.npz")
    np.testing.assert_array_equal(back.centres, made.centres)
    np.testing.assert_array_equal(back.prior, made.prior)
    (tmp_path / "other.npz").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"other\.npz holds no bins"):
        bins.Bins.load(tmp_path / "other.npz")


def test_soft_encoding_over_the_five_nearest() -> None:
    grid = np.stack(np.meshgrid(np.arange(-50, 51, 10), np.arange(-50, 51, 10)), -1).reshape(-1, 2)
    centres = torch.from_numpy(grid.astype(np.float32))
    index, share = bins.soft_encode(torch.tensor([[2.0, 1.0]]), centres)
    assert index.shape == share.shape == (1, 5)
    assert centres[index[0, 0]].tolist() == [0, 0]
    assert {tuple(row) for row in centres[index[0]].tolist()} == {(0, 0), (10, 0), (0, 10), (-10, 0), (0, -10)}
    expected = np.exp(-np.array([5, 65, 85, 125, 145]) / 50)
    np.testing.assert_allclose(share[0].numpy(), expected / expected.sum(), rtol=1e-3)


def test_both_losses_agree_when_all_bins_are_neighbours() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0], [20, 0], [0, 20], [-30, 10]])
    weights = torch.tensor([1.0, 2, 3, 4])
    logits, ab = torch.randn(2, 4, 3, 3), torch.randn(2, 2, 3, 3) * 20
    everywhere = bins.nearest_bins_loss(logits, ab, centres, weights, neighbours=9)
    torch.testing.assert_close(everywhere, bins.distribution_loss(logits, ab, centres, weights))
    assert bins.nearest_bins_loss(logits, ab, centres, weights, neighbours=1) != everywhere


def test_rebalancing_favours_the_rare_and_lambda_says_how_much() -> None:
    found = bins.Bins(np.array([[0, 0], [10, 0], [90, 0]], np.float32), np.array([0.9, 0.09, 0.01], np.float32))
    some = bins.rebalancing(found.prior, 0.5)
    assert some[0] < some[1] < some[2]
    np.testing.assert_allclose(bins.rebalancing(found.prior, 1.0), 1, rtol=1e-5)
    assert np.ptp(bins.rebalancing(found.prior, 0.1)) > np.ptp(some)
    assert (some * found.prior).sum() == pytest.approx(1)
    smooth = bins.smoothed(found)
    assert smooth.sum() == pytest.approx(1)
    assert smooth[1] > found.prior[1] and smooth[2] == pytest.approx(found.prior[2], rel=1e-3)
