"""Damaged metadata in whole pictures: read with a note, and no warning but ours. Comments and pages are told."""

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

from .picture_files import ADOBE_RGB, png, profile
from .test_photo_hostile import encoded

GREY = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
PICTURE = Image.fromarray(GREY)


def exif() -> bytes:
    block = Image.Exif()
    block[0x0112], block[0x010F] = 6, "Zeiss Ikon Stuttgart"
    block[0x8769] = {0x9003: "1931:05:04 10:00:00", 0x829A: 0.01, 0x927C: b"maker's note" * 9}
    block[0x8825] = {1: "N", 2: (48.0, 46.0, 30.0), 3: "E", 4: (9.0, 10.0, 57.0)}
    return block.tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_costs_neither_picture_nor_quiet(format: str) -> None:
    whole, rng, block = encoded(PICTURE, format, exif=exif()), random.Random(format), exif().removeprefix(b"Exif\0\0")
    start = whole.index(block)
    upright = Photo.open(whole)
    assert upright.size == (40, 60) and not upright.notes
    noted = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            at = rng.randrange(start, start + len(block))
            damaged[at] = rng.choice([0, 1, 2, 5, 8, 255])
        if format == "PNG":
            sum_at = start + len(block)
            damaged[sum_at : sum_at + 4] = struct.pack(">I", zlib.crc32(damaged[start - 4 : sum_at]))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            photo = Photo.open(bytes(damaged))
            for other in ("JPEG", "PNG", "TIFF", "WEBP"):
                photo.encode(format=other)
        assert not [(str(w), str(photo.notes)) for w in told if w.category is not PictureWarning]
        noted += bool(photo.notes)
    assert noted > 30


def test_the_sound_part_of_damaged_exif_is_kept() -> None:
    block = exif()
    cut = encoded(PICTURE, "JPEG", exif=block[:-30])  # in the middle of the place
    with pytest.warns(PictureWarning, match="EXIF is damaged"):
        photo = Photo.open(cut)
    assert photo.size == (40, 60), "the orientation was sound"
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[0x010F].startswith("Zeiss") and kept.get_ifd(0x8769)[0x9003].startswith("1931")


def test_jpeg_comments_are_kept() -> None:
    data = encoded(PICTURE, "JPEG", comment=b"Aunt Frieda, \xfcber Stuttgart")
    second = b"\xff\xfe" + struct.pack(">H", 8) + b"album."
    photo = Photo.open(data[:2] + second + data[2:])
    assert photo.comments == (b"album.", b"Aunt Frieda, \xfcber Stuttgart")
    again = Photo.open(photo.encode(format="JPEG"))
    assert again.comments == photo.comments
    assert "Aunt Frieda" in Photo.open(photo.encode(format="PNG")).text["Comment"]
    assert "Aunt Frieda" in photo.to_pil().info["comment"].decode("latin-1")


def test_more_pictures_in_one_jpeg_are_told() -> None:
    out = io.BytesIO()
    PICTURE.save(out, "MPO", save_all=True, append_images=[PICTURE, PICTURE])
    with pytest.warns(PictureWarning, match="more than one picture"):
        assert Photo.open(out.getvalue()).format == "JPEG"


def test_a_profile_of_over_a_megabyte_is_used_and_a_text_left_out() -> None:
    icc = profile(b"RGB ", columns=ADOBE_RGB)
    long = icc[:128] + icc[128:] + bytes(1_200_000)
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 200

    def with_chunk(kind: bytes, body: bytes) -> bytes:
        return png(rgb, colour_type=2, bits=8, chunks=[(kind, body)])

    wanted = Photo.open(with_chunk(b"iCCP", b"a\0\0" + zlib.compress(icc)))
    photo = Photo.open(with_chunk(b"iCCP", b"a\0\0" + zlib.compress(long)))
    np.testing.assert_array_equal(photo.pixels, wanted.pixels)
    for kind, head in ((b"zTXt", b"Novel\0\0"), (b"iTXt", b"Novel\0\1\0\0\0")):
        with pytest.warns(PictureWarning, match="text of over 1 MB"):
            assert Photo.open(with_chunk(kind, head + zlib.compress(bytes(2_000_000)))).size == (8, 8)


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("values", [(0.0,) * 7, (-3.0, 0, 0, 0, 0, 0, 0), (2.2, 0, -1.0, 0, 0, 0, 0)])
def test_curves_that_are_none_are_told(kind: int, values: tuple[float, ...]) -> None:
    made = profile(b"GRAY")
    count = (1, 3, 4, 5, 7)[kind]
    body = struct.pack(">HH", kind, 0) + struct.pack(f">{count}i", *(round(v * 65536) for v in values[:count]))
    at = made.index(b"kTRC")
    damaged = bytearray(made + b"para" + bytes(4) + body)
    damaged[at + 4 : at + 12] = struct.pack(">II", len(made), 8 + len(body))
    data = png(GREY, colour_type=0, bits=8, chunks=[(b"iCCP", b"a\0\0" + zlib.compress(bytes(damaged)))])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert Photo.open(data).size == PICTURE.size
    assert {warning.category for warning in told} <= {PictureWarning}


def test_a_bmp_of_5_6_5_bits() -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8)
    packed = (values // 2) << 11 | values << 5 | values // 2
    head = b"BM" + struct.pack("<IHHI", 66 + 128, 0, 0, 66)
    info = struct.pack("<IiiHHIIiiII", 40, 8, -8, 1, 16, 3, 128, 2835, 2835, 0, 0) + struct.pack(
        "<III", 63488, 2016, 31
    )
    photo = Photo.open(head + info + packed.astype("<u2").tobytes())
    assert photo.bits == 8
    np.testing.assert_allclose(photo.pixels[..., 1], values * 255 / 63, atol=1)
    with pytest.raises(PictureError):
        Photo.open(head + info + packed.astype("<u2").tobytes()[:60])


def test_damaged_exif_of_an_avif_is_quiet_too() -> None:
    block = Image.Exif()
    block[0x010F], block[0x8769] = "Zeiss Ikon Stuttgart", {0x9003: "1931:05:04 10:00:00", 0x829A: 0.01}
    whole, rng = encoded(PICTURE, "AVIF", exif=block.tobytes()), random.Random("avif")
    body = block.tobytes().removeprefix(b"Exif\0\0")
    start, size, noted = whole.index(body), Photo.open(whole).size, 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            damaged[rng.randrange(start, start + len(body))] = rng.choice([0, 1, 2, 5, 8, 255])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert Photo.open(bytes(damaged)).size in (size, size[::-1])
        assert all(issubclass(one.category, PictureWarning) for one in told)
        noted += bool(told)
    assert noted > 15


def test_a_comment_goes_into_a_tiff_unless_it_is_described() -> None:
    photo = Photo.open(encoded(PICTURE, "JPEG", comment=b"Aunt Emma, 1931"))
    again = photo.encode(format="TIFF")
    with Image.open(io.BytesIO(again)) as image:
        assert image.tag_v2[270] == "Aunt Emma, 1931"  # type: ignore[attr-defined]
    block = Image.Exif()
    block[0x010E] = "OLYMPUS DIGITAL CAMERA"
    described = Photo.open(encoded(PICTURE, "JPEG", comment=b"Aunt Emma, 1931", exif=block.tobytes()))
    with pytest.warns(PictureWarning, match="comment is left out"):
        described.encode(format="TIFF")
