"""Toned and faded black-and-white pictures are told from colour photographs."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from photochrom.color import tint
from photochrom.color.gamut import merge
from photochrom.color.lab import lab_to_rgb, rgb_to_lab
from photochrom.color.lightness import lightness


def toned(name: str, dtype: type = np.uint8) -> np.ndarray:
    """The camera man in a tone, grainy, and through a JPEG of quality 60."""
    grey = data.camera()[:400, :500]
    light = lightness(grey) / 100
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]] / 500
    fading = 0.4 + 0.9 * (x - 0.2) ** 2 + 0.5 * y
    hump = light * (1 - light)
    a, b = {
        "grey": (0 * light, 0 * light),
        "sepia": (6 + 20 * hump, 12 + 60 * hump),
        "cyanotype": (-2 - 12 * hump, -8 - 90 * hump),
        "selenium": (4 + 4 * (1 - light), 5 * light - 3),
        "yellowed unevenly": (1 + 2 * fading * light, 3 + 22 * fading * light),
    }[name]
    rgb = merge(grey, np.stack([a, b], axis=-1).astype(np.float32))
    noisy = rgb + np.random.default_rng(0).normal(0, 3, rgb.shape)
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer).convert("RGB")).astype(dtype) * (257 if dtype is np.uint16 else 1)


@pytest.mark.parametrize("name", ["sepia", "cyanotype", "selenium", "yellowed unevenly"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tones_are_tints(name: str, dtype: type) -> None:
    assert tint.describe(toned(name, dtype)).kind == "tinted"


def test_grey_is_grey() -> None:
    assert tint.describe(data.camera()).kind == "grey"
    assert tint.describe(np.repeat(data.camera()[..., None], 3, axis=2)).kind == "grey"
    assert tint.describe(toned("grey")).kind == "grey"


# coffee is of one hue throughout: at half its chroma nothing tells it from a sepia print
@pytest.mark.parametrize(
    ("name", "strength"), [("astronaut", 1.0), ("coffee", 1.0), ("chelsea", 1.0), ("astronaut", 0.5), ("chelsea", 0.5)]
)
def test_photographs_even_muted_are_colour(name: str, strength: float) -> None:
    picture = getattr(data, name)()
    ab = rgb_to_lab(picture / np.float32(255))[..., 1:] * np.float32(strength)
    assert tint.describe(merge(picture, ab)).kind == "color"


def test_a_red_coat_in_the_snow_is_colour() -> None:
    grey = data.camera()
    ab = np.zeros((*grey.shape, 2), np.float32)
    ab[200:260, 100:130] = 45, 25
    assert tint.describe(merge(grey, ab)).kind == "color"


def test_the_curve_gives_the_tone_back() -> None:
    picture = toned("sepia")
    found = tint.describe(picture)
    ab = tint.tint_ab(found, lightness(picture))
    assert ab.shape == (*picture.shape[:2], 2)
    assert ab.dtype == np.float32
    again = merge(picture, ab)
    assert np.abs(again.astype(float).mean(axis=(0, 1)) - picture.astype(float).mean(axis=(0, 1))).max() < 2


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3000, 3), (3000, 3, 3)])
def test_any_size_works(shape: tuple[int, ...]) -> None:
    assert tint.describe(np.full(shape, 90, np.uint8)).kind == "grey"
    assert tint.describe(np.full(shape, (180, 150, 110), np.uint8)).kind == "tinted"


@pytest.mark.parametrize("lamps", [((4, 22), (-3, -16)), ((2, 8), (-1, -6)), ((5, 25), (-2, -8))])
def test_a_print_under_two_lamps_is_no_colour_photograph(lamps: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """A lamp on the left and the window on the right."""
    grey = data.camera()
    right = np.linspace(0, 1, grey.shape[1])[None, :, None]
    ab = (np.array(lamps[0]) * (1 - right) + np.array(lamps[1]) * right) * (0.3 + lightness(grey)[..., None] / 140)
    assert tint.describe(merge(grey, ab.astype(np.float32))).kind == "tinted"


def test_tones_are_called_by_their_names() -> None:
    rng = np.random.default_rng(0)
    grey = np.clip(np.kron(rng.uniform(0.1, 0.9, (16, 16)), np.ones((8, 8))), 0, 1)
    for name, ab in {"sepia": (8, 22), "cyanotype": (-8, -30), "selenium-toned": (7, -2), "grey": (0, 0)}.items():
        lab = np.stack([grey * 100, np.full_like(grey, ab[0]), np.full_like(grey, ab[1])], axis=-1)
        lab[..., 1:] *= np.sin(np.pi * grey)[..., None]  # none in black and white
        toned = (lab_to_rgb(lab).clip(0, 1) * 255).round().astype(np.uint8)
        assert tint.describe(toned).called == name
    painted = np.repeat((grey * 255).astype(np.uint8)[..., None], 3, axis=2)
    painted[40:56, 40:56, 2] //= 2  # a yellow patch on a grey print
    assert tint.describe(painted).called == "hand-tinted"
    colors = np.kron(rng.integers(0, 255, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    assert tint.describe(colors).called == "colour"
