"""Frames of thermal cameras: false colours turned back, the scale's bar and writing left as they are."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import photochrom
from photochrom import Colorizer, Photo, PictureWarning
from photochrom.color.false_color import PALETTES, false_palette, palette_colors, true_intensity
from photochrom.color.overlay import find_overlay
from photochrom.color.resample import resize

from .tiny_model import write_lab_model


@pytest.fixture(scope="module")
def thermal(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    return photochrom.load_model(write_lab_model(tmp_path_factory.mktemp("m") / "t.onnx", domain="thermal"))


def frame(size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """A grey scene with warm spots, by smooth noise."""
    rng = np.random.default_rng(5)
    coarse = resize(rng.normal(0, 1, (12, 16)).astype(np.float32), size)
    fine = resize(rng.normal(0, 1, (60, 80)).astype(np.float32), size)
    return np.clip(110 + 40 * coarse + 12 * fine, 0, 235).astype(np.uint8)


def written_on(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """With a scale's bar at the right, its ends, a reading and a logo; and where these are."""
    height, width = grey.shape
    image, mask = Image.fromarray(grey), Image.new("L", (width, height))
    font = ImageFont.load_default(height // 20)
    for draw, white in ((ImageDraw.Draw(image), 255), (ImageDraw.Draw(mask), 1)):
        top, bottom, left = height // 6, height * 5 // 6, width - width // 18
        for y in range(top, bottom):
            level = white if white == 1 else round(255 * (1 - (y - top) / (bottom - 1 - top)))
            draw.line((left, y, left + width // 45, y), fill=level)
        for x, y, text in ((0.92, 0.09, "36.4"), (0.92, 0.86, "11.2"), (0.02, 0.02, "23.7 C"), (0.02, 0.93, "FLIR")):
            draw.text((x * width, y * height), text, font=font, fill=white)
    return np.asarray(image), np.asarray(mask) > 0


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("depth", [8, 16])
def test_false_colours_are_turned_back(palette: str, depth: int) -> None:
    grey = frame()
    painted = palette_colors(palette)[grey]
    if depth == 8:  # as cameras store it
        memory = io.BytesIO()
        Image.fromarray(painted).save(memory, "JPEG", quality=90)
        painted = np.asarray(Image.open(memory))
    else:
        painted = painted.astype(np.uint16) * 257
    assert false_palette(painted) == palette
    found = true_intensity(painted, palette)
    assert found.dtype == painted.dtype and found.shape == grey.shape
    assert np.abs(found.astype(float) / np.iinfo(found.dtype).max * 255 - grey).mean() < 4


def test_true_colours_and_tints_are_no_palette() -> None:
    sepia = (frame()[..., None] * np.array([1, 0.85, 0.65])).astype(np.uint8)
    for picture in (data.astronaut(), data.coffee(), data.cat(), data.rocket(), sepia, frame()):
        assert false_palette(picture) is None


def test_an_iron_frame_comes_out_as_the_grey_one_does(thermal: Colorizer) -> None:
    grey = frame()
    with pytest.warns(PictureWarning, match="false colours of the palette iron: they are turned back"):
        painted = thermal.colorize(palette_colors("iron")[grey])
    assert np.abs(painted.astype(int) - thermal.colorize(grey)).mean() < 4


def test_a_colour_photograph_is_told(thermal: Colorizer) -> None:
    with pytest.warns(PictureWarning, match="of no palette that is known"):
        thermal.colorize(data.coffee()[::2, ::2])


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 960)])
def test_bar_and_writing_keep_their_own_grey(thermal: Colorizer, size: tuple[int, int]) -> None:
    grey, there = written_on(frame(size))
    colored = thermal.colorize(grey)
    same = (colored == grey[..., None]).all(axis=2)
    assert same[there].mean() > 0.9
    assert same[size[1] // 4 : size[1] * 3 // 4, size[0] // 8 : size[0] * 3 // 4].mean() < 0.2  # the picture has colour
    kept = find_overlay(grey)
    assert kept and sum((b - t) * (r - left) for t, b, left, r in kept.boxes) < 0.12


def test_what_lies_under_the_bar_does_not_reach_its_surroundings(thermal: Colorizer) -> None:
    plain = frame()
    with_bar, there = written_on(plain)
    far = ~there
    near = find_overlay(with_bar)
    assert near
    for rows, columns in near._places(there.shape):
        far[rows, columns] = False
    difference = np.abs(thermal.colorize(with_bar).astype(int) - thermal.colorize(plain)).max(axis=2)
    assert difference[far].mean() < 3


@pytest.mark.parametrize("seed", range(3))
def test_a_frame_without_a_bar_has_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for grey in (frame(), data.camera(), data.brick(), np.tile(np.linspace(255, 0, 200), (300, 1)).T.astype(np.uint8)):
        noisy = np.clip(grey + rng.normal(0, 2, grey.shape), 0, 255).astype(np.uint8)
        assert find_overlay(noisy) is None
    assert find_overlay(np.full((200, 200), 7, np.uint8)) is None


def test_a_transparent_drawing_is_laid_on_paper(tmp_path: Path) -> None:
    """Black lines on nothing: most drawing programs save so, with black under what can't be seen."""
    model = photochrom.load_model(write_lab_model(tmp_path / "s.onnx", domain="sketch"))
    alpha = np.zeros((128, 128), np.uint8)
    alpha[30:34, 20:100] = alpha[90:94, 20:100] = 255
    drawing = Photo.from_array(np.dstack([np.zeros((128, 128, 3), np.uint8), alpha]))
    with pytest.warns(PictureWarning, match="laid on white"):
        colored = model.colorize(drawing)
    assert colored.alpha is None
    assert colored.pixels[60, 60].max() > 150 and colored.pixels[32, 60].max() < 60
