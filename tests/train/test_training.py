"""The training code, on tiny data; needs the train extra."""

import numpy as np
import pytest
import torch

from photochrom.color import distribution
from photochrom.color import lab as color
from photochrom.train.lab import lab_to_rgb, rgb_to_lab
from photochrom.train.losses import bins
from photochrom.train.networks.efficientnet import encoder_input
from photochrom.train.networks.photo import PhotoNet


def test_lab_agrees_with_numpy_and_has_gradients() -> None:
    rgb = np.random.default_rng(0).random((7, 9, 3)).astype(np.float32)
    tensor = torch.from_numpy(rgb).permute(2, 0, 1)[None].requires_grad_()
    lab = rgb_to_lab(tensor)
    np.testing.assert_allclose(lab[0].permute(1, 2, 0).detach().numpy(), color.rgb_to_lab(rgb), atol=0.02)
    torch.testing.assert_close(lab_to_rgb(lab), tensor, atol=1e-4, rtol=0)
    lab_to_rgb(lab).sum().backward()
    assert torch.isfinite(tensor.grad).all()


def test_black_and_white_have_finite_gradients() -> None:
    extremes = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2).clone().requires_grad_()
    lab_to_rgb(rgb_to_lab(extremes)).sum().backward()
    assert torch.isfinite(extremes.grad).all()


def test_bins_prior_and_weights() -> None:
    ab = np.array([[1, 2]] * 90 + [[41, -29]] * 9 + [[88, 88]], np.float32)
    centres, prior = bins.bins_of(ab, least=0.05)
    assert centres.tolist() == [[0, 0], [40, -30]]
    np.testing.assert_allclose(prior, [90 / 99, 9 / 99], rtol=1e-5)
    weights = bins.rebalancing(prior)
    assert weights[1] > weights[0]
    assert (weights * prior).sum() == pytest.approx(1)


def test_soft_targets_lie_around_the_colour() -> None:
    centres = torch.tensor([[0.0, 0], [10, 0], [0, 10], [60, 60]])
    target = bins.soft_targets(torch.tensor([[2.0, 1.0], [60, 59]]), centres)
    torch.testing.assert_close(target.sum(1), torch.ones(2))
    assert target.argmax(1).tolist() == [0, 3]
    expected = np.exp(-np.array([5, 65, 85, 6845]) / 50)
    np.testing.assert_allclose(target[0].numpy(), expected / expected.sum(), rtol=1e-4, atol=1e-7)


def test_loss_is_least_at_the_truth() -> None:
    centres = torch.tensor([[0.0, 0], [20, 0], [0, 20]])
    ab = torch.tensor([20.0, 0]).view(1, 2, 1, 1)
    best = torch.log(bins.soft_targets(ab.view(1, 2), centres)).view(1, 3, 1, 1)
    ones = torch.ones(3)
    least = bins.distribution_loss(best, ab, centres, ones)
    for shift in torch.eye(3):
        assert bins.distribution_loss(best + shift.view(1, 3, 1, 1), ab, centres, ones) > least


def test_annealed_mean_agrees_with_the_product() -> None:
    logits = np.random.default_rng(0).normal(0, 2, (5, 4, 6)).astype(np.float32)
    centres = np.random.default_rng(1).normal(0, 30, (5, 2)).astype(np.float32)
    ours = bins.annealed_mean(torch.from_numpy(logits)[None], torch.from_numpy(centres), 0.4)[0]
    np.testing.assert_allclose(
        ours.permute(1, 2, 0).numpy(), distribution.annealed_mean(logits, centres, 0.4), atol=1e-3
    )


def test_network_shapes_and_size() -> None:
    net = PhotoNet(175).eval()
    assert 6.0e6 < sum(p.numel() for p in net.parameters()) < 6.5e6
    with torch.no_grad():
        features = net.encoder(torch.zeros(1, 3, 64, 96))
        assert [f.shape[1] for f in features] == list(net.encoder.channels)
        assert [f.shape[2] for f in features] == [16, 8, 4, 2]
        assert net(torch.full((2, 1, 64, 96), 50.0)).shape == (2, 175, 16, 24)


def test_encoder_input_is_the_grey_picture() -> None:
    grey = torch.linspace(0, 1, 256).view(1, 1, 1, 256)
    lightness = rgb_to_lab(grey.expand(1, 3, 1, 256))[:, :1]
    torch.testing.assert_close(encoder_input(lightness)[:, :1], (grey * 255 - 127) / 128, atol=2e-3, rtol=0)
