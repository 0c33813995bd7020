"""What a network would paint after each level of its decoder; needs the train extra."""

from typing import Any

import numpy as np
import pytest
import torch

from photochrom.color.resample import resize
from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import build_method
from photochrom.train.recipe.sections import Recipe
from photochrom.train.stages import fit_levels, stages

BINS = Bins(np.array([[0, 0], [60, 40], [-20, -50]], np.float32), np.array([0.6, 0.3, 0.1], np.float32))
NETWORKS: dict[str, tuple[str, dict[str, Any], list[int]]] = {
    "cifar-cnn": ("regression", {"width": 8}, [8, 4, 2, 1]),
    "unet": ("cgan", {"width": 4, "levels": 5, "dropout": 0.0}, [16, 8, 4, 2, 1]),
    "unet-timm": ("cgan", {"width": 8, "encoder": "test_resnet", "pretrained": False}, [16, 8, 4, 2, 1, 1]),
    "resnet50-frozen": ("regression", {"width": 8, "encoder": "test_resnet", "pretrained": False}, [16, 8, 4, 2, 1, 1]),
    "eccv16": ("distribution", {"width": 8}, [8, 8, 8, 8, 8, 4, 1]),
    "cyclegan": ("cyclegan", {"width": 4, "blocks": 3}, [4, 4, 4, 2, 1, 1]),
    "photo": (
        "photo",
        {"pretrained": False, "decoder_widths": [8, 8, 8, 8], "encoder": "tf_efficientnet_lite0"},
        [32, 16, 8, 4, 1],
    ),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_network_says_what_it_would_paint_after_each_level(kind: str, one_thread: None) -> None:
    method_name, options, strides = NETWORKS[kind]
    torch.manual_seed(0)
    values = {"method": method_name, "data": {"size": 64}, "network": {"kind": kind, **options}}
    recipe = Recipe.from_dict({**values, "loss": {"adversarial": "lsgan"} if "gan" in method_name else {}})
    method = build_method(recipe, BINS if method_name in ("distribution", "photo") else None).eval()
    lightness = torch.nn.functional.interpolate(torch.rand(8, 1, 8, 8) * 100, 64, mode="bilinear")
    levels = fit_levels(method, lightness)
    found = stages(method, levels, lightness[:1])
    assert [stage.stride for stage in found] == strides
    assert all(stage.ab.shape == (64 // stage.stride, 64 // stage.stride, 2) for stage in found)
    with torch.no_grad():
        answer = method.predict_ab(lightness[:1])[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(found[-1].ab, answer)
    assert all(level.explained <= 1 for level in levels)


def test_a_level_that_holds_the_colours_is_read_to_the_last() -> None:
    """A network whose answer is a linear map of its last level: what is read there is what it says."""
    recipe = Recipe.from_dict(
        {"method": "regression", "data": {"size": 32}, "network": {"kind": "cifar-cnn", "width": 8}}
    )
    torch.manual_seed(0)
    method = build_method(recipe).eval()
    with torch.no_grad():
        for layer in method.network.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight *= 3
        last = method.network.decoder[-2]
        last.weight[:, :, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0  # no neighbours
        last.weight *= 0.05  # where tanh is straight
    lightness = torch.nn.functional.interpolate(torch.rand(16, 1, 4, 4) * 100, 32, mode="bilinear")
    levels = fit_levels(method, lightness)
    assert levels[-1].explained > 0.95 > levels[0].explained
    half = stages(method, levels, lightness[:1])[-2].ab
    whole = stages(method, levels, lightness[:1])[-1].ab
    assert np.abs(resize(half, (32, 32)) - whole).mean() < 0.2 * whole.std()


def test_one_picture_is_too_few() -> None:
    recipe = Recipe.from_dict({"method": "regression", "network": {"kind": "cifar-cnn", "width": 4}})
    with pytest.raises(UsageError, match="at least 2"):
        fit_levels(build_method(recipe), torch.rand(1, 1, 32, 32) * 100)
