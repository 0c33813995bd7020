"""Fax coding: what libtiff wrote is read, and damage is refused or read as far as it goes, without a word on stderr."""

import io
import random
import struct

import numpy as np
import pytest
from PIL import Image

from photochrom.codec import fax
from photochrom.errors import PictureError, PictureWarning
from photochrom.photo import Photo, read_photo

KINDS = {"tiff_ccitt": 2, "group3": 3, "group4": 4}


def runs(height: int, width: int, seed: int) -> np.ndarray:
    """Rows of runs of all lengths, each row its own."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width), np.uint8)
    for row in out:
        at, ink = 0, 0
        while at < width:
            run = int(rng.choice([1, 2, 3, int(rng.integers(70)), int(rng.integers(3000))]))
            row[at : at + run] = ink
            at, ink = at + run, 1 - ink
    return out


def page(height: int = 120, width: int = 160) -> np.ndarray:
    """Something like writing, whose rows resemble each other."""
    y, x = np.mgrid[:height, :width]
    return ((np.sin(x / 5 + np.sin(y / 9) * 3) + np.sin(y / 7)) > 0.6).astype(np.uint8)


def coded(bits: np.ndarray, kind: str, **more: int) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(bits * np.uint8(255)).convert("1").save(memory, "TIFF", compression=kind, **more)
    return memory.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1, 7, 64, 1729, 2623, 6000])
def test_what_libtiff_wrote_is_read(kind: str, width: int) -> None:
    noise = (np.random.default_rng(width).random((16, width)) < 0.3).astype(np.uint8)
    for bits in (runs(16, width, width), noise, np.zeros_like(noise), np.ones_like(noise), page(16, width)):
        np.testing.assert_array_equal(read_photo(coded(bits, kind)).pixels, bits * 255)


@pytest.mark.parametrize("options", [1, 5])
def test_two_dimensional_group_3(options: int) -> None:
    """With end-of-line codes that begin anywhere, or end at a byte."""
    memory = io.BytesIO()
    image = Image.fromarray(page() * np.uint8(255)).convert("1")
    image.save(memory, "TIFF", compression="group3", tiffinfo={292: options})
    np.testing.assert_array_equal(read_photo(memory.getvalue()).pixels, page() * 255)


def test_bits_from_the_lowest_on() -> None:
    data = bytearray(coded(page(), "group4"))
    at = struct.unpack_from("<I", data, 4)[0]
    places = {struct.unpack_from("<H", data, p)[0]: p for p in range(at + 2, at + 2 + 12 * data[at], 12)}
    first, size = (struct.unpack_from("<I", data, places[tag] + 8)[0] for tag in (273, 279))
    data[first : first + size] = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data[first : first + size])
    struct.pack_into("<HHII", data, places.get(266, places[262]), 266, 3, 1, 2)
    if 266 in places:
        np.testing.assert_array_equal(read_photo(bytes(data)).pixels, page() * 255)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_or_changes_nothing(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    data, rng, refused = coded(page(), kind), random.Random(kind), 0
    wanted, end = page() * 255, struct.unpack_from("<I", data, 4)[0]
    start = 8 if end > 200 else data.index(b"", 200)
    for _ in range(40):
        at = rng.randrange(start + 20, max(start + 21, (end if end > 200 else len(data)) - 30))
        hole = data[:at] + bytes(12) + data[at + 12 :]
        try:
            same = np.array_equal(read_photo(hole).pixels, wanted)
        except PictureError as error:
            refused += "--salvage" in str(error)
        else:
            assert same
    assert refused >= 30
    assert capfd.readouterr().err == ""


def test_salvage_keeps_the_rows_before_the_damage() -> None:
    bits = page()
    data = coded(bits, "group4")
    whole = fax_strip(data)
    broken = data.replace(whole, whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    with pytest.raises(PictureError, match="a row of its fax data is damaged"):
        Photo.open(broken)
    with pytest.warns(PictureWarning, match=r"\d+ % of its pixels") as told:
        photo = Photo.open(broken, salvage=True)
    share = int(str(told[0].message).split(" %")[0].rsplit("(", 1)[1])
    assert 25 <= share <= 75
    rows = len(bits) * share // 100
    np.testing.assert_array_equal(photo.pixels[:rows], bits[:rows] * 255)


def fax_strip(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        (start,), (size,) = image.tag_v2[273], image.tag_v2[279]  # type: ignore[attr-defined]
    return data[start : start + size]


def test_hostile_data_end_soon() -> None:
    for data in (b"", b"\0" * 1000, b"\xff" * 1000, bytes(range(256)) * 4):
        for compression in KINDS.values():
            for options in (0, 1, 4):
                try:
                    out = fax.decode(data, compression=compression, options=options, width=40000, rows=20000)
                except fax.FaxError as error:
                    assert len(error.rows) % 5000 == 0
                else:
                    assert len(out) == 5000 * 20000
