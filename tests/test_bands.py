"""Satellite pictures: which bands of a TIFF are looked at, and its place on the map, which the result keeps."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import photochrom
from photochrom import Photo, PictureError, PictureWarning, UsageError
from photochrom.cli.main import app

from .tiny_model import write_lab_model

GEO = {33550: (10.0, 10.0, 0.0), 33922: (0.0, 0.0, 0.0, 499980.0, 5000040.0, 0.0)}
KEYS = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)


def scene(count: int, dtype: type = np.uint16) -> np.ndarray:
    """(count,40,60): band n has n + 1 times 1000, and more to the right."""
    ramp = np.linspace(0, 500, 60) * np.ones((40, 1))
    return np.stack([(n + 1) * 1000 + ramp for n in range(count)]).astype(dtype)


def write(path: Path, bands: np.ndarray, *, geo: bool = True, nodata: str = "0", **options: Any) -> Path:
    tags: list[tuple[int, Any, int, Any, bool]] = []
    if geo:
        tags = [(tag, 12, len(values), values, True) for tag, values in GEO.items()]
        tags += [(34735, 3, len(KEYS), KEYS, True), (34737, 2, 0, "WGS 84 / UTM zone 33N|", True)]
        tags += [(42112, 2, 0, "<GDALMetadata></GDALMetadata>", True), (42113, 2, 0, nodata, True)]
    options = {"photometric": "minisblack", "planarconfig": "separate" if bands.ndim == 3 else None} | options
    tifffile.imwrite(path, bands, metadata=None, extratags=tags, **options)
    return path


@pytest.mark.parametrize("planar", ["separate", "contig"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_one_band_is_a_grey_picture(tmp_path: Path, planar: str, tile: tuple[int, int] | None) -> None:
    bands = scene(13)
    stored = bands if planar == "separate" else np.moveaxis(bands, 0, 2)
    file = write(tmp_path / "s2.tif", stored, planarconfig=planar, tile=tile, compression="zlib")
    np.testing.assert_array_equal(Photo.open(file, bands="8").pixels, bands[7])
    np.testing.assert_array_equal(Photo.open(file, bands="4,3,2").pixels, np.moveaxis(bands[[3, 2, 1]], 0, 2))


def test_the_first_is_used_with_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path / "s2.tif", scene(4))
    with pytest.warns(PictureWarning, match="has 4 bands, of which the first is used; --bands"):
        assert Photo.open(file).pixels.max() == 1500


def test_near_infrared_of_a_colour_tiff(tmp_path: Path) -> None:
    """An aerial picture: red, green, blue, and near-infrared as a fourth sample that may look like alpha."""
    four = np.moveaxis(scene(4), 0, 2)
    file = write(tmp_path / "aerial.tif", four, photometric="rgb", planarconfig="contig", extrasamples=["unspecified"])
    np.testing.assert_array_equal(Photo.open(file, bands="4").pixels, four[..., 3])


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint32])
def test_what_was_measured_in_any_unit(tmp_path: Path, dtype: type) -> None:
    """Reflectance times 10,000, degrees, radiance; -9999 and NaN where nothing was measured."""
    bands = scene(2, dtype)
    if dtype is not np.uint32:
        bands[0] -= 1100
        bands[0, :3] = -9999
    if dtype is np.float32:
        bands[0, :, 0] = np.nan
    photo = Photo.open(write(tmp_path / "m.tif", bands), bands="1")
    assert photo.pixels.dtype == np.uint16
    row = photo.pixels[20, 1:].astype(float)
    assert np.corrcoef(row, np.arange(59))[0, 1] > 0.999 and np.ptp(row) > 10000
    assert (photo.pixels[0] == 0).all() or dtype is np.uint32


def test_bands_of_other_files(tmp_path: Path) -> None:
    from PIL import Image

    rgb = np.dstack([np.full((8, 9), v, np.uint8) for v in (10, 20, 30)])
    Image.fromarray(rgb).save(tmp_path / "a.png")
    assert (Photo.open(tmp_path / "a.png", bands="1").pixels == 10).all()
    assert (Photo.open(tmp_path / "a.png", bands="3,2,1").pixels == rgb[..., ::-1]).all()
    with pytest.raises(PictureError, match="has 3 bands, and no band 4"):
        Photo.open(tmp_path / "a.png", bands="4")


def test_bands_that_cannot_be(tmp_path: Path) -> None:
    file = write(tmp_path / "s2.tif", scene(4))
    with pytest.raises(PictureError, match="has 4 bands, and no band 8"):
        Photo.open(file, bands="8")
    for text in ("", "0", "1,2", "-1", "a", "1,2,3,4", "1.5", "1;2;3"):
        with pytest.raises(UsageError, match="bands must be one number or three"):
            Photo.open(file, bands=text)


def test_the_result_keeps_its_place_on_the_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way of a user: one band of a scene, coloured, and the same tags in the file that comes out."""
    write(tmp_path / "s2.tif", scene(4))
    model = write_lab_model(tmp_path / "drawn.onnx", domain="satellite")
    with pytest.raises(SystemExit) as left:
        app([str(tmp_path / "s2.tif"), "--domain", "satellite", "--model", str(model), "--bands", "4"])
    assert left.value.code == 0, capsys.readouterr().err
    with tifffile.TiffFile(tmp_path / "s2.color.tif") as made, tifffile.TiffFile(tmp_path / "s2.tif") as given:
        page, was = made.pages[0], given.pages[0]
        assert page.shape == (40, 60, 3) and page.dtype == np.uint16
        for tag in (33550, 33922, 34735, 34737, 42112, 42113):
            assert page.tags[tag].value == was.tags[tag].value  # type: ignore[union-attr]
        assert page.geotiff_tags["ProjectedCSTypeGeoKey"] == 32633  # type: ignore[union-attr]


def test_a_big_endian_geotiff_too(tmp_path: Path) -> None:
    file = write(tmp_path / "big.tif", scene(1)[0], byteorder=">")
    photo = Photo.open(file)
    kind, count, data = photo.geo[33550]
    assert (kind, count) == (12, 3) and struct.unpack("<3d", data) == GEO[33550]


def test_other_formats_say_that_it_is_lost(tmp_path: Path) -> None:
    photo = Photo.open(write(tmp_path / "one.tif", scene(1)[0]))
    with pytest.warns(PictureWarning, match="PNG holds no place on the map"):
        photo.save(tmp_path / "one.png")
    assert Photo.from_array(scene(1)[0]).geo == {}


def test_bands_and_domain_in_python(tmp_path: Path) -> None:
    model = photochrom.load_model(write_lab_model(tmp_path / "drawn.onnx", domain="satellite"), domain="satellite")
    photo = Photo.open(write(tmp_path / "s2.tif", scene(4)), bands="4")
    assert model.colorize(photo).geo == photo.geo != {}
