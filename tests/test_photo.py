"""Photo: arrays and Pillow images in and out, and files written with everything that came with them."""

import io
import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from photochrom.errors import OutputError, OutputExistsError, PictureError, PictureWarning, UsageError
from photochrom.photo import Photo

from .picture_files import ADOBE_RGB, png, profile, tiff

H, W = 19, 23


def array(*shape: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_arrays_in_and_out(channels: int | None, dtype: type) -> None:
    given = array(H, W, *([channels] if channels else []), dtype=dtype)
    photo = Photo.from_array(given)
    out = photo.to_array()
    assert photo.size == (W, H) and (photo.width, photo.height) == (W, H) and photo.bits == 8 * given.itemsize
    assert photo.format == "PNG" and photo.pixels.flags.c_contiguous
    wide = given.reshape(H, W, -1)
    colour = wide[..., :3] if wide.shape[2] >= 3 else wide[..., :1].repeat(3, axis=2)
    np.testing.assert_array_equal(out[..., :3], colour)
    assert out.dtype == dtype and out.shape[2] == (4 if channels in (2, 4) else 3)
    if channels in (2, 4):
        np.testing.assert_array_equal(out[..., 3], wide[..., -1])


def test_from_array_takes_a_copy_and_any_memory_layout() -> None:
    given = array(H, W, 3, dtype=np.uint16)
    photo = Photo.from_array(given)
    given[:] = 0
    assert photo.pixels.any()
    odd = array(3, W, H, dtype=np.uint16).astype(">u2").transpose(2, 1, 0)[::-1]
    np.testing.assert_array_equal(Photo.from_array(odd).pixels, odd)
    assert Photo.from_array(odd).pixels.dtype.isnative


@pytest.mark.parametrize(("dtype", "error"), [(np.float16, 6e-4), (np.float32, 1e-5), (np.float64, 1e-5)])
def test_floats_become_16_bits_and_come_back(dtype: type, error: float) -> None:
    given = np.random.default_rng(0).random((H, W, 3)).astype(dtype)
    given[0, :2] = [[0, 0, 0], [1, 1, 1]]
    photo = Photo.from_array(given)
    assert photo.bits == 16 and photo.pixels[0, 0, 0] == 0 and photo.pixels[0, 1, 0] == 65535
    out = photo.to_array(dtype=dtype)
    assert out.dtype == dtype
    assert np.abs(out.astype(float) - given).max() < error


def test_to_array_converts_types() -> None:
    photo = Photo.from_array(np.arange(256, dtype=np.uint8).reshape(16, 16))
    np.testing.assert_array_equal(photo.to_array(dtype=np.uint16)[..., 0], photo.pixels * 257.0)
    wide = Photo.from_array(np.arange(65536, dtype=np.uint16).reshape(256, 256))
    np.testing.assert_array_equal(wide.to_array(dtype=np.uint8)[..., 0], np.rint(wide.pixels / 257.0))
    with pytest.raises(PictureError, match="int64"):
        wide.to_array(dtype=np.int64)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((3, 4, 5), np.uint8), "3x4x5"),
        (np.zeros((4,), np.uint8), "shape 4"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.zeros((4, 4), bool), "bool"),
        (np.full((4, 4), 255.0), "0..1"),
        (np.full((4, 4), np.nan), "0..1"),
        (np.full((4, 4), -1.0, np.float16), "0..1"),
        ([["a", "b"]], "give"),
    ],
)
def test_bad_arrays_are_refused_in_one_sentence(bad: np.ndarray, words: str) -> None:
    with pytest.raises(PictureError, match=words) as caught:
        Photo.from_array(bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pillow_images_in_and_out(mode: str) -> None:
    given = array(H, W, dtype=np.uint16) if mode == "I;16" else array(H, W, len(mode) if len(mode) > 1 else 1)
    image = Image.fromarray(given.squeeze())
    assert image.mode == mode
    image.info["dpi"] = (300, 150)
    again = Photo.from_pil(image).to_pil()
    assert again.mode == mode and again.info["dpi"] == (300, 150)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image))


def test_to_pil_rounds_16_bit_colour_to_8() -> None:
    given = array(H, W, 4, dtype=np.uint16)
    image = Photo.from_array(given).to_pil()
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image), np.rint(given / 257))


def test_from_pil_applies_orientation_and_refuses_damage(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = encoded(Image.fromarray(array(H, W)), "PNG", exif=exif)
    with Image.open(io.BytesIO(stored)) as image:
        assert Photo.from_pil(image).size == (H, W)
    (tmp_path / "cut.jpg").write_bytes(encoded(Image.fromarray(array(90, 90)), "JPEG")[:-500])
    with Image.open(tmp_path / "cut.jpg") as image, pytest.raises(PictureError, match=r"cut\.jpg"):
        Photo.from_pil(image)


def test_with_pixels_keeps_the_rest_and_checks_size_and_type() -> None:
    photo = Photo.open(png(array(H, W, 2, dtype=np.uint16), colour_type=4, bits=16))
    photo.dpi = (600.0, 600.0)
    rgb = array(H, W, 3, dtype=np.uint16, seed=1)
    new = photo.with_pixels(rgb)
    np.testing.assert_array_equal(new.pixels, rgb)
    np.testing.assert_array_equal(new.alpha, photo.alpha)
    assert new.dpi == (600, 600) and photo.pixels.ndim == 2
    for wrong in (rgb[:-1], rgb[..., 0], rgb.astype(np.uint8)):
        with pytest.raises(PictureError, match="new pixels"):
            photo.with_pixels(wrong)


@pytest.mark.parametrize("shape", [(1, 1), (3, 30000), (30000, 3), (400, 300)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_lossless_formats_give_back_every_bit(format: str, channels: int, dtype: type, shape: tuple[int, int]) -> None:
    photo = Photo.from_array(array(*shape, channels, dtype=dtype))
    again = Photo.open(photo.encode(format=format))
    assert again.format == format and again.pixels.dtype == dtype
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    if photo.alpha is None:
        assert again.alpha is None
    else:
        np.testing.assert_array_equal(again.alpha, photo.alpha)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_is_read_the_same_by_others(channels: int) -> None:
    given = array(60, 5000, channels, dtype=np.uint16)
    blob = Photo.from_array(given).encode(format="PNG")
    with Image.open(io.BytesIO(blob)) as image:
        image.verify()  # checksums of the chunks
    raw, at = b"", 8
    while at < len(blob):
        size, name = struct.unpack_from(">I4s", blob, at)
        raw += blob[at + 8 : at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    assert len(zlib.decompress(raw)) == 60 * (1 + 5000 * channels * 2), "one whole zlib stream, its checksum right"
    with Image.open(io.BytesIO(blob)) as image:
        seen = np.asarray(image)
    high = seen if channels == 1 else seen[..., : given.shape[2]] if channels != 2 else seen[..., [0, 3]]
    np.testing.assert_array_equal(high, given[..., 0] if channels == 1 else given >> 8)


@pytest.mark.parametrize("compressed", [True, False])
def test_16_bit_tiff_is_read_the_same_by_others(compressed: bool) -> None:
    tifffile = pytest.importorskip("tifffile")
    given = array(70, 5000, 4, dtype=np.uint16)
    photo = Photo.open(tiff(given, extra=(2,), compression=8 if compressed else 1))
    blob = photo.encode()
    with tifffile.TiffFile(io.BytesIO(blob)) as file:
        page = file.pages[0]
        assert (page.compression == 1) is not compressed
        assert page.photometric == 2 and page.extrasamples == (2,)
        if not compressed:  # the other way needs more than tifffile
            np.testing.assert_array_equal(page.asarray(), given)
    np.testing.assert_array_equal(Photo.open(blob).pixels, given[..., :3])


def old_photo(**options: object) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "Zeiss Ikon", "A. Fotograf", 1
    exif[0x8769] = {0x9003: "1931:07:04 10:00:00", 0xA002: 64, 0xA003: 48}
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return encoded(Image.fromarray(array(48, 64)), "JPEG", exif=exif.tobytes(), dpi=(600, 600), **options)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_dpi_and_xmp_travel(format: str) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6" dc:title="Hafen"/></x:xmpmeta>'
    photo = Photo.open(old_photo(xmp=xmp))
    photo = photo.with_pixels(array(48, 64, 3))
    again = Photo.open(photo.encode(format=format))
    with Image.open(io.BytesIO(photo.encode(format=format))) as image:
        exif = image.getexif()
        assert exif[0x010F] == "Zeiss Ikon" and exif[0x013B] == "A. Fotograf"
        assert exif.get_ifd(0x8769)[0x9003] == "1931:07:04 10:00:00"
        assert exif.get_ifd(0x8825)[2] == (52.0, 31.0, 12.0)
        assert b"Hafen" in image.info["xmp"] and b'tiff:Orientation="1"' in image.info["xmp"]
    if format != "WEBP":  # which has no room for it
        assert again.dpi is not None and abs(again.dpi[0] - 600) < 0.1
    assert b"Zeiss Ikon" in again.exif and b"Hafen" in again.xmp


def test_exif_thumbnail_of_the_grey_picture_is_dropped() -> None:
    thumb = encoded(Image.new("L", (16, 12), 128), "JPEG")
    ifd0 = struct.pack("<HHHIHH", 1, 0x0112, 3, 1, 6, 0) + struct.pack("<I", 26)
    ifd1 = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(thumb), 0)
    blob = b"Exif\0\0II*\0" + struct.pack("<I", 8) + ifd0 + ifd1 + thumb
    assert blob[6 + 56 :] == thumb
    photo = Photo.open(encoded(Image.fromarray(array(H, W)), "JPEG", exif=blob))
    assert photo.size == (H, W), "turned"
    assert thumb not in photo.encode() and b"Exif" in photo.encode()
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[0x0112] == 1
    assert photo.exif[6 + 22 : 6 + 26] == bytes(4), "and nothing points at it"


def test_width_and_height_in_exif_turn_with_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    exif[0x8769] = {0xA002: 64, 0xA003: 48}
    photo = Photo.open(encoded(Image.fromarray(array(48, 64)), "JPEG", exif=exif.tobytes()))
    kept = Image.Exif()
    kept.load(photo.exif)
    assert photo.size == (48, 64)
    assert (kept.get_ifd(0x8769)[0xA002], kept.get_ifd(0x8769)[0xA003]) == (48, 64)


def test_iptc_caption_travels_between_jpeg_and_tiff() -> None:
    record = b"\x1c\x02\x78\x00\x05Hafen"
    app13 = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    segment = b"\xff\xed" + struct.pack(">H", len(app13) + 2) + app13
    photo = Photo.open(encoded(Image.fromarray(array(H, W)), "JPEG", extra=segment))
    assert photo.iptc == record
    assert Photo.open(photo.encode()).iptc == record
    assert Photo.open(Photo.open(photo.encode(format="TIFF")).encode(format="JPEG")).iptc == record


def test_png_text_travels() -> None:
    chunks = [(b"tEXt", b"Title\0Hafen"), (b"iTXt", "Author\0\0\0\0\0Günther".encode())]
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        photo = Photo.open(png(array(H, W, dtype=dtype), colour_type=0, bits=bits, chunks=chunks))
        assert photo.text == {"Title": "Hafen", "Author": "Günther"}
        assert Photo.open(photo.encode()).text == photo.text


def test_jpeg_keeps_chroma_at_full_size_and_quality_of_a_good_source() -> None:
    low, high = (Photo.open(encoded(Image.fromarray(array(64, 64)), "JPEG", quality=q)) for q in (50, 97))
    assert abs((low.quality or 0) - 50) <= 1 and abs((high.quality or 0) - 97) <= 1
    for photo, wanted in ((low, 92), (high, 97)):
        out = photo.with_pixels(array(64, 64, 3)).encode()
        assert abs((Photo.open(out).quality or 0) - wanted) <= 1
        with Image.open(io.BytesIO(out)) as image:
            assert image.layer[0][1:3] == (1, 1), "luminance is not sampled finer than chroma"  # type: ignore[attr-defined]
    assert abs((Photo.open(high.encode(quality=30)).quality or 0) - 30) <= 1


@pytest.mark.parametrize("format", ["JPEG", "BMP"])
def test_transparency_is_laid_on_white_with_a_warning(format: str) -> None:
    given = np.zeros((16, 16, 4), np.uint16)
    given[:8, :, 3] = 65535
    photo = Photo.from_array(given)
    with pytest.warns(PictureWarning, match="transparency"):
        pixels = Photo.open(photo.encode(format=format)).pixels
    assert pixels[:7].max() < 10 and pixels[9:].min() > 245
    opaque = Photo.from_array(np.full((4, 4, 4), 255, np.uint8))
    assert Photo.open(opaque.encode(format=format)).alpha is None  # and no warning, which would be an error here


def test_webp_stays_lossless_or_lossy_as_it_came() -> None:
    picture = Image.fromarray(data.astronaut()[:128, :128])
    lossless = Photo.open(encoded(picture, "WEBP", lossless=True))
    lossy = Photo.open(encoded(picture, "WEBP", quality=80))
    assert lossless.lossless and not lossy.lossless
    np.testing.assert_array_equal(Photo.open(lossless.encode()).pixels, lossless.pixels)
    assert len(lossy.encode()) < len(lossless.encode())


def test_avif() -> None:
    Image.init()
    if "AVIF" not in Image.SAVE:
        pytest.skip("Pillow without AVIF")
    photo = Photo.from_array(np.ascontiguousarray(data.astronaut()[:64, :64]))
    again = Photo.open(photo.encode(format="avif"))
    assert again.format == "AVIF"
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 3


def test_format_comes_from_the_suffix_else_from_the_photo(tmp_path: Path) -> None:
    photo = Photo.open(old_photo())
    for name, wanted in (("a.png", "PNG"), ("b.TIFF", "TIFF"), ("c.jpeg", "JPEG"), ("d", "JPEG"), ("e.bmp", "BMP")):
        saved = photo.save(tmp_path / name)
        assert saved == tmp_path / name
        with Image.open(saved) as image:
            assert image.format == wanted
    assert Photo.open(photo.save(str(tmp_path / "f.dat"), format="webp")).format == "WEBP"
    gif = Photo.open(encoded(Image.fromarray(array(H, W)), "GIF"))
    assert Photo.open(gif.encode()).format == "PNG", "we don't write GIF"
    with pytest.raises(UsageError, match="gif"):
        photo.save(tmp_path / "g.gif")
    with pytest.raises(UsageError, match="quality"):
        photo.save(tmp_path / "h.jpg", quality=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.TIFF", "c.jpeg", "d", "e.bmp", "f.dat"]


def test_existing_files_are_safe(tmp_path: Path) -> None:
    photo = Photo.from_array(array(H, W))
    target = tmp_path / "old.png"
    target.write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match=r"old\.png"):
        photo.save(target)
    assert target.read_bytes() == b"precious"
    photo.save(target, overwrite=True)
    assert Photo.open(target).size == (W, H)
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_format_cannot_hold_leaves_nothing_behind(tmp_path: Path) -> None:
    photo = Photo.from_array(np.zeros((1, 70000), np.uint8))
    with pytest.raises(OutputError, match="65500"):
        photo.save(tmp_path / "wide.jpg")
    with pytest.raises(OutputError, match="16383"):
        photo.save(tmp_path / "wide.webp")
    assert not list(tmp_path.iterdir())
    assert Photo.open(photo.save(tmp_path / "wide.png")).width == 70000


def test_own_file_can_be_overwritten(tmp_path: Path) -> None:
    """A raw TIFF might be mapped into memory; the photo must not change under our feet."""
    given = array(200, 300, 3, dtype=np.uint16)
    target = tmp_path / "scan.tif"
    target.write_bytes(tiff(given))
    photo = Photo.open(target)
    photo.save(target, overwrite=True)
    np.testing.assert_array_equal(Photo.open(target).pixels, given)


def test_many_threads_read_and_write_the_same_photos() -> None:
    icc = profile(b"RGB ", columns=ADOBE_RGB)
    given = array(64, 64, 3, dtype=np.uint16)
    files = [
        tiff(given, compression=8, more={34675: (7, len(icc), icc)}),
        png(given, colour_type=2, bits=16),
        encoded(Image.fromarray(array(64, 64, 3)), "JPEG", icc_profile=icc),
    ]
    wanted = [Photo.open(f).encode() for f in files]
    failures: list[object] = []

    def work(k: int) -> None:
        try:
            for i in range(12):
                n = (i + k) % len(files)
                if Photo.open(files[n]).encode() != wanted[n]:
                    failures.append(n)
        except Exception as error:  # noqa: BLE001  a thread's exceptions are lost otherwise
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
