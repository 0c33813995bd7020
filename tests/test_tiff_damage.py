"""TIFFs that aren't whole, claim what can't be, or are of a kind that isn't read: a sentence each, and no memory."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from photochrom.codec.lzw import lzw_decode, lzw_is_sound
from photochrom.errors import PictureError, PictureWarning
from photochrom.photo import Photo, read_photo

from .picture_files import tiff

Y, X = np.mgrid[:40, :48]
GREY = (X * 3 + Y).astype(np.uint8)


def entry(data: bytes, tag: int) -> int:
    """Where the entry of a tag lies in a little-endian TIFF."""
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    return next(p for p in range(at + 2, at + 2 + 12 * count, 12) if struct.unpack_from("<H", data, p)[0] == tag)


def changed(data: bytes, tag: int, index: int, value: int) -> bytes:
    """With another number in a tag of many 4-byte ones."""
    at = struct.unpack_from("<I", data, entry(data, tag) + 8)[0] + 4 * index
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
def test_strips_at_one_place_missing_or_beyond_the_end(compression: int) -> None:
    whole = tiff(GREY, compression=compression)
    first = struct.unpack_from("<I", whole, struct.unpack_from("<I", whole, entry(whole, 273) + 8)[0])[0]
    for offset in (first, 0, 1 << 30, len(whole) - 3):
        with pytest.raises(PictureError, match="cut short") as caught:
            read_photo(changed(whole, 273, 3, offset))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", [5, 8, 32773])
@pytest.mark.parametrize("planar", [False, True])
def test_strips_that_are_too_short(compression: int, planar: bool) -> None:
    whole = tiff(np.stack([GREY] * 3, -1), compression=compression, planar=planar)
    for strip in range(6):
        with pytest.raises(PictureError, match="cut short"):
            read_photo(changed(whole, 279, strip, 20))


def test_byte_counts_can_be_done_without() -> None:
    """A file that lost its last bytes, which were some of the counts: every pixel is there, and every tag but one."""
    data = tiff(GREY.astype(np.float32) / 255)
    at = entry(data, 279)
    moved = data + bytes(3)
    moved = moved[: at + 8] + struct.pack("<I", len(data)) + moved[at + 12 :]
    np.testing.assert_array_equal(read_photo(moved).pixels, read_photo(data).pixels)


def test_a_lost_tag_that_says_what_pixels_mean_is_not_guessed() -> None:
    data = tiff(np.stack([GREY] * 3, -1).astype(np.float32) / 255)
    at = entry(data, 339) + 8
    with pytest.raises(PictureError, match="339"):
        read_photo(data[:at] + struct.pack("<I", len(data) - 1) + data[at + 4 :])


@pytest.mark.parametrize("side", [46336, 65520, 1 << 31])
def test_a_tile_far_bigger_than_the_picture_takes_no_memory(side: int) -> None:
    small = tiff(np.zeros((16, 16), np.uint8), compression=5, tile=16)
    for tag in (322, 323):
        at = entry(small, tag) + 8
        small = small[:at] + struct.pack("<I", side) + small[at + 4 :]
    tracemalloc.start()
    with pytest.raises(PictureError):
        read_photo(small)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_claim_that_the_data_cannot_fill_takes_no_memory() -> None:
    for compression in (1, 5, 8, 32773):
        small = tiff(np.zeros((4, 4), np.uint8), compression=compression, rows_per_strip=1 << 20)
        for tag in (256, 257):
            at = entry(small, tag) + 8
            small = small[:at] + struct.pack("<I", 16000) + small[at + 4 :]
        tracemalloc.start()
        with pytest.raises(PictureError, match="cut short"):
            read_photo(small)
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()


def test_many_tags_at_one_place_are_read_once() -> None:
    data = bytearray(tiff(GREY, more={40000 + i: (7, 1000, bytes(1000)) for i in range(100)}))
    for i in range(100):
        struct.pack_into("<II", data, entry(bytes(data), 40000 + i) + 4, len(data) - 8, 8)
    assert read_photo(bytes(data)).width == 48


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiff(GREY, more={259: (3, 1, b"\x98\x87")}), "compression 34712"),
        (tiff(GREY, photometric=32803), "colour space 32803"),
        (tiff(np.stack([GREY] * 4, -1), photometric=5, more={332: (3, 1, b"\2\0")}), "inks other than CMYK"),
        (tiff(np.stack([GREY] * 3, -1), more={258: (3, 3, struct.pack("<3H", 5, 6, 5))}), "differ in size"),
        (tiff(GREY, more={339: (3, 1, b"\5\0")}), "8-bit complex"),
        (tiff(np.stack([GREY] * 3, -1), photometric=6), "YCbCr"),
        (tiff(np.stack([GREY] * 3, -1).astype(np.uint16), photometric=8), "Lab"),
    ],
)
def test_what_is_not_read_is_called_unsupported(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=rf"{words}.*unsupported.*save it as") as caught:
        read_photo(data)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("top", [3.0, 12.0, 400.0, 4000.0, 1e6, float("nan")])
def test_floats_of_a_range_that_is_not_clear_are_refused(top: float) -> None:
    with pytest.raises(PictureError, match=r"scale them|NaN"):
        read_photo(tiff((GREY / 255 * top).astype(np.float32)))


def test_wide_integers_that_hold_8_bits_are_not_black() -> None:
    np.testing.assert_array_equal(read_photo(tiff(GREY.astype(np.uint32))).pixels, GREY.astype(np.uint16) * 257)


def test_signed_samples_begin_at_zero_where_none_is_below() -> None:
    positive = read_photo(tiff((GREY.astype(np.int16) << 7) | GREY >> 1)).pixels
    assert positive.min() == 0 and positive.max() > 65000 * (GREY.max() / 255)
    signed = read_photo(tiff((GREY.astype(int) - 128).astype(np.int8))).pixels
    np.testing.assert_array_equal(signed, GREY)


def test_exif_that_is_damaged_is_left_out_with_a_note() -> None:
    """A value that isn't there can't be written as TIFF or AVIF; a JPEG carries the block as it was."""
    body = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + struct.pack("<HHI4s", 271, 2, 4, b"Zei\0")
    body += struct.pack("<HHII", 315, 2, 40, 9000) + bytes(4)
    photo = Photo.from_array(GREY)
    photo.exif = b"Exif\0\0" + body
    for format in ("TIFF", "AVIF"):
        with pytest.warns(UserWarning, match="EXIF is damaged"):
            data = photo.encode(format=format)
        assert b"Zei" in data
    assert body in photo.encode(format="JPEG")


def test_damaged_lzw_is_refused_silently(capfd: pytest.CaptureFixture[str]) -> None:
    whole = tiff(GREY, compression=5)
    for place in range(10, 400, 7):
        data = bytearray(whole)
        data[place : place + 5] = b"\xff\xfe\xff\x00\xff"
        try:
            read_photo(bytes(data))
        except PictureError as error:
            assert "damaged" in str(error)
    assert capfd.readouterr() == ("", "")


def test_deflate_that_goes_on_stops_at_the_picture() -> None:
    out = io.BytesIO(tiff(GREY, compression=8, rows_per_strip=40))
    bomb = zlib.compress(GREY.tobytes() + bytes(200_000_000))
    data = out.getvalue() + bomb
    for tag, value in ((273, len(out.getvalue())), (279, len(bomb))):
        at = entry(data, tag) + 8
        data = data[:at] + struct.pack("<I", value) + data[at + 4 :]
    tracemalloc.start()
    np.testing.assert_array_equal(read_photo(data).pixels, GREY)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("turned", [1, 3])
def test_faxes(compression: str, turned: int) -> None:
    bits = (GREY & 32) > 0
    out = io.BytesIO()
    Image.fromarray(bits).save(out, "TIFF", compression=compression, tiffinfo={274: turned})
    wanted = bits if turned == 1 else bits[::-1, ::-1]
    np.testing.assert_array_equal(read_photo(out.getvalue()).pixels, wanted * np.uint8(255))


@pytest.mark.parametrize("kind", ["smooth", "noise", "flat"])
def test_lzw_by_numpy_and_by_libtiff(kind: str) -> None:
    """numpy judges whether data are sound, and decodes those that are not; tables fill up and are cleared here."""
    y, x = np.mgrid[:300, :400]
    noise = np.random.default_rng(0).integers(0, 256, x.shape)
    grey = {"smooth": x // 3 + y // 5, "noise": noise, "flat": x * 0 + 7}[kind].astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "TIFF", compression="tiff_lzw", tiffinfo={278: 300})
    data, raw = out.getvalue(), grey.tobytes()
    offset, count = (struct.unpack_from("<I", data, entry(data, tag) + 8)[0] for tag in (273, 279))
    coded = data[offset : offset + count]
    assert lzw_decode(coded, len(raw)) == raw and lzw_decode(coded, 1000) == raw[:1000]
    assert lzw_is_sound(coded, len(raw)) and not lzw_is_sound(coded, len(raw) + 1)
    half = lzw_decode(coded[: count // 2], len(raw))
    assert raw.startswith(half) and 0 < len(half) < len(raw)
    assert not lzw_is_sound(coded[: count // 2], len(raw))
    np.testing.assert_array_equal(read_photo(data).pixels, grey)


@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
@pytest.mark.parametrize("planar", [False, True])
def test_salvage_reads_the_strips_that_are_there(compression: int, planar: bool) -> None:
    whole = tiff(np.stack([GREY] * 3, -1), compression=compression, planar=planar)
    broken = changed(whole, 273, 2, 1 << 30)
    with pytest.raises(PictureError, match="--salvage"):
        Photo.open(broken)
    with pytest.warns(PictureWarning, match="9[0-9] %|8[0-9] %") as told:
        photo = Photo.open(broken, salvage=True)
    assert "of its pixels are there" in str(told[0].message)
    np.testing.assert_array_equal(photo.pixels[:14], Photo.open(whole).pixels[:14])
    np.testing.assert_array_equal(photo.pixels[21:], Photo.open(whole).pixels[21:])
    assert (photo.pixels[14:21] != Photo.open(whole).pixels[14:21]).any()


def test_salvage_of_a_tiff_that_only_claims_its_size_takes_no_memory() -> None:
    small = tiff(np.zeros((4, 4), np.uint8), compression=8, rows_per_strip=1 << 20)
    for tag in (256, 257):
        at = entry(small, tag) + 8
        small = small[:at] + struct.pack("<I", 16000) + small[at + 4 :]
    tracemalloc.start()
    with pytest.raises(PictureError, match="nearly all"):
        read_photo(small, salvage=True, max_memory=64 << 30)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_wrong_checksum_of_deflate_is_damage() -> None:
    data = tiff(np.random.default_rng(0).integers(0, 255, (40, 48)).astype(np.uint8), compression=8)
    first = struct.unpack_from("<I", data, struct.unpack_from("<I", data, entry(data, 273) + 8)[0])[0]
    for at in range(first + 40, first + 300, 9):
        with pytest.raises(PictureError):
            read_photo(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


def test_deflate_that_does_not_end_is_damage() -> None:
    """All rows come out of it, but its checksum doesn't."""
    data = tiff(np.random.default_rng(0).integers(0, 255, (40, 48)).astype(np.uint8), compression=8)
    where = entry(data, 279)
    first = struct.unpack_from("<I", data, where + 8)[0]
    (count,) = struct.unpack_from("<I", data, first)
    assert read_photo(data).pixels.shape == (40, 48)
    with pytest.raises(PictureError, match="cut short or damaged"):
        read_photo(data[:first] + struct.pack("<I", count - 5) + data[first + 4 :])
