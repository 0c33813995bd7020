"""Batch norms of a network that came out of an export: measured, they learn on from where the export was."""

import pytest
import torch
from torch import nn

from photochrom.train.networks.photo import PhotoNet
from photochrom.train.start.norms import measure_norms

pytestmark = pytest.mark.usefixtures("one_thread")


def folded() -> PhotoNet:
    """A network whose batch norms are the identity and a bias, as photo_from_onnx leaves them."""
    torch.manual_seed(0)
    net = PhotoNet(5, encoder="tf_efficientnet_lite0", decoder_widths=[8, 8, 16, 16])
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_var.fill_(1 - layer.eps)
            nn.init.normal_(layer.bias, std=0.1)
    return net.eval()


def test_the_network_answers_as_before_and_learning_begins_there() -> None:
    net, seen, other = folded(), torch.rand(4, 1, 64, 64) * 100, torch.rand(1, 1, 64, 96) * 100
    with torch.no_grad():
        before = [net(x) for x in (seen, other)]
        learning = net.train()(seen)
        measure_norms(folded_again := folded(), [seen])
        after = [folded_again(x) for x in (seen, other)]
        learning_on = folded_again.train()(seen)
    for one, two in zip(before, after, strict=True):
        torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(learning_on, before[0], atol=1e-3, rtol=1e-3)
    assert (learning - before[0]).abs().max() > 0.1  # unmeasured, the first step would begin elsewhere


def test_statistics_are_those_of_all_batches() -> None:
    layer = nn.BatchNorm2d(2).eval()
    batches = [torch.randn(3, 2, 4, 4) * 5 + 7 for _ in range(4)]
    measure_norms(nn.Sequential(layer), batches)
    every = torch.cat(batches)
    torch.testing.assert_close(layer.running_mean, every.mean((0, 2, 3)))
    torch.testing.assert_close(layer.running_var, every.var((0, 2, 3), correction=0))


def test_a_norm_that_nothing_reaches_stays_as_it_is() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 1))
    net.unused = nn.BatchNorm2d(2)
    net.forward = net[0].forward
    measure_norms(net, [torch.rand(1, 1, 4, 4)])
    assert torch.equal(net.unused.running_var, torch.ones(2))
