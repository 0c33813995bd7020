"""Pairs of a colour picture and an input, told by their names."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PictureError, UsageError
from photochrom.pictures.find import find_pictures
from photochrom.pictures.pairs import center_pair, only_pairs, pairs_among
from photochrom.pictures.split import split
from tests.picture_files import write_shard


def encoded(shade: int, size: tuple[int, int] = (40, 30)) -> bytes:
    memory = io.BytesIO()
    Image.linear_gradient("L").resize(size).point(lambda v: v * shade // 255).convert("RGB").save(memory, "PNG")
    return memory.getvalue()


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


PAIRS = {
    "k1.rgb.png": "k1.ir.png",
    "deep/a.b.RGB.png": "deep/a.b.depth.png",
    "0001_rgb.png": "0001_nir.tiff",
    "visible/7.jpg": "lwir/7.png",
    "train/color/x-1.png": "train/sketch/x-1.png",
    "rgb/y_rgb.png": "ir/y_ir.png",
    "thermal/z_rgb.png": "thermal/z_ir.png",
}


def test_two_names_that_differ_in_one_word_are_a_pair() -> None:
    names = [name for pair in PAIRS.items() for name in pair]
    found = pairs_among(names)
    assert {color: list(inputs.values()) for color, inputs in found.items()} == {c: [i] for c, i in PAIRS.items()}
    assert list(found["0001_rgb.png"]) == ["nir"]


def test_names_that_are_no_pairs() -> None:
    names = [
        "rgb.png",
        "ir.jpeg",
        "a_rgb.png",
        "b_ir.png",
        "c-rgb.png",
        "c_ir.png",
        "v1.5.png",
        "v1.png",
        "red/rgb.png",
    ]
    assert pairs_among(names) == {"rgb.png": {"ir": "ir.jpeg"}}
    assert pairs_among(["holidays/1.jpg", "work/1.jpg", "grey/2.jpg", "ir/2.jpg"]) == {}


def test_pairs_are_the_same_in_a_folder_and_in_a_shard(tmp_path: Path) -> None:
    files = {"k1.rgb.png": encoded(200), "k1.ir.png": encoded(90), "k2.rgb.png": encoded(210), "k2.ir.png": encoded(80)}
    folder, shard = write_folder(tmp_path / "pairs", files), write_shard(tmp_path / "pairs.tar", files)
    inside, packed = (find_pictures([place]) for place in (folder, shard))
    for found in (inside, packed):
        assert [picture.name for picture in found] == ["k1.rgb.png", "k2.rgb.png"]
        assert [picture.input("ir").name for picture in found if picture.input("ir")] == ["k1.ir.png", "k2.ir.png"]
        assert found[0].input() == found[0].input("ir")
        assert found[0].input("thermal") is None
    for one, other in zip(inside, packed, strict=True):
        for a, b in zip(center_pair(one, 16), center_pair(other, 16), strict=True):
            np.testing.assert_array_equal(a, b)
    parts = split(inside)
    assert all(picture.input() for picture in (*parts.train, *parts.validation))


def test_the_squares_of_a_pair_show_the_same(tmp_path: Path) -> None:
    """The input at half the size: a line at one place of both comes out at one place."""
    for name, scale in (("rgb", 2), ("ir", 1)):
        pixels = np.zeros((30 * scale, 50 * scale, 3), np.uint8)
        pixels[:, 20 * scale : 21 * scale] = 255
        Image.fromarray(pixels).save(tmp_path / f"x.{name}.png")
    (picture,) = find_pictures([tmp_path])
    truth, given = center_pair(picture, 60)
    assert truth.shape == given.shape == (60, 60, 3)
    assert truth[30, :, 0].argmax() == pytest.approx(given[30, :, 0].argmax(), abs=1)


def test_a_pair_of_two_shapes_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, {"x.rgb.png": encoded(200), "x.ir.png": encoded(90, (30, 30))})
    (picture,) = find_pictures([tmp_path])
    with pytest.raises(PictureError, match=r"x\.rgb\.png .* 40x30 and 30x30: crop"):
        center_pair(picture, 16)


def test_pictures_without_pairs_are_told(tmp_path: Path) -> None:
    write_folder(tmp_path, {"x.rgb.png": encoded(200), "x.ir.png": encoded(90), "alone.png": encoded(10)})
    found = find_pictures([tmp_path])
    assert [picture.name for picture in found] == ["alone.png", "x.rgb.png"]
    assert [picture.name for picture in only_pairs(found)] == ["x.rgb.png"]
    with pytest.raises(UsageError, match=r"none of the 2 pictures has an input of the kind 'nir'"):
        only_pairs(found, "nir")
    with pytest.raises(UsageError, match=r"name pairs KEY\.rgb\.png and KEY\.ir\.png"):
        only_pairs(found[:1])
