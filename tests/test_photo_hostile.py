"""Photo.open on what is not a whole, decent picture: one PictureError with one sentence, and nothing else."""

import io
import os
import random
import struct
import subprocess
import sys
import textwrap
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from photochrom.errors import PictureError, PictureTooLargeError, PictureWarning
from photochrom.photo import Photo

from .picture_files import ADOBE_RGB, png, profile, tiff


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)  # type: ignore[arg-type]
    return out.getvalue()


def good_files() -> dict[str, bytes]:
    y, x = np.mgrid[:60, :80]
    base = (np.stack([x * 3, y * 4, x + y], axis=-1) % 256).astype(np.uint8)
    wide = base.astype(np.uint16) * 257
    picture = Image.fromarray(base)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8769] = 6, "Zeiss", {0x9003: "1931"}
    icc = profile(b"RGB ", columns=ADOBE_RGB)
    files = {
        "jpeg": encoded(picture, "JPEG", exif=exif.tobytes(), icc_profile=icc),
        "progressive": encoded(picture, "JPEG", progressive=True),
        "cmyk": encoded(picture.convert("CMYK"), "JPEG"),
        "png": encoded(picture, "PNG", exif=exif.tobytes(), icc_profile=icc),
        "palette": encoded(picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG", transparency=3),
        "png16": png(wide, colour_type=2, bits=16),
        "png16 grey alpha interlaced": png(wide[..., :2], colour_type=4, bits=16, interlaced=True),
        "our png16": Photo.from_array(wide).encode(format="PNG"),
        "our tiff16": Photo.from_array(wide).encode(format="TIFF"),
        "tiff16": tiff(wide),
        "tiff16 lzw": tiff(wide, compression=5, predictor=True, big_endian=True),
        "tiff8 tiles": tiff(base, compression=8, tile=32),
        "tiff16 grey alpha": tiff(wide[..., :2], extra=(2,)),
        "tiff planes": tiff(wide, planar=True),
        "tiff float": tiff(base[..., 0].astype(np.float32) / 255),
        "tiff exif": encoded(picture, "TIFF", exif=exif.tobytes()),
        "webp": encoded(picture, "WEBP", exif=exif.tobytes()),
        "bmp": encoded(picture, "BMP"),
        "gif": encoded(picture, "GIF"),
        "ppm": encoded(picture, "PPM"),
    }
    Image.init()
    if "AVIF" in Image.SAVE:
        files["avif"] = encoded(picture, "AVIF")
    if "JPEG2000" in Image.SAVE:
        files["jpeg2000"] = encoded(picture, "JPEG2000")
    return files


FILES = good_files()


@pytest.mark.parametrize("kind", FILES)
def test_cut_short_is_refused_or_whole_but_never_half_grey(kind: str) -> None:
    whole = FILES[kind]
    wanted = Photo.open(whole).pixels
    ends = {*range(0, len(whole), max(1, len(whole) // 60)), *range(max(0, len(whole) - 25), len(whole))}
    refused = 0
    for end in ends:
        try:
            photo = Photo.open(whole[:end])
        except PictureError as error:
            refused += 1
            assert "\n" not in str(error) and str(error)
        else:
            np.testing.assert_array_equal(photo.pixels, wanted, err_msg=f"cut at {end} of {len(whole)}")
    assert refused >= len(ends) - 25, "only the last few bytes of a file are not needed for its pixels"


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.filterwarnings("ignore")  # Pillow has its own about broken metadata
def test_flipped_bytes_give_a_picture_or_a_picture_error(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(60):
        damaged = bytearray(FILES[kind])
        for _ in range(rng.choice([1, 1, 2, 5, 30])):
            damaged[rng.randrange(min(len(damaged), rng.choice([64, 400, len(damaged)])))] = rng.randrange(256)
        try:
            photo = Photo.open(bytes(damaged), max_megapixels=2)
        except PictureError:
            continue
        assert photo.pixels.dtype in (np.uint8, np.uint16) and photo.pixels.ndim in (2, 3)
        if photo.width < 10000:
            photo.encode(format="PNG"), photo.encode(format="TIFF"), photo.encode(format="JPEG")


def test_missing_folder_empty_and_not_a_picture(tmp_path: Path) -> None:
    cases = {
        "missing.jpg": "no file",
        "folder.jpg": "folder",
        "empty.jpg": "empty",
        "text.jpg": "not a picture",
        "script.svg": "not a picture",
    }
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("Dear archive, ")
    (tmp_path / "script.svg").write_text("<svg/>")
    for name, words in cases.items():
        with pytest.raises(PictureError, match=words) as caught:
            Photo.open(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(PictureError):
        Photo.open("nul\0name.jpg")
    with pytest.raises(PictureError, match="empty"):
        Photo.open(b"")
    with pytest.raises(PictureError):
        Photo.open("x" * 5000)


@pytest.mark.parametrize("brands", [b"heic\0\0\0\0mif1heic", b"mif1\0\0\0\0mif1heic"])
def test_heic_without_its_package_says_what_to_install(brands: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(PictureError, match="pip install pillow-heif"):
        Photo.open(struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(100))


def test_postscript_is_not_run() -> None:
    with pytest.raises(PictureError, match="not a picture"):
        Photo.open(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is a giant."""
    data = png(np.zeros((1, 1), np.uint8), colour_type=0, bits=8)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]


@pytest.mark.parametrize(
    "data",
    [bomb(60000, 60000), bomb(2**31 - 1, 2**31 - 1), tiff(np.zeros((4, 4), np.uint8), more={257: (4, 1, b"\xff" * 4)})],
)
def test_bombs_are_refused_by_their_header(data: bytes) -> None:
    with pytest.raises(PictureTooLargeError, match="megapixels"):
        Photo.open(data)


def test_the_limit_is_ours_and_not_pillows() -> None:
    """Pillow warns above 89 megapixels and refuses above 179; a scan of 200 may be opened when the limit allows it."""
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    wide = tiff(np.zeros((1, 1), np.uint8), more={256: (4, 1, struct.pack("<I", 20000)), 257: (4, 1, b"\x10\x27\0\0")})
    with pytest.raises(PictureError, match="cut short"):  # let through by its size, then found to have no rows
        Photo.open(wide)
    with pytest.raises(PictureTooLargeError, match="200 megapixels"):
        Photo.open(wide, max_megapixels=199)
    grey = png(np.zeros((100, 100), np.uint8), colour_type=0, bits=8)
    assert Photo.open(grey, max_megapixels=0.01).size == (100, 100)
    with pytest.raises(PictureTooLargeError):
        Photo.open(grey, max_megapixels=0.0099)
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) and not before[1]


def test_zero_size_is_refused() -> None:
    for width, height in ((0, 5), (5, 0), (0, 0)):
        with pytest.raises(PictureError):
            Photo.open(bomb(width, height))
        with pytest.raises(PictureError):
            Photo.from_pil(Image.new("L", (width, height)))


def test_a_tiff_with_missing_strips_is_refused() -> None:
    data = tiff(np.ones((40, 8, 3), np.uint16), more={257: (4, 1, struct.pack("<I", 60))})
    with pytest.raises(PictureError):
        Photo.open(data)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    import threading

    os.mkfifo(tmp_path / "pipe")
    feeder = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(FILES["png16"],))
    feeder.start()
    assert Photo.open(tmp_path / "pipe").bits == 16
    feeder.join()


def test_warnings_as_errors_reach_the_caller() -> None:
    with warnings.catch_warnings(), pytest.raises(PictureWarning):
        warnings.simplefilter("error")
        Photo.open(tiff(np.zeros((4, 4), np.uint8), pages=2))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="no /proc; ru_maxrss begins with what the parent had")
@pytest.mark.parametrize("channels", [1, 3])
def test_a_100_megapixel_16_bit_scan_fits_into_2_gib(tmp_path: Path, channels: int) -> None:
    """Opened, given new colours and saved, the peak of a process of its own."""
    scan = tmp_path / "scan.tif"
    small = np.zeros((1, 1, channels), np.uint16)
    side = struct.pack("<I", 10000)
    head = tiff(small, more={256: (4, 1, side), 257: (4, 1, side), 278: (4, 1, side), 273: (4, 1, b"\0\x10\0\0")})
    with open(scan, "wb") as out:  # one strip of zeros at 4096, a hole that takes no room on the disk
        out.write(head)
        out.truncate(4096 + 200_000_000 * channels)
    code = """
        import sys
        import numpy as np
        from photochrom.photo import Photo

        photo = Photo.open(sys.argv[1])
        rgb = np.empty((photo.height, photo.width, 3), np.uint16)
        rgb[...] = photo.pixels if photo.pixels.ndim == 3 else photo.pixels[..., None]
        saved = photo.with_pixels(rgb).save(sys.argv[1] + ".color.tif")
        peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))  # KiB
        print(peak / 2**20, saved.stat().st_size)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(scan)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    peak, size = done.stdout.split()
    assert float(peak) < 2.2
    assert int(size) > 600_000_000
