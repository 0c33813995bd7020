"""Where nothing was measured stays as it is: margins of exactly 0, and what a GeoTIFF declares."""

from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom import Photo
from photochrom.color.margin import find_margin

from .test_bands import write
from .tiny_model import write_lab_model

SENSORS = "infrared", "thermal", "satellite"


def measured(shape: tuple[int, int] = (160, 240), least: int = 60) -> np.ndarray:
    """Fields of many intensities, none of them 0."""
    rng = np.random.default_rng(0)
    fields = rng.integers(least, 240, (shape[0] // 20 + 1, shape[1] // 20 + 1))
    return np.kron(fields, np.ones((20, 20)))[: shape[0], : shape[1]].astype(np.uint8)


def swath(slope: float) -> np.ndarray:
    """Which pixels a slanted strip of 160 px in a picture of 160 x 240 leaves empty."""
    y, x = np.mgrid[0:160, 0:240]
    return (x < 20 + slope * y) | (x > 200 + slope * y)


@pytest.mark.parametrize("slope", [0.0, 0.21, -0.12])
@pytest.mark.parametrize("colors", [False, True])
def test_the_margins_of_a_swath_are_found(slope: float, colors: bool) -> None:
    picture, empty = measured(), swath(slope)
    picture[empty] = 0
    found = find_margin(np.dstack([picture] * 3) if colors else picture)
    assert found is not None
    np.testing.assert_array_equal(found, empty)


def test_bars_above_and_below_and_a_turned_frame_are_found() -> None:
    picture = measured()
    picture[:12] = picture[-9:] = 0
    found = find_margin(picture)
    assert found is not None and found[:12].all() and found[-9:].all() and not found[12:-9].any()
    y, x = np.mgrid[0:160, 0:240] - np.array([80, 120])[:, None, None]
    turned = np.maximum(np.abs(0.96 * x + 0.28 * y) / 90, np.abs(0.96 * y - 0.28 * x) / 50) > 1
    picture = measured()
    picture[turned] = 0
    found = find_margin(picture)
    assert found is not None and (found == turned).mean() > 0.995


def test_a_dark_sea_with_a_coast_noise_and_black_things_inside_are_none() -> None:
    rng = np.random.default_rng(1)
    coast = 90 + np.cumsum(rng.normal(0, 3, 160))
    picture = measured()
    picture[np.arange(240)[None] < coast[:, None]] = 0
    assert find_margin(picture) is None
    noisy = np.where(rng.random((160, 240)) < 0.5, 0, measured()).astype(np.uint8)
    assert find_margin(noisy) is None
    inside = measured()
    inside[50:90, 60:100] = 0
    assert find_margin(inside) is None
    assert find_margin(np.zeros((40, 50), np.uint8)) is None
    assert find_margin(np.zeros((1, 1), np.uint8)) is None


@pytest.mark.parametrize("domain", SENSORS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_margins_stay_black_and_the_rest_is_coloured_as_without(tmp_path: Path, domain: str, dtype: type) -> None:
    model = photochrom.load_model(write_lab_model(tmp_path / "m.onnx", domain=domain))
    whole = measured().astype(dtype) * (1 if dtype is np.uint8 else 257)
    cut, empty = whole.copy(), swath(0.21)
    cut[empty] = 0
    out = model.colorize(cut)
    assert not out[empty].any(), "the drawn network makes a dark brown of 0"
    inner = np.zeros_like(empty)
    inner[:, 70:180] = True  # away from the border
    one, other = (model.colorize(p)[inner].astype(float) / np.iinfo(dtype).max for p in (cut, whole))
    assert np.abs(one - other).mean() < 0.02
    painted = model.colorize(cut, frame="off")
    assert painted[empty].any(axis=-1).mean() > 0.9


@pytest.mark.parametrize(("dtype", "nothing"), [(np.int16, -32768), (np.float32, -9999), (np.uint16, 65535)])
@pytest.mark.parametrize("bands", [None, "1"])
def test_what_a_geotiff_declares_stays_as_it_is(tmp_path: Path, dtype: type, nothing: int, bands: str | None) -> None:
    unit = 1 / 255 if dtype is np.float32 else 100
    band = (measured().astype(float) * unit).astype(dtype)
    empty = np.zeros(band.shape, bool)
    empty[40:70, 90:140] = True  # a cloud inside
    band[empty] = nothing
    file = write(tmp_path / "s.tif", band, nodata=str(nothing))
    photo = Photo.open(file, bands=bands)
    assert photo.empty is not None
    np.testing.assert_array_equal(photo.empty, empty)
    model = photochrom.load_model(write_lab_model(tmp_path / "m.onnx", domain="satellite"))
    out = model.colorize(photo)
    assert (out.pixels[empty] == photo.pixels[empty][:, None]).all()
    assert np.ptp(photo.pixels[~empty].astype(float)) > 0.2 * np.iinfo(photo.pixels.dtype).max
    kept = Photo.open(out.save(tmp_path / "out.tif"))
    assert kept.geo[42113][2] == (b"65535\0" if dtype is np.uint16 else b"0\0")


def test_a_tag_that_fits_nothing_changes_nothing(tmp_path: Path) -> None:
    band = measured().astype(np.uint16)
    for tag in ("-9999", "a lot", "0.5", "1e9"):
        photo = Photo.open(write(tmp_path / f"{tag}.tif", band, nodata=tag))
        assert photo.empty is None
        np.testing.assert_array_equal(photo.pixels, band)
