"""Pictures to learn from and to measure on: found, and read as colouring reads them."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageCms

from photochrom.batch.plan import plan
from photochrom.codec.formats import READABLE
from photochrom.errors import PictureError, UsageError
from photochrom.photo import Photo
from photochrom.pictures.find import find_pictures
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop, resized_crop
from tests.picture_files import write_shard

FORMATS = {".dib": "BMP", ".j2k": "JPEG2000", ".jp2": "JPEG2000", ".jfif": "JPEG", ".jpe": "JPEG"}
FORMATS |= dict.fromkeys((".pbm", ".pgm", ".pnm", ".ppm"), "PPM")


def drawn(size: tuple[int, int] = (40, 30)) -> Image.Image:
    shades = np.random.default_rng(0).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    return Image.fromarray(shades).resize(size, Image.Resampling.BICUBIC)


def only(place: Path) -> Picture:
    (picture,) = find_pictures([place])
    return picture


def png(shade: int = 0) -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 100, 50)).save(memory, "PNG")
    return memory.getvalue()


def wide_profile() -> bytes:
    """sRGB with another red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (offset,) = struct.unpack_from(">I", profile, profile.find(b"rXYZ") + 4)
    struct.pack_into(">3i", profile, offset + 8, *(int(x * 65536) for x in (0.6, 0.31, 0.02)))
    return bytes(profile)


@pytest.mark.parametrize("suffix", sorted(READABLE - {".heic", ".heif"}))
def test_what_colouring_takes_can_be_learned_from(tmp_path: Path, suffix: str) -> None:
    image = drawn().convert("1") if suffix == ".pbm" else drawn().convert("L") if suffix == ".pgm" else drawn()
    image.save(tmp_path / f"A{suffix.upper()}", FORMATS.get(suffix))
    assert len(plan([str(tmp_path)], recursive=True).jobs) == 1
    pixels = only(tmp_path).pixels()
    assert pixels.shape == (30, 40, 3) and pixels.dtype == np.uint8


def test_profiles_are_honoured_as_in_colouring(tmp_path: Path) -> None:
    drawn().save(tmp_path / "wide.png", icc_profile=wide_profile())
    pixels = only(tmp_path).pixels()
    np.testing.assert_array_equal(pixels, Photo.open(tmp_path / "wide.png").pixels)
    assert (pixels != np.asarray(drawn())).any()


def test_sixteen_bits_are_rounded_and_not_cut_off(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(only(tmp_path).pixels()[..., 1], np.rint(ramp / 257))


def test_transparency_is_left_away(tmp_path: Path) -> None:
    image = drawn()
    image.putalpha(Image.new("L", image.size, 9))
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(only(tmp_path).pixels(), np.asarray(drawn()))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_ghostscript_is_never_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[object] = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *args, **options: asked.append(args) or drawn().im)
    drawn().save(tmp_path / name, "EPS")
    with pytest.raises(PictureError, match="not a picture that can be read"):
        only(tmp_path).pixels()
    assert not asked


def test_a_large_jpeg_is_read_no_larger_than_needed(tmp_path: Path) -> None:
    drawn((1600, 1200)).save(tmp_path / "large.jpg")
    picture = only(tmp_path)
    assert picture.pixels(200).shape == (300, 400, 3)
    assert picture.pixels().shape == (1200, 1600, 3)


def test_a_picture_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(png()[:50])
    picture = only(tmp_path)
    with pytest.raises(PictureError, match=r"broken\.png"):
        picture.pixels()
    (tmp_path / "broken.png").unlink()
    with pytest.raises(PictureError, match=r"can't read .*broken\.png: No such file"):
        picture.content()


def test_names_and_sets(tmp_path: Path) -> None:
    folder = tmp_path / "flowers"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.png").write_bytes(png())
    write_shard(folder / "objects-01.tar", {"x/k1.rgb.png": png(1), "x/k1.ir.png": png(2), "x/k2.png": png(3)})
    in_shard = f"{folder}/objects-01.tar"
    assert [(p.set_name, p.name, p.where) for p in find_pictures([folder])] == [
        ("objects", "x/k1.rgb.png", f"{in_shard}:x/k1.rgb.png"),
        ("objects", "x/k2.png", f"{in_shard}:x/k2.png"),
        ("flowers", "deep/a.png", f"{folder}/deep/a.png"),
    ]
    picture = only(folder / "deep" / "a.png")
    assert (picture.set_name, picture.name) == ("deep", "a.png")


def test_places_that_hold_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no picture in"):
        find_pictures([tmp_path])
    (tmp_path / "cut.tar").write_bytes(b"cut" * 1000)
    with pytest.raises(PictureError, match=r"cut\.tar is not a whole, uncompressed tar file"):
        find_pictures([tmp_path])


def test_squares_are_cut_in_one_resize() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (200, 40, 90)
    assert (center_crop(wide, 20) == (200, 40, 90)).all()
    assert (resized_crop(wide, np.array([25.0, 5.0, 10.0]), 16) == (200, 40, 90)).all()
    assert center_crop(wide[:, :31], 64).shape == (64, 64, 3)


def test_a_square_of_the_wanted_size_keeps_its_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 45, 3)).astype(np.uint8)
    np.testing.assert_array_equal(center_crop(pixels, 32), pixels[:, 6:38])
