"""Edge-aware chroma: edges stay where the lightness has them, ramps stay smooth, and strips leave no seams."""

import numpy as np
import pytest
from skimage import data

from photochrom.color import resample, upsample
from photochrom.color.gamut import merge
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import lightness, shrink_lightness
from photochrom.errors import UsageError


def ab_of(rgb: np.ndarray) -> np.ndarray:
    lab: np.ndarray = rgb_to_lab(rgb / np.float32(np.iinfo(rgb.dtype).max))[..., 1:]
    return lab


def two_colours(edge: int, size: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """A grey 16-bit picture with a step at column `edge`, and the true ab: bluish left, reddish right."""
    grey = np.full((size, size), 20000, np.uint16)
    grey[:, edge:] = 40000
    ab = np.empty((size, size, 2), np.float32)
    ab[:, :edge], ab[:, edge:] = (5, -20), (25, 15)
    return grey, ab


@pytest.mark.parametrize("edge", [256, 259, 250, 301])
@pytest.mark.parametrize("upright", [True, False])
def test_a_colour_edge_stays_on_its_lightness_edge_at_8x(edge: int, upright: bool) -> None:
    grey, ab = two_colours(edge)
    if not upright:
        grey, ab = grey.T.copy(), ab.transpose(1, 0, 2).copy()
    got = ab_of(upsample.paint(grey, resample.resize(ab, (64, 64))))
    row = got[200] if upright else got[:, 200]
    for c, (left, right) in enumerate(((5, 25), (-20, 15))):
        share = (row[:, c] - left) / (right - left)
        assert np.abs(np.flatnonzero(share > 0.5)[0] - edge) <= 1.5
        assert np.abs(share[edge - 2] - 0) < 0.25  # nor does it bleed: sharp already 2 px away
        assert np.abs(share[edge + 2] - 1) < 0.25


def test_real_photographs_come_closer_than_by_plain_interpolation() -> None:
    for picture in (data.astronaut(), data.coffee()):
        height, width = picture.shape[:2]
        ab = ab_of(picture)
        low = resample.resize(ab, (width // 8, height // 8))
        plain = np.abs(rgb_to_lab(merge(picture, resample.resize(low, (width, height))) / 255.0)[..., 1:] - ab).mean()
        assert np.abs(ab_of(upsample.paint(picture, low)) - ab).mean() < 0.9 * plain


def test_a_smooth_ramp_stays_smooth() -> None:
    grey = np.tile(np.linspace(20000, 45000, 512).astype(np.uint16), (64, 1))
    low = np.zeros((8, 64, 2), np.float32)
    low[..., 0] = np.linspace(-20, 20, 64)
    a = ab_of(upsample.paint(grey, low))[32, :, 0]
    steps = np.diff(a)[16:-16]
    assert steps.min() > 0
    assert steps.max() < 2 * np.median(steps)


def test_constant_chroma_stays_constant_over_any_texture() -> None:
    grey = np.random.default_rng(1).integers(20000, 40000, (200, 300)).astype(np.uint16)
    got = ab_of(upsample.paint(grey, np.full((25, 38, 2), 10, np.float32)))
    assert np.abs(got - 10).max() < 0.1


def test_a_lightness_edge_without_a_colour_change_makes_no_colour() -> None:
    grey, _ = two_colours(259)
    assert (upsample.paint(grey, np.zeros((64, 64, 2), np.float32)) == grey[..., None]).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 30000), (30000, 3), (511, 257), (1, 700)])
@pytest.mark.parametrize("low", [(64, 64), (1, 1), (64, 96)])
def test_any_size_works(shape: tuple[int, int], low: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 256, shape).astype(np.uint8)
    out = upsample.paint(grey, rng.normal(0, 20, (*low, 2)).astype(np.float32))
    assert out.shape == (*shape, 3)
    assert np.abs(lightness(out) - lightness(grey)).mean() < 0.3


def test_strips_bands_and_threads_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = np.kron(data.camera()[::2, ::2], np.ones((3, 2), np.uint16)).astype(np.uint16) * 257  # 768 x 512: two bands
    low = resample.resize(np.random.default_rng(3).normal(0, 15, (64, 48, 2)).astype(np.float32), (48, 64))
    one = upsample.paint(grey, low, threads=1)
    assert (upsample.paint(grey, low, threads=3) == one).all()
    monkeypatch.setattr(upsample, "_TILE", (10_000, 10_000))
    assert np.abs(upsample.paint(grey, low).astype(int) - one).max() <= 2  # of 65535: the order of sums


def test_eight_and_sixteen_bits_agree() -> None:
    grey = data.camera()
    low = np.random.default_rng(4).normal(0, 15, (32, 32, 2)).astype(np.float32)
    wide = upsample.paint(grey.astype(np.uint16) * 257, low)
    assert np.abs(wide / 257.0 - upsample.paint(grey, low)).max() < 0.7


def test_a_given_guide_changes_nothing_to_speak_of() -> None:
    grey = data.camera()
    low = np.random.default_rng(5).normal(0, 15, (64, 64, 2)).astype(np.float32)
    guide = shrink_lightness(grey, (256, 256))
    assert np.abs(upsample.paint(grey, low, guide=guide).astype(int) - upsample.paint(grey, low)).max() <= 1


@pytest.mark.parametrize("size", [(100, 70), (512, 3), (1, 1), (64, 64)])
def test_shrunken_lightness_is_the_area_mean_of_lightness(size: tuple[int, int]) -> None:
    picture = data.astronaut()
    full = lightness(picture)
    small = shrink_lightness(picture, size)
    assert small.shape == size[::-1]
    assert abs(float(small.mean()) - float(full.mean())) < 0.01
    if size == (64, 64):
        np.testing.assert_allclose(small, full.reshape(64, 8, 64, 8).mean(axis=(1, 3)), atol=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (300, 5)])
def test_lightness_of_a_picture_smaller_than_asked_is_interpolated(shape: tuple[int, int]) -> None:
    small = shrink_lightness(np.full(shape, 119, np.uint8), (64, 96))
    assert small.shape == (96, 64)
    np.testing.assert_allclose(small, lightness(np.full((1, 1), 119, np.uint8))[0, 0], atol=1e-3)


def test_shapes_that_do_not_fit_are_refused() -> None:
    grey = np.zeros((8, 8), np.uint8)
    for ab in (np.zeros((8, 8), np.float32), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 2), np.float32)):
        with pytest.raises(UsageError, match="ab_low"):
            upsample.paint(grey, ab)
    with pytest.raises(UsageError, match="each side"):
        shrink_lightness(grey, (0, 4))
