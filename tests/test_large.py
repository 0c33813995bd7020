"""Scans that are too large to be held are coloured some rows at a time, as if the whole picture had been there."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

import photochrom
from photochrom.color.rows import Kind, Rows
from photochrom.errors import PictureError, PictureTooLargeError
from photochrom.photo import read_large, read_photo, save_photo
from photochrom.settings import Settings

SCAN = np.ascontiguousarray(np.tile(data.camera(), (3, 3))[:1300, :1450])
TONED = (SCAN[..., None] * np.array([1.0, 0.88, 0.7])).astype(np.uint8)
HIGH, WIDE = 3200, 3000  # pixels that need more than MEMORY as a whole, and less in rows
MEMORY = 300 << 20
PEAK = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # KiB
sys.exit(code)
"""


def repeated(pixels: np.ndarray) -> np.ndarray:
    """A picture of that size."""
    times = (-(-HIGH // pixels.shape[0]), -(-WIDE // pixels.shape[1]), *[1] * (pixels.ndim - 2))
    return np.ascontiguousarray(np.tile(pixels, times)[:HIGH, :WIDE])


def colored_in_rows(path: Path, out: Path, **settings: object) -> photochrom.Photo:
    photo = read_large(path, max_memory=MEMORY)
    assert photo.rows is not None
    colorizer, chosen = photochrom.load_model(), Settings(**settings)
    made = colorizer.render(photo, colorizer.predict(photo, chosen), chosen)
    save_photo(made, out)
    return made


@pytest.mark.parametrize(
    ("name", "pixels", "options"),
    [
        ("tiles", SCAN, {"tile": (256, 256), "compression": "zlib"}),
        ("strips", SCAN, {"rowsperstrip": 7, "compression": "zlib", "predictor": True}),
        ("one strip", SCAN, {"rowsperstrip": HIGH}),
        ("inverted 16 bits", SCAN.astype(np.uint16) * 257, {"tile": (256, 512), "photometric": "miniswhite"}),
        ("toned planes", TONED, {"rowsperstrip": 64, "photometric": "rgb", "compression": "zlib"}),
        ("a BigTIFF", SCAN, {"tile": (512, 512), "bigtiff": True}),
    ],
)
def test_no_seam(tmp_path: Path, name: str, pixels: np.ndarray, options: dict[str, object]) -> None:
    """The rows are those of the whole picture; at the borders of the bands nothing is to be seen."""
    big = options.pop("bigtiff", None)
    tifffile.imwrite(tmp_path / "in.tif", repeated(pixels), bigtiff=big, metadata=None, **options)
    colored_in_rows(tmp_path / "in.tif", tmp_path / "rows.tif", keep_tint=True)
    whole = photochrom.load_model().colorize(read_photo(tmp_path / "in.tif"), keep_tint=True).pixels
    rows = tifffile.imread(tmp_path / "rows.tif")
    assert rows.shape == whole.shape
    assert rows.dtype == whole.dtype
    unit = np.iinfo(rows.dtype).max / 255
    assert np.abs(rows.astype(np.int32) - whole).max() <= unit
    assert (rows[..., 0] != rows[..., 2]).mean() > 0.5  # it is in colour


def test_mount_and_what_came_with_it(tmp_path: Path) -> None:
    """A print on a mount keeps the mount; text, resolution and tiles stay; pages after the first are told of."""
    sheet = np.full((HIGH, WIDE), 236, np.uint8)
    sheet[400:2800, 350:2650] = repeated(SCAN)[:2400, :2300] // 2
    with tifffile.TiffWriter(tmp_path / "in.tif") as out:
        about = {"description": "the old mill", "resolution": (600, 600), "resolutionunit": 2, "metadata": None}
        out.write(sheet, tile=(256, 256), subifds=1, **about)
        out.write(sheet[::2, ::2], tile=(256, 256), subfiletype=1, metadata=None)
    made = colored_in_rows(tmp_path / "in.tif", tmp_path / "rows.tif")
    whole = photochrom.load_model().colorize(read_photo(tmp_path / "in.tif"))
    with tifffile.TiffFile(tmp_path / "rows.tif") as written:
        page = written.pages[0]
        assert np.abs(page.asarray().astype(np.int16) - whole.pixels).max() <= 1
        assert (page.asarray()[:300] == 236).all()
        assert page.description == "the old mill"
        assert page.resolution == (600, 600)
        assert page.tile == (256, 256)
    assert made.notes == whole.notes


def test_refused_as_before(tmp_path: Path) -> None:
    """What can't be read in rows keeps the sentence on memory; damage is found before anything is written."""
    alpha = np.zeros((HIGH, WIDE, 2), np.uint8)
    tifffile.imwrite(tmp_path / "alpha.tif", alpha, photometric="minisblack", extrasamples=[2], metadata=None)
    with pytest.raises(PictureTooLargeError, match="--max-memory"):
        read_large(tmp_path / "alpha.tif", max_memory=MEMORY)
    tifffile.imwrite(tmp_path / "hole.tif", repeated(SCAN), tile=(256, 256), compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "hole.tif") as file:
        at = file.pages[0].dataoffsets[100]
    with open(tmp_path / "hole.tif", "r+b") as stream:
        stream.seek(at)
        stream.write(bytes(2000))
    photo = read_large(tmp_path / "hole.tif", max_memory=MEMORY)
    with pytest.raises(PictureError, match=r"hole\.tif"):
        photochrom.load_model().predict(photo)


def test_a_wipe_far_down_is_told_when_it_was_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "in.tif", repeated(SCAN), rowsperstrip=HIGH, metadata=None)
    with tifffile.TiffFile(tmp_path / "in.tif") as file:
        at = file.pages[0].dataoffsets[0] + 2000 * WIDE + WIDE // 2
    with open(tmp_path / "in.tif", "r+b") as stream:
        stream.seek(at)
        stream.write(bytes(50 * WIDE))
    photo = read_large(tmp_path / "in.tif", max_memory=MEMORY)
    assert photo.rows is not None and not photo.notes
    colorizer = photochrom.load_model()
    made = colorizer.render(photo, colorizer.predict(photo))
    (note,) = save_photo(made, tmp_path / "out.tif")
    assert f"row 2002 of {HIGH}" in note and "compare it with another copy" in note


@pytest.mark.parametrize("batch", [False, True])
def test_commands_keep_to_their_memory(tmp_path: Path, batch: bool) -> None:
    """Both commands, on a picture that would need twice as much, in a process whose peak is measured."""
    source, result = tmp_path / "in" / "scan.tif", tmp_path / "out" / "scan.color.tif"
    source.parent.mkdir()
    tifffile.imwrite(source, np.tile(SCAN, (6, 6))[:7600, :8200], tile=(256, 256), metadata=None)
    words = ["batch", str(source.parent), "-o", str(result.parent), "--workers", "1", "--memory", "400M"]
    if not batch:
        words = [str(source), "-o", str(result), "--max-memory", "400M"]
    run = [sys.executable, "-c", PEAK, sys.executable, "-m", "photochrom", *words]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 400 << 10
    assert tifffile.imread(result).shape == (7600, 8200, 3)


def test_big_tiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond 4 GB is written as a BigTIFF, with EXIF; both we and others read it."""
    monkeypatch.setattr("photochrom.codec.writing.MOST_BYTES", 1000)
    photo = photochrom.Photo.from_array(TONED[:300, :200])
    exif = Image.Exif()
    exif[271] = "a maker of cameras"
    exif.get_ifd(0x8769)[36867] = "1931:05:04 10:00:00"
    photo.exif = exif.tobytes()
    photo.dpi = (300.0, 300.0)
    photo.save(tmp_path / "big.tif")
    with tifffile.TiffFile(tmp_path / "big.tif") as file:
        assert file.is_bigtiff
        assert (file.pages[0].asarray() == photo.pixels).all()
    again = photochrom.Photo.open(tmp_path / "big.tif")
    assert (again.pixels == photo.pixels).all()
    assert again.dpi == (300.0, 300.0)
    kept = Image.Exif()
    kept.load(again.exif)
    assert kept[271] == "a maker of cameras"
    assert kept.get_ifd(0x8769)[36867] == "1931:05:04 10:00:00"


def test_rows_are_like_an_array() -> None:
    """Slices, parts and samples of rows are those of the array they stand for."""
    rows = Rows(Kind(SCAN.shape, SCAN.dtype, (1450, 1), 100), lambda some: SCAN[some].copy())
    assert (rows[150:420] == SCAN[150:420]).all()
    assert (rows.sampled(2) == SCAN[::2, ::2]).all()  # the usual step, from what was kept
    assert (rows.sampled(7) == SCAN[::7, ::7]).all()
    part = rows.part(slice(130, 900), slice(50, 1000))
    assert (part[95:333] == SCAN[130:900, 50:1000][95:333]).all()
    assert (part.sampled(3) == SCAN[130:900:3, 50:1000:3]).all()
