"""Small holes in the coded data of JPEGs: seen wherever the decoder or the lightness of the blocks shows them."""

import io
import random

import numpy as np
import pytest
from PIL import Image
from skimage import data

from photochrom.codec import jpeg, jpeg_codes
from photochrom.errors import PictureError
from photochrom.photo import Photo

KINDS: dict[str, dict[str, object]] = {
    "plain": {"quality": 75},
    "optimised": {"quality": 85, "optimize": True},
    "fine": {"quality": 92, "subsampling": 0},
    "progressive": {"quality": 80, "progressive": True},
    "restarts": {"quality": 85, "restart_marker_rows": 1},
    "progressive with restarts": {"quality": 85, "progressive": True, "restart_marker_rows": 2},
}
VISIBLE = 6.0  # of 255, the mean difference of a block of 8 x 8


def encoded(picture: np.ndarray, **options: object) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "JPEG", **options)  # type: ignore[arg-type]
    return memory.getvalue()


def with_hole(whole: bytes, size: int, chance: random.Random) -> bytes:
    """Zeros or noise in place of `size` bytes of the largest scan, or nothing in their place."""
    start, end = max(jpeg.survey(whole).scans, key=lambda scan: scan[1] - scan[0])
    at = chance.randrange(start, end - size)
    filled = chance.choice([bytes(size), chance.randbytes(size), b""])
    return whole[:at] + filled + whole[at + size :]


def light(coded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(coded)).convert("L"), np.float32)


def is_visible(coded: bytes, wanted: np.ndarray) -> bool:
    try:
        difference = np.abs(light(coded) - wanted)
    except (OSError, ValueError):  # Pillow finds it by itself, or it has another size
        return True
    height, width = (side // 8 * 8 for side in wanted.shape)
    blocks = difference[:height, :width].reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3))
    return bool(blocks.max() > VISIBLE)


@pytest.mark.parametrize("kind", KINDS)
def test_holes_of_64_bytes_and_more_are_found(kind: str) -> None:
    chance = random.Random(19)
    visible = passed = 0
    for picture in (data.chelsea(), data.rocket(), data.camera()):
        whole = encoded(picture, **KINDS[kind])
        wanted = light(whole)
        np.testing.assert_array_equal(Photo.open(whole).pixels, np.asarray(Image.open(io.BytesIO(whole))))
        for size in (64, 100, 256, 256, 600, 1000):
            damaged = with_hole(whole, size, chance)
            visible += is_visible(damaged, wanted)
            try:
                Photo.open(damaged)
            except PictureError as error:
                assert "--salvage" in str(error) or "can't read" in str(error)
            else:
                passed += is_visible(damaged, wanted)
    assert visible >= 12 and passed <= 2  # a few end where they should by chance


@pytest.mark.parametrize("fill", [b"\0" * 9, b"\xff" * 30])
def test_fill_before_the_end_is_no_damage(fill: bytes) -> None:
    whole = encoded(data.chelsea(), quality=90)
    stuffed = whole[:-2] + fill + whole[-2:]
    np.testing.assert_array_equal(Photo.open(stuffed).pixels, Photo.open(whole).pixels)


def test_blocks_beyond_black_and_white_are_damage() -> None:
    """The means of all blocks after a hole are moved: here by the first code of the picture, which stays readable."""
    bright = np.full((64, 64), 250, np.uint8)
    bright[:8, :8] = 10
    whole = encoded(bright, quality=75)
    found = jpeg.survey(whole)
    assert jpeg_codes.fault(whole, found) == ""
    (start, _), dark = found.scans[0], encoded(np.full((64, 64), 250, np.uint8), quality=75)
    first = jpeg.survey(dark).scans[0][0]
    # The bright first block of one, then what follows the dark block of the other: each step up is taken once more.
    moved = whole[:start] + dark[first : first + 2] + whole[start + 2 :]
    assert jpeg_codes.fault(moved, jpeg.survey(moved)) == "its data is damaged in the middle"


def test_without_its_library_or_for_kinds_that_it_does_not_take_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = encoded(data.chelsea())
    monkeypatch.setattr(jpeg_codes, "simplejpeg", None)
    assert jpeg_codes.fault(whole, jpeg.survey(whole)) is None
    assert Photo.open(whole).pixels.shape == (300, 451, 3)
