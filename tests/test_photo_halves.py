"""Photo.open on files that are damaged where decoders don't complain: refused, or read as far as they go and told."""

import io
import random
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PictureError, PictureWarning
from photochrom.photo import Photo

from .picture_files import png
from .test_photo_hostile import encoded


def scene() -> Image.Image:
    y, x = np.mgrid[:150, :200]
    noise = np.random.default_rng(5).normal(0, 12, (150, 200))
    light = 110 + 60 * np.sin(x / 17) * np.cos(y / 11) + noise
    light[120:] = 255  # paper
    return Image.fromarray(np.clip(np.stack([light, light * 0.8, light * 0.6], axis=-1), 0, 255).astype(np.uint8))


PICTURE = scene()
GREY = PICTURE.convert("L")
JPEGS = {
    "plain": encoded(PICTURE, "JPEG"),
    "fine": encoded(PICTURE, "JPEG", quality=96, subsampling=0),
    "optimised": encoded(PICTURE, "JPEG", optimize=True),
    "grey": encoded(GREY, "JPEG"),
    "progressive": encoded(PICTURE, "JPEG", progressive=True),
    "restarts": encoded(PICTURE, "JPEG", restart_marker_blocks=9),
    "progressive with restarts": encoded(GREY, "JPEG", progressive=True, restart_marker_rows=1),
    "cmyk": encoded(PICTURE.convert("CMYK"), "JPEG"),
}
OTHERS = {
    "png": encoded(PICTURE, "PNG"),
    "palette": encoded(PICTURE.convert("P"), "PNG"),
    "bilevel": encoded(GREY.convert("1"), "PNG"),
    "webp": encoded(PICTURE, "WEBP"),
    "webp lossless": encoded(PICTURE, "WEBP", lossless=True),
}


def refused_or_the_same(data: bytes, wanted: np.ndarray) -> bool:
    try:
        photo = Photo.open(data)
    except PictureError as error:
        assert "\n" not in str(error)
        return True
    np.testing.assert_array_equal(photo.pixels, wanted)
    return False


def is_told(data: bytes) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            Photo.open(data)
        except PictureError:
            return True
    return any("damaged" in str(warning.message) for warning in caught)


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_without_its_end_marker_is_whole(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = Photo.open(JPEGS[kind])
        np.testing.assert_array_equal(Photo.open(JPEGS[kind][:-2]).pixels, whole.pixels)
        for tail in (bytes(5), b"\xff" * 9, b"hello"):
            np.testing.assert_array_equal(Photo.open(JPEGS[kind] + tail).pixels, whole.pixels)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("fault", ["cut", "closed", "zeroed", "zeroed and closed", "hole"])
def test_a_jpeg_that_ends_early_is_refused(kind: str, fault: str) -> None:
    data, rng = JPEGS[kind], random.Random(kind + fault)
    wanted, start, refused = Photo.open(data).pixels, data.index(b"\xff\xda") + 14, 0
    for n in range(20):
        at = rng.randrange(start, len(data) - 20) if n else len(data) - 9
        if "progressive" in kind and fault == "hole":
            at = start  # holes later on don't show for sure, see codec/jpeg.py
        rest = bytes(len(data) - at)
        damaged = {
            "cut": data[:at],
            "closed": data[:at] + b"\xff\xd9",
            "zeroed": data[:at] + rest,
            "zeroed and closed": data[:at] + rest[2:] + b"\xff\xd9",
            "hole": data[:at] + data[at + 1500 :],
        }[fault]
        refused += refused_or_the_same(damaged, wanted)
    assert refused >= 18


@pytest.mark.parametrize("kind", OTHERS)
def test_wiped_ends_and_holes_of_packed_pixels_are_told(kind: str) -> None:
    data, rng = OTHERS[kind], random.Random(kind)
    wanted = Photo.open(data).pixels
    for _ in range(20):
        at = rng.randrange(len(data) // 3, len(data) - 100)
        for damaged in (data[:at] + bytes(len(data) - at), data[:at] + bytes(90) + data[at + 90 :]):
            assert is_told(damaged)
            assert kind == "webp lossless" or refused_or_the_same(damaged, wanted)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("colour_type", [0, 2, 3])
def test_a_png_whose_rows_stop_is_refused_though_its_stream_is_closed(interlaced: bool, colour_type: int) -> None:
    shape = (60, 50, 3) if colour_type == 2 else (60, 50)
    chunks = [(b"PLTE", bytes(range(256)) * 3)] if colour_type == 3 else []
    pixels = np.random.default_rng(1).integers(1, 256, shape).astype(np.uint8)
    data = png(pixels, colour_type=colour_type, bits=8, interlaced=interlaced, chunks=chunks)
    at = data.index(b"IDAT")
    size = int.from_bytes(data[at - 4 : at], "big")
    rows = zlib.decompress(data[at + 4 : at + 4 + size])
    for share in (0.0, 0.5, 0.99):
        packed = zlib.compress(rows[: int(len(rows) * share)])
        body = b"IDAT" + packed
        cut = data[: at - 4] + struct.pack(">I", len(packed)) + body + struct.pack(">I", zlib.crc32(body)) + data[-12:]
        with pytest.raises(PictureError, match=f"{int(100 * int(len(rows) * share) / len(rows))} %"):
            Photo.open(cut)
    with pytest.warns(PictureWarning, match="98 %"):
        assert Photo.open(cut, salvage=True).size == (50, 60)
    black = png(np.zeros_like(pixels), colour_type=colour_type, bits=8, interlaced=interlaced, chunks=chunks)
    assert Photo.open(black).size == (50, 60)


@pytest.mark.parametrize("kind", ["plain", "grey", "restarts"])
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_salvage_reads_a_jpeg_as_far_as_it_goes_and_says_how_far(kind: str, end: bytes) -> None:
    data = JPEGS[kind]
    at = data.index(b"\xff\xda")
    cut = data[: at + (len(data) - at) // 2] + end
    with pytest.raises(PictureError, match="--salvage"):
        Photo.open(cut)
    with pytest.warns(PictureWarning, match=r"\d+ % of its rows") as told:
        photo = Photo.open(cut, salvage=True)
    share = int(str(told[0].message).split(" %")[0].rsplit("(", 1)[1])
    assert 25 <= share <= 55
    rows = photo.height * share // 100
    np.testing.assert_array_equal(photo.pixels[: rows - 16], Photo.open(data).pixels[: rows - 16])
    assert photo.notes


@pytest.mark.parametrize("format", ["PNG", "BMP", "PPM"])
def test_salvage_of_other_kinds(format: str) -> None:
    data = encoded(PICTURE, format)
    with pytest.raises(PictureError):
        Photo.open(data[: len(data) // 2])
    with pytest.warns(PictureWarning, match="% of its rows"):
        assert Photo.open(data[: len(data) // 2], salvage=True).size == PICTURE.size
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(Photo.open(data, salvage=True).pixels, Photo.open(data).pixels)


def test_a_jpeg_that_claims_more_than_its_bytes_can_hold_is_not_decoded() -> None:
    data = bytearray(JPEGS["grey"])
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 17000, 17000)
    with pytest.raises(PictureError, match="far fewer bytes"):
        Photo.open(bytes(data))


def test_a_jpeg_of_scans_without_end_is_not_decoded() -> None:
    data = JPEGS["progressive"]
    last = data.rindex(b"\xff\xda")
    with pytest.raises(PictureError, match="scans"):
        Photo.open(data[:last] + data[last:-2] * 200 + b"\xff\xd9")


def test_flat_pictures_are_not_taken_for_wiped_ones() -> None:
    for value in (0, 128, 255):
        for size in ((1, 1), (700, 500), (17, 900)):
            flat = Image.new("RGB", size, (value,) * 3)
            for options in ({}, {"optimize": True}, {"progressive": True}, {"restart_marker_blocks": 5}):
                assert Photo.open(encoded(flat, "JPEG", **options)).size == size
            for format in ("PNG", "WEBP", "BMP", "GIF"):
                assert Photo.open(encoded(flat, format)).size == size
            assert Photo.open(encoded(flat, "WEBP", lossless=True)).size == size


def test_a_photograph_on_a_large_even_ground_is_not_taken_for_a_wiped_one() -> None:
    ground = Image.new("RGB", (1600, 1600), (255,) * 3)
    ground.paste(PICTURE, (700, 300))
    for options in ({}, {"lossless": True}):
        assert not is_told(encoded(ground, "WEBP", **options))
    with pytest.warns(PictureWarning, match="may be damaged"):  # of the lowest effort: it can't be told
        assert Photo.open(encoded(ground, "WEBP", lossless=True, method=0)).size == ground.size
    assert not is_told(encoded(ground, "JPEG2000", quality_mode="rates", quality_layers=[40]))


def test_a_jpeg_2000_with_bytes_that_its_coder_never_writes_is_refused() -> None:
    data = encoded(PICTURE, "JPEG2000")
    at = len(data) // 2
    assert not is_told(data)
    with pytest.raises(PictureError, match="damaged in the middle"):
        Photo.open(data[:at] + b"\xff" * 20 + data[at + 20 :])


def test_streams_are_left_usable() -> None:
    stream = io.BytesIO(JPEGS["plain"])
    assert Photo.open(stream).size == PICTURE.size
    assert not stream.closed
