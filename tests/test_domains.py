"""What a network is shown of pictures whose intensity is not lightness."""

import numpy as np
import pytest

from photochrom.color.lab import Float, Pixels
from photochrom.domains.table import DOMAINS, find_domain

SENSORS = "infrared", "thermal", "satellite"


def shown(name: str, pixels: Pixels, size: tuple[int, int] = (96, 64)) -> Float:
    domain = find_domain(name)
    assert domain.show
    plane = domain.show(domain.prepare(pixels, size))
    assert plane.shape == size[::-1] and plane.dtype == np.float32
    assert plane.min() >= 0 and plane.max() <= 100
    return plane


def scene(low: float, high: float, dtype: type = np.uint8) -> Pixels:
    """Ramps and blocks between two shares of the full range."""
    y, x = np.mgrid[0:128, 0:192]
    values = (x / 192 + (y // 32 % 2) * 0.3) / 1.3
    return np.round((low + (high - low) * values) * np.iinfo(dtype).max).astype(dtype)


def drawing(paper: float = 255, ink: float = 0) -> Float:
    """A circle and a few strokes, 3 px wide, on 192 x 128 px."""
    y, x = np.mgrid[0:128, 0:192]
    line = np.abs(np.hypot(x - 70, y - 64) - 40) < 1.5
    line |= (np.abs(x - y - 40) < 2) & (y > 20)
    return np.where(line, ink, paper).astype(np.float32)


def test_only_photographs_keep_their_lightness() -> None:
    assert [name for name, domain in DOMAINS.items() if domain.keeps_lightness] == ["photo"]
    assert set(DOMAINS) == {"photo", "sketch", *SENSORS}


@pytest.mark.parametrize("name", SENSORS)
def test_a_frame_is_seen_alike_at_any_exposure_and_depth(name: str) -> None:
    """8 bits, 12 bits in a file of 16, and a few degrees of warmth somewhere in the middle of 16 bits."""
    whole = shown(name, scene(0.02, 0.98))
    assert whole.min() < 10 and whole.max() > 90
    for low, high in ((0, 4095 / 65535), (0.44, 0.47), (0.1, 0.5)):
        assert np.abs(shown(name, scene(low, high, np.uint16)) - whole).mean() < 5  # L* is not quite a straight line


@pytest.mark.parametrize("name", SENSORS)
def test_dead_and_hot_pixels_do_not_count(name: str) -> None:
    frame = scene(0.3, 0.5, np.uint16)
    spoilt = frame.copy()
    spoilt[3::29, 5::31] = 65535
    spoilt[7::37, 2::41] = 0
    assert np.abs(shown(name, spoilt, (192, 128)) - shown(name, frame, (192, 128))).mean() < 2


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_an_even_picture_is_even(name: str, level: int) -> None:
    assert np.ptp(shown(name, np.full((50, 70), level, np.uint8))) < 0.5


def test_the_margins_of_a_swath_are_not_measured() -> None:
    strip = scene(0.3, 0.5)
    inside = shown("satellite", strip[:, :96], (48, 64))
    strip[:, 96:] = 0
    assert np.abs(shown("satellite", strip)[:, :48] - inside).mean() < 1


def test_a_clean_drawing_is_shown_as_it_is() -> None:
    plane = shown("sketch", drawing().astype(np.uint8), (192, 128))
    assert np.abs(plane - drawing() / 2.55).max() < 1


@pytest.mark.parametrize("dark", [0.75, 0.9, 1.0])
def test_yellowed_and_unevenly_lit_paper_is_white(dark: float) -> None:
    """Pencil on yellow paper, darker towards one corner: paper white, lines black, as in the clean drawing."""
    y, x = np.mgrid[0:128, 0:192]
    light = 1 - (1 - dark) * (x / 192 + y / 128) / 2
    rng = np.random.default_rng(0)
    grey = (drawing(225, 110) + rng.normal(0, 2, (128, 192))) * light
    yellow = np.clip(grey[..., None] * np.array([1, 0.93, 0.75]), 0, 255).astype(np.uint8)
    plane = shown("sketch", yellow, (192, 128))
    paper, ink = drawing() > 128, drawing() < 128
    assert np.percentile(plane[paper], 5) > 90 and plane[paper].mean() > 96
    assert plane[ink].mean() < 20


def test_large_areas_of_ink_stay_dark() -> None:
    filled = drawing()
    filled[40:100, 100:180] = 0
    plane = shown("sketch", filled.astype(np.uint8), (192, 128))
    assert plane[50:90, 110:170].max() < 2 and plane[filled > 128].mean() > 99


def test_thin_lines_of_a_large_drawing_are_seen() -> None:
    """At a tenth of its size a line of 2 px is a faint grey; the network is shown it dark."""
    big = np.full((1280, 1920), 255, np.uint8)
    big[::160] = big[1::160] = 0
    big[:, ::240] = big[:, 1::240] = 0
    faint = find_domain("sketch").prepare(big, (192, 128))
    plane = shown("sketch", big, (192, 128))
    assert faint.min() > 50 and plane.min() < 30 and np.median(plane) > 98
