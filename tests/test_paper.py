"""Plain bright paper takes one colour, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom.color.lab import Float, lab_to_rgb
from photochrom.color.paper import even_paper
from photochrom.domains.table import DOMAINS

from .tiny_model import metadata, write_model

WHITE = np.array([-2, 3], np.float32)  # ab of the paper, nearly grey
PLANT = np.array([-15, 30], np.float32)


@pytest.fixture
def plant() -> tuple[Float, Float, np.ndarray]:
    """Lightness (256,320), ab (64,80,2) and where the plant is (64,80): a comb of dark spikes on noisy paper of L* 86,
    and a yellow glow of 16 units round it and between the spikes."""
    rng = np.random.default_rng(3)
    light = (86 + rng.normal(0, 1, (256, 320))).astype(np.float32)
    dark = np.zeros((64, 80), bool)
    dark[30:34, 20:60] = True
    dark[14:30, 20:60:4] = True
    light[np.kron(dark, np.ones((4, 4), bool))] = 30
    ab = np.tile(WHITE, (64, 80, 1))
    ab[14:36, 18:62, 1] += 16
    ab[dark] = PLANT
    return light, ab, dark


def test_a_glow_on_paper_goes_between_spikes_too(plant: tuple[Float, Float, np.ndarray]) -> None:
    light, ab, dark = plant
    even = even_paper(ab, light)
    assert even.dtype == np.float32
    assert np.abs(ab - WHITE)[~dark].max() == pytest.approx(16, abs=0.1)
    assert np.abs(even - WHITE)[~dark].max() < 2
    np.testing.assert_allclose(even[dark], ab[dark], atol=0.05)


def test_things_on_the_paper_keep_their_colours(plant: tuple[Float, Float, np.ndarray]) -> None:
    light, ab, _ = plant
    ab[50:56, 10:20] = WHITE + np.float32([0, 45])  # a vivid thing, as light as the paper
    light[160:240, 180:300] = 50  # a big dark thing with a light cheek
    light[184:216, 220:260] = 86
    ab[40:60, 45:75] = (15, 12)
    even = even_paper(ab, light)
    np.testing.assert_array_equal(even[50:56, 10:20], ab[50:56, 10:20])
    np.testing.assert_allclose(even[46:54, 57:63], ab[46:54, 57:63], atol=1.5)


def sky(light: Float, ab: Float) -> None:
    light[128:] = 40  # two fifths of the border


def dim(light: Float, ab: Float) -> None:
    light -= 20


def coloured(light: Float, ab: Float) -> None:
    ab[..., 1] += 20


def parted(light: Float, ab: Float) -> None:
    ab[:, 40:, 0] += 14  # two colours, half of the paper each


def rough(light: Float, ab: Float) -> None:
    light += np.random.default_rng(4).normal(0, 8, light.shape).astype(np.float32)


@pytest.mark.parametrize("change", [sky, dim, coloured, parted, rough])
def test_what_is_no_paper_is_left_as_it_was(change, plant: tuple[Float, Float, np.ndarray]) -> None:
    light, ab, _ = plant
    change(light, ab)
    assert even_paper(ab, light) is ab


@pytest.mark.parametrize("shape", [(1, 1), (1, 64), (2, 2), (3, 50), (64, 64)])
def test_any_size_will_do(shape: tuple[int, int]) -> None:
    ab = np.tile(WHITE, (*shape, 1))
    for light in (90, 0, np.nan):
        even = even_paper(ab, np.full((shape[0] * 4, shape[1] * 4), light, np.float32))
        np.testing.assert_allclose(even, ab, atol=1e-5)


def test_only_a_domain_that_asks_for_it_has_even_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is as light as the paper: a sketch's fills would go with the glow."""
    photo_as_it_is = replace(DOMAINS["photo"], show=None)  # so flat a picture would be stretched
    monkeypatch.setitem(DOMAINS, "photo", photo_as_it_is)
    monkeypatch.setitem(DOMAINS, "sketch", replace(photo_as_it_is, name="sketch", finish=None))
    light = np.full((64, 64), 86, np.float32)
    light[24:40, 24:40] = 89  # a = 0.1 (L - 50), b = 2
    grey = lab_to_rgb(np.stack([light, light * 0, light * 0], axis=-1))[..., 0]
    photo = photochrom.Photo.from_array(grey.clip(0, 1))
    spread = {}
    for domain in ("photo", "sketch"):
        meta = metadata(head="ab", scale=0.2, domain=domain)
        colorizer = photochrom.load_model(write_model(tmp_path / f"{domain}.onnx", meta=meta, head="ab"))
        prediction = colorizer.predict(photo)
        spread[domain] = float(np.ptp(colorizer.chroma(prediction)[..., 0]))
    assert spread["sketch"] == pytest.approx(0.3, abs=0.01)
    assert spread["photo"] < 0.01
