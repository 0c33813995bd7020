"""Weights of the photo network: ImageNet's into the encoder, and a shipped .onnx back into torch."""

import io
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from photochrom.errors import ModelError, UsageError
from photochrom.network.models import find_model
from photochrom.network.session import METADATA_KEY, open_network
from photochrom.network.spec import NetworkSpec
from photochrom.train.finetune import finetune_recipe
from photochrom.train.networks.blocks import resized
from photochrom.train.networks.efficientnet import LITE0_STAGES, LITE2_STAGES, Encoder, encoder_input
from photochrom.train.networks.imagenet import copy_in_order, load_imagenet
from photochrom.train.networks.multiscale import MultiScale, photo_details, scaled_hints, scaled_lightness
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.networks.smoothing import hint_weights, smooth
from photochrom.train.onnx_writing import difference, to_onnx
from photochrom.train.start.from_onnx import photo_from_onnx

F = torch.nn.functional
BINS = 5


def shaken(net: torch.nn.Module) -> torch.nn.Module:
    """Every weight and every statistic of the batch norms away from where it begins."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if "running_var" in name:
                value.uniform_(0.5, 2)
            elif "num_batches" not in name and value.ndim < 2:
                value.add_(torch.randn_like(value) * 0.2)
            elif "context" in name:
                value.normal_(0, 0.1)
    return net.eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhotoNet, Path]:
    net, buffer = shaken(PhotoNet(BINS)), io.BytesIO()
    axes = {"lightness": {0: "n", 2: "h", 3: "w"}, "logits": {0: "n", 2: "h", 3: "w"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.rand(1, 1, 64, 64) * 100,),
            buffer,
            input_names=["lightness"],
            output_names=["logits"],
            dynamic_axes=axes,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    spec = NetworkSpec(multiple=32, stride=4, centres=tuple((10.0 * i, 0.0) for i in range(BINS)), temperature=0.6)
    model.metadata_props.add(key=METADATA_KEY, value=spec.to_metadata())
    path = tmp_path_factory.mktemp("onnx") / "photo.onnx"
    onnx.save(model, path)
    return net, path


def test_the_torch_network_comes_back_from_an_export(exported: tuple[PhotoNet, Path]) -> None:
    net, path = exported
    back, spec = photo_from_onnx(path)
    assert spec.temperature == 0.6
    lightness = torch.rand(2, 1, 96, 64) * 100
    with torch.no_grad():
        torch.testing.assert_close(back(lightness), net(lightness), atol=1e-3, rtol=0)
        assert float(net(lightness).std()) > 0.1  # so that the comparison says something


def spec_of(net: PhotoNet, weights: dict[float, float]) -> NetworkSpec:
    return NetworkSpec(
        inputs=("lightness", "hints"), stride=4, multiple=64, work_size=64, recipe="photo-fast", licence="CC0",
        centres=tuple((10.0 * i, 0.0) for i in range(BINS)), details=photo_details(net.settings, weights, 0.16),
    )  # fmt: skip


@pytest.fixture(scope="module")
def small_with_hints(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhotoNet, Path]:
    """The other encoder, a narrow decoder, hints, asked at three sizes and smoothed, exported as a run is."""
    net = shaken(PhotoNet(BINS, encoder="tf_efficientnet_lite0", decoder_widths=(16, 24, 32, 40), hints=True))
    net.decoder.hints.initialise(torch.tensor([[10.0 * i, 0.0] for i in range(BINS)]))
    weights = {1.0: 1.0, 0.5: 1.0, 1.5: 1.0}
    network, spec = MultiScale(net, weights, smoothing=0.16), spec_of(net, weights)
    path = tmp_path_factory.mktemp("hints") / "small.onnx"
    path.write_bytes(to_onnx(network, spec))
    assert difference(path.read_bytes(), network, spec) < 1e-3
    return net, path


def test_variants_of_the_network_come_back_too(small_with_hints: tuple[PhotoNet, Path]) -> None:
    net, path = small_with_hints
    back, spec = photo_from_onnx(path)
    assert back.settings == net.settings == spec.details["network"]
    recipe = finetune_recipe(str(path), spec, whole=False)
    assert (recipe.network.encoder, recipe.network.hints) == ("tf_efficientnet_lite0", True)
    assert recipe.network.decoder_widths == (16, 24, 32, 40)


class Older(torch.nn.Module):
    """As files held it before: logits at each size, the head before what spreads hints, then their smoothed mean."""

    def __init__(self, net: PhotoNet, scales: tuple[float, ...]) -> None:
        super().__init__()
        self.net, self.scales = net, scales

    def forward(self, lightness: torch.Tensor, hints: torch.Tensor) -> torch.Tensor:
        says = []
        for scale in self.scales:
            light, given = scaled_lightness(lightness, scale), scaled_hints(hints, scale)
            maps = self.net.decoder.maps(self.net.encoder(encoder_input(light)), light)
            says.append(self.net.decoder.hints(self.net.decoder.head(maps[0]), *maps, given))
        mean = sum(resized(logits, says[0].shape[2:]) for logits in says) / len(says)
        return smooth(mean, F.avg_pool2d(lightness, 4), 0.16, hint_weights(hints, 4))


@pytest.mark.parametrize("scales", [(1.0,), (1.0, 0.5, 1.5)])
def test_files_of_an_older_layout_come_back(
    scales: tuple[float, ...], small_with_hints: tuple[PhotoNet, Path], tmp_path: Path
) -> None:
    """Reading compares with the file, so this also says that averaging the head's inputs averages the logits."""
    net, path = small_with_hints
    spec = spec_of(net, dict.fromkeys(scales, 1.0))
    (tmp_path / "old.onnx").write_bytes(to_onnx(Older(net, scales), spec))
    old, _ = photo_from_onnx(tmp_path / "old.onnx")
    new, _ = photo_from_onnx(path)
    for name, value in new.state_dict().items():
        torch.testing.assert_close(old.state_dict()[name], value, atol=1e-6, rtol=0)


def test_an_exported_network_takes_hints_or_none(
    small_with_hints: tuple[PhotoNet, Path], exported: tuple[PhotoNet, Path]
) -> None:
    network = open_network(find_model(str(small_with_hints[1])))
    lightness = np.random.default_rng(0).random((64, 128)).astype(np.float32) * 100
    nothing, red = np.zeros((3, 64, 128), np.float32), np.zeros((3, 64, 128), np.float32)
    red[:, 20:40, 30:60] = np.float32([60, 40, 1])[:, None, None]
    np.testing.assert_array_equal(network.run(lightness), network.run(lightness, nothing))
    assert np.abs(network.run(lightness, red) - network.run(lightness)).max() > 0.1
    stretched = replace(
        network, spec=replace(network.spec, gain=2.0)
    )  # what comes out is to be the colour that was given
    doubled = red * np.float32([2, 2, 1])[:, None, None]
    np.testing.assert_allclose(stretched.run(lightness, doubled), network.run(lightness, red), rtol=1e-4, atol=1e-4)
    with pytest.raises(UsageError, match="takes no hints"):
        replace(network, spec=replace(network.spec, inputs=("lightness",))).run(lightness, red)


def test_an_encoder_that_the_network_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="tf_efficientnet_lite0"):
        PhotoNet(BINS, encoder="resnet18")


def test_other_files_are_refused(exported: tuple[PhotoNet, Path], tmp_path: Path) -> None:
    (tmp_path / "words.onnx").write_text("words")
    with pytest.raises(ModelError, match=r"words\.onnx"):
        photo_from_onnx(tmp_path / "words.onnx")
    model = onnx.load(exported[1])
    _, spec = photo_from_onnx(exported[1])
    for prop in model.metadata_props:
        prop.value = replace(spec, details={"scales": [1, 0.5], "votes": [1]}).to_metadata()
    onnx.save(model, tmp_path / "votes.onnx")
    with pytest.raises(ModelError, match=r"votes\.onnx"):
        photo_from_onnx(tmp_path / "votes.onnx")
    for prop in model.metadata_props:
        prop.value = replace(spec, centres=((0.0, 0.0),) * 7).to_metadata()
    onnx.save(model, tmp_path / "bins.onnx")
    with pytest.raises(ModelError, match="belongs"):
        photo_from_onnx(tmp_path / "bins.onnx")
    model = onnx.load(exported[1])
    largest = max(model.graph.initializer, key=lambda tensor: int(np.prod(tensor.dims)))
    altered = np.roll(onnx.numpy_helper.to_array(largest), 1, axis=0)
    largest.CopyFrom(onnx.numpy_helper.from_array(altered, largest.name))
    model.graph.node.append(onnx.helper.make_node("Mul", ["logits", "logits"], ["squared"]))
    model.graph.output[0].name = "squared"
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="differs"):
        photo_from_onnx(tmp_path / "other.onnx")


@pytest.mark.parametrize(("name", "layout"), [("lite0", LITE0_STAGES), ("lite2", LITE2_STAGES)])
@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_timm_has_the_same_encoder(name: str, layout: tuple, size: tuple[int, int]) -> None:
    import timm

    theirs = shaken(timm.create_model(f"tf_efficientnet_{name}", pretrained=False))
    ours = Encoder(layout).eval()
    copy_in_order(ours, theirs.state_dict(), "timm's")
    picture = torch.randn(1, 3, *size)
    with torch.no_grad():
        # theirs counts stages by stride: the outputs at 4, 8, 16 and 32
        expected = theirs.forward_intermediates(picture, indices=[1, 2, 3, 4], intermediates_only=True)
        features = ours(picture)
    for one, other in zip(features, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_imagenet_weights_from_a_file(tmp_path: Path) -> None:
    torch.save(shaken(Encoder()).state_dict(), tmp_path / "lite2.pth")
    encoder = Encoder()
    load_imagenet(encoder, str(tmp_path / "lite2.pth"), "")
    torch.testing.assert_close(encoder.state_dict(), torch.load(tmp_path / "lite2.pth", weights_only=True))


def test_imagenet_weights_from_safetensors_which_are_sorted_by_name(tmp_path: Path) -> None:
    import safetensors.torch as safetensors
    import timm

    theirs = shaken(timm.create_model("tf_efficientnet_lite2", pretrained=False)).state_dict()
    safetensors.save_file(dict(sorted(theirs.items())), tmp_path / "model.safetensors")
    one, other = Encoder(), Encoder()
    load_imagenet(one, str(tmp_path / "model.safetensors"), "tf_efficientnet_lite2")
    copy_in_order(other, theirs, "timm's")
    for name, value in other.state_dict().items():
        assert torch.equal(one.state_dict()[name], value) or "num_batches" in name


def test_wrong_weights_are_refused(tmp_path: Path) -> None:
    torch.save(Encoder(LITE0_STAGES).state_dict(), tmp_path / "lite0.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "words.pth").write_text("words")
    torch.save(dict(list(Encoder().state_dict().items())[:9]), tmp_path / "short.pth")
    for name, message in (("lite0", "holds"), ("list", "state dict"), ("words", "read"), ("short", "9 tensors")):
        with pytest.raises(UsageError, match=message):
            load_imagenet(Encoder(), str(tmp_path / f"{name}.pth"), "tf_efficientnet_lite2")
    with pytest.raises(UsageError, match="read"):
        load_imagenet(Encoder(), str(tmp_path / "nowhere.pth"), "")


def test_without_a_hub_it_says_which_setting_names_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    def fail(*_args: object, **_options: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(timm, "create_model", fail)
    with pytest.raises(UsageError, match=r"network\.weights"):
        load_imagenet(Encoder(), "", "tf_efficientnet_lite2")
