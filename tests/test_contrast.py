"""A faded print gets the colours that the same picture has with full contrast."""

import numpy as np
import pytest
from skimage import data

import photochrom
from photochrom import Colorizer, Photo
from photochrom.color.contrast import full_contrast
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import lightness

LEVELS = 70, 128, 190  # of 255


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return photochrom.load_model("photo-fast")


def cat() -> np.ndarray:
    return data.chelsea().mean(axis=2).astype(np.uint8)


def faded(grey: np.ndarray, contrast: float, level: int) -> np.ndarray:
    return (level + contrast * (grey.astype(float) - 128)).round().astype(np.uint8)


def ab(pixels: np.ndarray) -> np.ndarray:
    return rgb_to_lab(pixels.astype(np.float32) / 255)[..., 1:]


@pytest.mark.parametrize("contrast", [0.3, 0.16, 0.08])
@pytest.mark.parametrize("level", LEVELS)
def test_the_network_sees_a_faded_print_as_the_whole_picture(contrast: float, level: int) -> None:
    whole, flat = lightness(cat()), lightness(faded(cat(), contrast, level))
    seen = full_contrast(flat)
    assert seen.dtype == np.float32 and seen.min() >= 0 and seen.max() <= 100
    assert np.abs(seen - whole).mean() < 10  # units of L*; the flat one is 13 to 30 off


@pytest.mark.parametrize("picture", [data.camera(), data.astronaut(), data.coffee(), cat()])
def test_ordinary_photographs_are_shown_as_they_are(picture: np.ndarray) -> None:
    light = lightness(picture)
    assert full_contrast(light) is light


def test_the_stretch_sets_in_gradually() -> None:
    """No picture of a film may jump: a little less contrast is a little more stretch."""
    ramp = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    spans = [float(np.ptp(full_contrast(30 + ramp * span))) for span in np.arange(30, 46, 0.5)]
    assert np.abs(np.diff(spans)).max() < 5


@pytest.mark.parametrize("light", [0.0, 50.0, 100.0, np.nan])
def test_a_plain_ground_stays_plain(light: float) -> None:
    plain = np.full((8, 8), light, np.float32)
    np.testing.assert_array_equal(full_contrast(plain), plain)


def test_the_steps_of_8_bits_do_not_become_a_picture() -> None:
    noise = lightness(np.random.default_rng(0).integers(127, 129, (64, 64)).astype(np.uint8))
    assert np.ptp(full_contrast(noise)) < 10


def test_a_faded_print_gets_its_colors_and_keeps_its_lightness(shipped: Colorizer) -> None:
    whole = ab(shipped.colorize(cat()))
    grey = faded(cat(), 0.16, 128)
    colored = shipped.colorize(grey)
    off = np.hypot(*(ab(colored) - whole).transpose(2, 0, 1)).mean()
    assert off < 5  # ab units; it was 10 when the network saw the faded print
    assert np.abs(lightness(colored) - lightness(grey)).max() < 0.6  # L*: a step of 8 bits


def test_the_upsampling_is_guided_by_the_picture_itself(shipped: Colorizer) -> None:
    prediction = shipped.predict(Photo.from_array(faded(cat(), 0.16, 128)))
    assert prediction.guide is not None
    assert np.ptp(prediction.guide) < 20 < 70 < np.ptp(prediction.shown)
