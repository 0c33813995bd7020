"""What keeps a GAN in balance; needs the train extra."""

import pytest
import torch

from photochrom.train.networks.patchgan import PatchGAN
from photochrom.train.networks.stabilise import MinibatchDiscrimination, MinibatchStdDev, add_spectral_norm
from photochrom.train.recipe.sections import StabiliseConfig


def test_minibatch_discrimination_sees_pictures_that_are_alike() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(8, kernels=4)
    alike, unlike = layer(torch.ones(5, 8, 3, 3)), layer(torch.randn(5, 8, 3, 3) * 9)
    assert alike.shape == (5, 12, 3, 3)
    torch.testing.assert_close(alike[:, 8:], torch.ones(5, 4, 3, 3))  # to each the four others are the same
    assert unlike[:, 8:].mean() < 0.2
    torch.testing.assert_close(alike[:, :8], torch.ones(5, 8, 3, 3))


def test_minibatch_discrimination_says_the_same_of_any_batch() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(8, kernels=4)
    few = torch.rand(4, 8, 3, 3)
    many = few.repeat(16, 1, 1, 1)  # the same pictures, so each has as many near ones among the others
    with torch.no_grad():
        torch.testing.assert_close(layer(many)[:4, 8:], layer(few)[:, 8:], atol=0.25, rtol=0)
        assert torch.isfinite(layer(few[:1])).all() and layer(few[:1])[:, 8:].max() == 0
        judge = PatchGAN(3, width=8, stabilise=StabiliseConfig(minibatch="discrimination")).eval()
        logits = [judge(torch.rand(n, 3, 64, 64) * 2 - 1).abs().max() for n in (2, 16, 64)]
    assert max(logits) < 1.5, "an untrained discriminator has no opinion, whatever the batch"


def test_minibatch_stddev_is_nothing_for_pictures_that_are_alike() -> None:
    layer = MinibatchStdDev()
    assert layer(torch.ones(4, 8, 3, 3))[:, 8].max() < 1e-3
    spread = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1).expand(2, 8, 3, 3)
    torch.testing.assert_close(layer(spread)[:, 8], torch.ones(2, 3, 3))


def test_spectral_norm_holds_the_largest_singular_value_at_one() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(4, 8, 3)
    add_spectral_norm(layer)
    for _ in range(50):
        layer(torch.rand(1, 4, 8, 8))
    assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize(
    "config",
    [
        StabiliseConfig(),
        StabiliseConfig(minibatch="stddev"),
        StabiliseConfig(minibatch="discrimination"),
        StabiliseConfig(spectral_norm=True, minibatch="stddev"),
    ],
)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_every_switch_gives_a_discriminator_that_learns(config: StabiliseConfig, norm: str) -> None:
    judge = PatchGAN(3, width=8, norm=norm, stabilise=config)
    scores = judge(torch.rand(2, 3, 64, 64))
    assert scores.shape == (2, 1, 6, 6)
    scores.mean().backward()
    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in judge.parameters())
    kinds = {type(layer).__name__ for layer in judge.modules()}
    assert ("BatchNorm2d" in kinds or "InstanceNorm2d" in kinds) is not config.spectral_norm
