"""The networks of the recipes: shapes, sizes, weights; needs the train extra."""

from pathlib import Path

import pytest
import timm
import torch

from photochrom.errors import UsageError
from photochrom.train.networks import build_network
from photochrom.train.networks.cyclegan import ResNetGenerator
from photochrom.train.networks.patchgan import PatchGAN
from photochrom.train.networks.pretrained import encoder
from photochrom.train.recipe.sections import NetworkConfig


@pytest.fixture(autouse=True)
def same_weights() -> None:
    """Narrow networks of random weights are sometimes dead: every ReLU at zero, whatever goes in."""
    torch.manual_seed(0)


def config(kind: str, **changes: object) -> NetworkConfig:
    return NetworkConfig(kind=kind, pretrained=False, **changes)


def millions(network: torch.nn.Module) -> float:
    return sum(weight.numel() for weight in network.parameters()) / 1e6


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("cifar-cnn", 3.86), ("unet", 54.41), ("unet-timm", 14.32), ("eccv16", 32.24)],
)
def test_parameters_as_published(kind: str, expected: float) -> None:
    with torch.device("meta"):  # no memory and no time for numbers that aren't looked at
        assert millions(build_network(config(kind), bins=313)) == pytest.approx(expected, abs=0.005)


def test_cyclegans_generator_is_as_large_as_published() -> None:
    with torch.device("meta"):
        assert millions(ResNetGenerator()) == pytest.approx(11.38, abs=0.005)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("cifar-cnn", {"width": 16, "dropout": 0.2}),
        ("unet", {"width": 4, "levels": 5}),
        ("unet-timm", {"width": 8, "encoder": "test_resnet"}),
        ("unet-timm", {"width": 8, "encoder": "test_convnext"}),  # its first features are at a quarter of the size
        ("resnet50-frozen", {"width": 8, "encoder": "test_resnet"}),
    ],
)
def test_lightness_in_and_bounded_ab_out(kind: str, changes: dict[str, object]) -> None:
    network = build_network(config(kind, **changes)).eval()
    multiple = network.multiple
    lightness = torch.rand(2, 1, 64, 64 + multiple) * 100
    with torch.no_grad():
        ab = network(lightness)
    assert ab.shape == (2, 2, 64, 64 + multiple)
    assert ab.abs().max() <= 1
    assert network.scale in (110.0, 128.0)
    assert (ab[0] - network(lightness * 0.5)[0]).abs().max() > 1e-6


def test_eccv16_gives_logits_at_a_quarter() -> None:
    assert build_network(config("eccv16", width=8), bins=7)(torch.rand(1, 1, 40, 64) * 100).shape == (1, 7, 10, 16)


def test_cyclegan_keeps_the_shape() -> None:
    network = ResNetGenerator(width=4, blocks=2)
    assert network(torch.rand(1, 3, 32, 36) * 2 - 1).shape == (1, 3, 32, 36)


def test_a_patch_is_seventy_pixels_wide() -> None:
    judge = PatchGAN(3, width=4).eval()
    picture = torch.rand(1, 3, 140, 140, requires_grad=True)
    scores = judge(picture)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    touched = picture.grad.abs().sum((0, 1)) > 0
    assert touched.any(0).sum() == touched.any(1).sum() == 70
    assert millions(PatchGAN()) == pytest.approx(2.77, abs=0.01)


def test_a_frozen_encoder_stays_as_it_is() -> None:
    network = build_network(config("resnet50-frozen", encoder="test_resnet", width=8)).train()
    before = {name: value.clone() for name, value in network.encoder.state_dict().items()}
    loss = network(torch.rand(2, 1, 32, 32) * 100).square().mean()
    loss.backward()
    torch.optim.SGD([w for w in network.parameters() if w.requires_grad], lr=1.0).step()
    network(torch.rand(2, 1, 32, 32) * 100)
    assert all(torch.equal(value, before[name]) for name, value in network.encoder.state_dict().items())
    assert all(not weight.requires_grad for weight in network.encoder.parameters())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_local_file_of_rgb_weights_becomes_one_channel(tmp_path: Path, suffix: str) -> None:
    source = timm.create_model("resnet10t", pretrained=False)
    path = tmp_path / f"resnet{suffix}"
    if suffix == ".pth":
        torch.save(source.state_dict(), path)
    else:
        from safetensors.torch import save_file

        save_file(source.state_dict(), path)
    made = encoder("resnet10t", pretrained=True, weights=str(path)).eval()
    torch.testing.assert_close(
        made.state_dict()["conv1.0.weight"], source.conv1[0].weight.detach().sum(1, keepdim=True)
    )
    grey = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(made(grey)[-1], source.eval().forward_features(grey.expand(-1, 3, -1, -1)))


def test_torchvisions_names_are_timms(tmp_path: Path) -> None:
    from torchvision import models as models

    with torch.device("meta"):
        theirs, ours = models.resnet50().state_dict(), encoder("resnet50", pretrained=False).state_dict()
    assert ours.keys() <= theirs.keys()


def test_weights_that_are_missing_or_of_another_network_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), other)
    with pytest.raises(UsageError, match="another network"):
        encoder("resnet10t", pretrained=True, weights=str(other))
    with pytest.raises(UsageError, match="can't be read"):
        encoder("test_resnet", pretrained=True, weights=str(tmp_path / "none.pth"))
    with pytest.raises(UsageError, match=r"timm has no network 'resnet1'"):
        encoder("resnet1", pretrained=False)


def test_an_unknown_network_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'eccv16'\?"):
        build_network(config("eccv61"))


@pytest.mark.parametrize("kind", ["cyclegan", "photo"])
def test_networks_of_their_own_methods_are_for_no_other(kind: str) -> None:
    with pytest.raises(UsageError, match="not for this method: choose one of cifar-cnn"):
        build_network(config(kind))


def test_weights_of_keras_find_the_stride_in_the_first_convolution_of_a_block() -> None:
    moved, usual = (
        build_network(config("resnet50-frozen", encoder="resnet26", caffe_strides=flag)).encoder
        for flag in (True, False)
    )
    assert (moved.layer2[0].conv1.stride, moved.layer2[0].conv2.stride) == ((2, 2), (1, 1))
    assert (usual.layer2[0].conv1.stride, usual.layer2[0].conv2.stride) == ((1, 1), (2, 2))
    x = torch.randn(1, 1, 64, 64)
    assert [f.shape for f in moved(x)] == [f.shape for f in usual(x)]


def test_a_frozen_encoder_begins_with_grey() -> None:
    network = build_network(config("resnet50-frozen", encoder="resnet10t")).eval()
    with torch.no_grad():
        assert network(torch.rand(2, 1, 64, 64) * 100).abs().max() < 0.05
