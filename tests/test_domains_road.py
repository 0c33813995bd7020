"""The road for pictures whose intensity is not lightness: the network's L*, the picture's detail, and no seams."""

from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom import Colorizer, ModelError, Photo, UsageError
from photochrom.color import repaint
from photochrom.color.lab import rgb_to_lab
from photochrom.color.lightness import lightness
from photochrom.network.tiles import TILE, run_in_tiles

from .tiny_model import metadata, write_lab_model, write_model

SENSORS = "infrared", "thermal", "satellite"


def load(path: Path, domain: str, **changes: object) -> Colorizer:
    return photochrom.load_model(write_lab_model(path / f"{domain}.onnx", domain=domain, **changes))


def lab(rgb: np.ndarray) -> np.ndarray:
    found: np.ndarray = rgb_to_lab(rgb.astype(np.float32) / np.iinfo(rgb.dtype).max)
    return found


def ramp(dtype: type = np.uint8) -> np.ndarray:
    return np.tile(np.linspace(0, np.iinfo(dtype).max, 256), (128, 1)).astype(dtype)


@pytest.mark.parametrize("domain", SENSORS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_network_says_the_lightness_too(tmp_path: Path, domain: str, dtype: type) -> None:
    out = load(tmp_path, domain).colorize(ramp(dtype))
    assert out.dtype == dtype and out.shape == (128, 256, 3)
    found = lab(out)[64]
    intensity = np.linspace(5, 95, 256)  # the ends are shown a little off black and white
    middle = slice(24, -24)
    np.testing.assert_allclose(found[middle, 0], (20 + 0.5 * intensity)[middle], atol=3)
    np.testing.assert_allclose(found[middle, 1], (0.4 * (intensity - 50))[middle], atol=4)
    np.testing.assert_allclose(found[middle, 2], 10, atol=2)


def test_the_own_lightness_is_mixed_in(tmp_path: Path) -> None:
    model, grey = load(tmp_path, "infrared"), ramp()
    levels = [lab(model.colorize(grey, keep_lightness=keep))[..., 0] for keep in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(levels[2], lightness(grey), atol=1)
    np.testing.assert_allclose(levels[1], (levels[0] + levels[2]) / 2, atol=1)
    with pytest.raises(UsageError, match=r"keep_lightness must lie in 0\.\.1"):
        model.colorize(grey, keep_lightness=1.5)


def test_strength_is_of_the_colours_alone(tmp_path: Path) -> None:
    model, grey = load(tmp_path, "infrared"), ramp()
    pale, full = lab(model.colorize(grey, strength=0)), lab(model.colorize(grey))
    np.testing.assert_allclose(pale[..., 0], full[..., 0], atol=0.6)
    assert np.abs(pale[..., 1:]).max() < 0.5 and np.abs(full[..., 1:]).max() > 10


def test_texture_of_the_full_size_is_kept(tmp_path: Path) -> None:
    """The network works at 64 px and gives 16 places; the frame has a texture of 3 px on 512."""
    rng = np.random.default_rng(0)
    texture = np.repeat(np.repeat(rng.normal(0, 1, (171, 171)), 3, axis=0), 3, axis=1)[:512, :512]
    frame = np.clip(120 + np.linspace(-80, 80, 512) + 12 * texture, 0, 255).astype(np.uint8)
    light = lab(load(tmp_path, "infrared").colorize(frame))[..., 0]
    left, was = (
        v - np.apply_along_axis(lambda r: np.convolve(r, np.ones(25) / 25, "same"), 1, v) for v in (light, texture)
    )
    inner = slice(40, -40)
    assert np.corrcoef(left[inner, inner].ravel(), was[inner, inner].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("paper", [(255, 255, 255), (235, 222, 180)])
def test_lines_stay_black_and_sharp_and_paper_even(tmp_path: Path, paper: tuple[int, int, int]) -> None:
    """Lines of 2 px on 800: the network, at 64 px, sees them as a faint grey."""
    drawing = np.empty((600, 800, 3), np.uint8)
    drawing[:] = paper
    drawing[100:500, 200:202] = drawing[100:500, 600:602] = drawing[100:102, 200:600] = 0
    light = lab(load(tmp_path, "sketch").colorize(drawing))[..., 0]
    assert light[300, 200:202].max() < 15  # ink
    assert np.ptp(light[300, 300:500]) < 2  # no blotches on the paper
    assert light[300, 196] > light[300, 300] - 12 and light[300, 206] > light[300, 300] - 12  # nor a halo


def test_a_network_of_lightness_is_refused_for_photographs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="predicts lightness too, and photo pictures keep their own"):
        load(tmp_path, "photo")


def test_a_network_of_colour_alone_keeps_an_infrared_frames_lightness(tmp_path: Path) -> None:
    model = photochrom.load_model(
        write_model(tmp_path / "ab.onnx", head="ab", meta=metadata(head="ab", domain="infrared"))
    )
    np.testing.assert_allclose(lightness(model.colorize(ramp())), lightness(ramp()), atol=1)


def test_tiles_give_what_one_run_gives(tmp_path: Path) -> None:
    """A network that sees 60 px around each place, and zeros beyond its input's border."""
    network = load(tmp_path, "satellite", reach=15)._network
    rng = np.random.default_rng(1)
    plane = np.cumsum(rng.normal(0, 1, (96, 2560)), axis=1).astype(np.float32)
    plane = (plane - plane.min()) / np.ptp(plane) * 100
    whole = network.run(plane)
    np.testing.assert_allclose(run_in_tiles(network, plane), whole, atol=0.35)
    np.testing.assert_array_equal(run_in_tiles(network, plane[:, :TILE]), network.run(plane[:, :TILE].copy()))


def test_a_strip_of_10000_px_has_no_seams(tmp_path: Path) -> None:
    """Where tiles of the network and blocks of the road meet, steps are no larger than elsewhere."""
    y, x = np.mgrid[0:230, 0:10000]
    strip = (120 + 60 * np.sin(x / 700) + 30 * np.cos(y / 40 + x / 90)).astype(np.uint8)
    strip[140:144] = 30  # a river
    model = load(tmp_path, "satellite", reach=8, work_size=128)
    out = model.colorize(strip)
    assert out.shape == (230, 10000, 3)
    found = lab(out)
    steps = np.abs(np.diff(found, axis=1)).mean(axis=(0, 2))  # from column to column
    expected = np.convolve(steps, np.ones(201) / 201, "same")
    assert (steps / expected)[200:-200].max() < 2.0
    assert model.work_size((10000, 230)) == (10016, 256)  # at its own scale
    alone = lab(model.colorize(strip[:, 4000:5500]))  # and a part is coloured as in the whole, where the span is alike
    assert np.abs(alone[:, 300:-300] - found[:, 4300:5200]).mean() < 1.5


@pytest.mark.parametrize("domain", ["infrared", "sketch"])
def test_blocks_of_a_large_picture_make_the_whole(tmp_path: Path, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(tmp_path, domain)
    picture = np.random.default_rng(3).integers(0, 256, (300, 410)).astype(np.uint8)
    whole = model.colorize(picture, detail=128)
    monkeypatch.setattr(repaint, "BLOCK", 64)
    assert np.abs(model.colorize(picture, detail=128).astype(int) - whole).max() <= 1


def test_a_frame_is_coloured_alike_in_8_and_16_bits(tmp_path: Path) -> None:
    """12 bits in a file of 16 come out as the same frame in 8 bits does."""
    model = load(tmp_path, "infrared")
    rng = np.random.default_rng(2)
    frame = np.cumsum(np.cumsum(rng.normal(0, 1, (96, 128)), axis=0), axis=1)
    frame = (frame - frame.min()) / np.ptp(frame)
    eight = lab(model.colorize((frame * 255).astype(np.uint8)))
    sixteen = lab(model.colorize((frame * 4095).astype(np.uint16)))
    assert np.abs(eight - sixteen).mean() < 2.5


def test_a_photo_is_given_back_with_all_it_has(tmp_path: Path) -> None:
    photo = Photo.from_array(ramp())
    photo.dpi = (300.0, 300.0)
    colored = load(tmp_path, "infrared").colorize(photo)
    assert colored.dpi == photo.dpi and colored.notes == ()
