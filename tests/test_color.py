"""Colour conversions against scikit-image, and what merge promises about lightness, hue and the gamut."""

import numpy as np
import pytest
from skimage import color as reference
from skimage import data

from photochrom.color.colorfulness import colorfulness
from photochrom.color.gamut import merge
from photochrom.color.lab import lab_to_rgb, linear_to_srgb, rgb_to_lab, srgb_to_linear
from photochrom.color.lightness import lightness
from photochrom.errors import UsageError


def hue_and_chroma(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arctan2(lab[..., 2], lab[..., 1]), np.hypot(lab[..., 1], lab[..., 2])


def test_lab_agrees_with_scikit_image_and_comes_back() -> None:
    rgb = data.astronaut()[::4, ::4] / 255.0
    lab = rgb_to_lab(rgb)
    np.testing.assert_allclose(lab, reference.rgb2lab(rgb), atol=0.02)
    np.testing.assert_allclose(lab_to_rgb(lab), rgb, atol=1e-9)
    single = rgb_to_lab(rgb.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, lab, atol=0.01)


def test_transfer_curve_is_the_standard_one() -> None:
    np.testing.assert_allclose(srgb_to_linear(np.array([0.0, 0.04, 0.5, 1.0])), [0, 0.0030960, 0.2140411, 1], atol=1e-6)
    x = np.linspace(0, 1, 999)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(x)), x, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_of_grey_equals_that_of_equal_channels(dtype: type) -> None:
    top = np.iinfo(dtype).max
    grey = np.linspace(0, top, 256 * 4).astype(dtype).reshape(32, 32)
    light = lightness(grey)
    assert light.dtype == np.float32
    assert light.flat[0] == 0
    assert light.flat[-1] == 100
    np.testing.assert_allclose(light, lightness(np.repeat(grey[..., None], 3, axis=2)), atol=2e-3)
    np.testing.assert_allclose(light, reference.rgb2lab(np.repeat(grey[..., None] / top, 3, axis=2))[..., 0], atol=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_no_chroma_gives_every_grey_back_exactly(dtype: type) -> None:
    top = int(np.iinfo(dtype).max)
    grey = np.arange(top + 1).astype(dtype).reshape(-1, 256)
    assert (merge(grey, np.zeros((*grey.shape, 2), np.float32)) == grey[..., None]).all()


@pytest.mark.parametrize("times", [1.0, 2.0, 5.0])
def test_merge_keeps_lightness_and_hue_whatever_the_chroma(times: float) -> None:
    picture = data.astronaut()[::2, ::2]
    wanted = rgb_to_lab(picture / np.float32(255))
    wanted[..., 1:] *= times
    got = rgb_to_lab(merge(picture, wanted[..., 1:]) / 255.0)
    error = np.abs(got[..., 0] - wanted[..., 0])
    assert error.mean() < 0.1
    assert error.max() < 0.5
    (hue, chroma), (wanted_hue, wanted_chroma) = hue_and_chroma(got), hue_and_chroma(wanted)
    turned = np.abs((hue - wanted_hue + np.pi) % (2 * np.pi) - np.pi) * chroma  # length of the arc
    assert turned.max() < 2
    assert (chroma < wanted_chroma + 2).all()


def test_a_colour_beyond_the_gamut_keeps_nearly_all_the_chroma_it_can() -> None:
    for rgb in ([255, 0, 0], [0, 255, 0], [0, 0, 255], [230, 230, 0], [200, 0, 120]):
        lab = rgb_to_lab(np.array(rgb) / 255.0).astype(np.float32)
        pixel = np.array(rgb, np.uint8)[None, None]
        got = merge(pixel, (lab[1:] * 3)[None, None])
        back = rgb_to_lab(got[0, 0] / 255.0)
        assert 0.97 < np.hypot(*back[1:]) / np.hypot(*lab[1:]) < 1.01, rgb
        assert abs(back[0] - lab[0]) < 0.3


def test_black_and_white_take_no_colour() -> None:
    ends = np.array([[0, 255]], np.uint8)
    assert (merge(ends, np.full((1, 2, 2), 80, np.float32)) == ends[..., None]).all()


def test_eight_and_sixteen_bits_agree() -> None:
    grey = data.camera()[::4, ::4]
    ab = np.random.default_rng(0).normal(0, 30, (*grey.shape, 2)).astype(np.float32)
    wide = merge(grey.astype(np.uint16) * 257, ab)
    assert wide.dtype == np.uint16
    assert np.abs(wide / 257.0 - merge(grey, ab)).max() < 0.6


def test_merge_writes_into_the_given_array_and_spares_its_inputs() -> None:
    grey = data.camera()[::8, ::8].copy()
    ab = np.full((*grey.shape, 2), 20, np.float32)
    out = np.zeros((*grey.shape, 3), np.uint8)
    assert merge(grey, ab, out) is out
    assert out.any()
    assert (ab == 20).all()


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)]
)
def test_other_arrays_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(UsageError, match="pixels must be"):
        lightness(bad)


def test_ab_of_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match="ab must be"):
        merge(np.zeros((4, 4), np.uint8), np.zeros((4, 5, 2), np.float32))


def test_colorfulness_has_no_absolute_values() -> None:
    rgb = np.zeros((1, 2, 3), np.uint8)
    rgb[0, 0], rgb[0, 1] = (200, 0, 0), (0, 200, 0)
    # rg = 200, -200: mean 0, deviation 200; yb = 100, 100: mean 100, deviation 0
    assert colorfulness(rgb) == pytest.approx(200 + 0.3 * 100)
    assert colorfulness(np.full((3, 3, 3), 77, np.uint8)) == 0
