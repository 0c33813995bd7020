"""`photochrom explain`: a page that needs no server, with pictures that say what is so."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import load_model
from photochrom.cli.main import app
from photochrom.errors import UsageError
from photochrom.explain.animation import animated
from photochrom.explain.choices import APART, choices
from photochrom.explain.depending import explained_hints
from photochrom.explain.emerging import emerging
from photochrom.explain.explanation import explain
from photochrom.explain.hiding import hide
from photochrom.explain.page import explored, page
from photochrom.explain.subject import subject_of
from photochrom.photo import Photo
from photochrom.settings import Guide, Hint, Settings
from tests.tiny_model import CENTRES, write_lab_model, write_model

run = CliRunner()


def picture(size: tuple[int, int] = (96, 64)) -> np.ndarray:
    """Dark left, bright right, with a square in each half."""
    wide, high = size
    grey = np.full((high, wide), 40, np.uint8)
    grey[:, wide // 2 :] = 210
    grey[high // 4 : high // 2, wide // 8 : wide // 4] = 150
    grey[high // 4 : high // 2, 5 * wide // 8 : 3 * wide // 4] = 100
    return grey


@pytest.fixture
def old(tmp_path: Path) -> Path:
    Image.fromarray(picture()).save(tmp_path / "old.png")
    return tmp_path / "old.png"


@pytest.mark.parametrize("head", ["distribution", "ab"])
def test_a_folder_with_a_page_that_fetches_nothing(old: Path, tmp_path: Path, head: str) -> None:
    model = write_model(tmp_path / "tiny.onnx", head=head)
    done = run.invoke(app, ["explain", str(old), "-o", str(tmp_path / "out"), "--model", str(model)])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text) and "http" not in text
    pictures = sorted((tmp_path / "out").glob("*.png"))
    names = {path.stem[3:] for path in pictures}
    assert {"picture", "shown", "hiding", "edges"} <= names
    assert ({"distribution", "vividness", "confidence", "choices", "variants"} <= names) == (head == "distribution")
    assert len(re.findall("<figcaption>[^<]{40,}</figcaption>", text)) == len(re.findall("<figure>", text))
    assert all(
        Image.open(path).convert("L").getextrema()[0] < Image.open(path).convert("L").getextrema()[1]
        for path in pictures
    )
    again = run.invoke(app, ["explain", str(old), "-o", str(tmp_path / "out"), "--model", str(model)])
    assert again.exit_code == 1 and "--overwrite" in again.output


@pytest.mark.parametrize(
    ("at", "said"),
    [("900,3", "outside the picture"), ("3", "two numbers"), ("a,b", "two numbers"), ("nan,3", "outside the picture")],
)
def test_a_wrong_point_is_one_sentence(old: Path, tmp_path: Path, at: str, said: str) -> None:
    done = run.invoke(app, ["explain", str(old), "-o", str(tmp_path / "out"), "-m", "photo-fast", "--at", at])
    assert done.exit_code == 2 and said in done.output and not (tmp_path / "out").exists()


def test_the_page_tells_the_distribution_of_every_place(tmp_path: Path) -> None:
    model = load_model(write_model(tmp_path / "tiny.onnx"))
    photo = Photo.from_array(picture())
    photo.path = Path("<b>.png")
    subject = subject_of(model, photo, Settings(), [(10, 20), (90, 50)])
    data = explored(subject)
    assert (data["width"], data["height"], data["count"]) == (24, 16, 3)
    assert data["start"] == [round(10.5 / 96, 5), round(20.5 / 64, 5)]
    assert data["colors"] == CENTRES
    text = page(subject, list(explain(subject)))
    inside = re.search('id="explored">(.*?)</script>', text, re.DOTALL)
    assert inside and json.loads(inside[1]) == data and "&lt;b&gt;" in text


def test_choices_are_apart_and_share_the_probability(tmp_path: Path) -> None:
    model = load_model(write_model(tmp_path / "tiny.onnx"))
    first, second, third = choices(model.predict(Photo.from_array(picture())), 3)
    total = first.share + second.share + third.share
    assert np.allclose(total, 1, atol=1e-5)  # three bins, far apart
    assert (first.share >= second.share - 1e-6).all() and (second.share >= third.share - 1e-6).all()
    assert (np.linalg.norm(first.ab - second.ab, axis=-1) >= APART).all()
    left, right = first.ab[8, 2], first.ab[8, 20]  # dark places are blue, bright ones orange
    assert left[1] < 0 < right[1]


def test_hiding_a_patch_changes_only_what_depends_on_it(tmp_path: Path) -> None:
    """The drawn network looks at 4x4 pixels: nothing elsewhere depends on a patch, and the point on itself alone."""
    model = load_model(write_model(tmp_path / "tiny.onnx"))
    subject = subject_of(model, Photo.from_array(picture()), Settings(), [(15, 20)])  # in the left square
    found = hide(model, subject.prediction, Settings(), subject.points)
    assert found.elsewhere.max() < 1e-3
    columns = found.at[0].shape[1]
    x = int(found.at[0].max(axis=0).argmax())
    assert found.at[0].max() > 1 and x < columns / 2 and found.at[0][:, columns // 2 :].max() < 1e-3


def test_each_hint_has_its_picture(tmp_path: Path) -> None:
    model = load_model("photo-fast")
    guide = Guide(hints=(Hint(15, 20, "red"), Hint(70, 20, "blue")))
    subject = subject_of(model, Photo.from_array(picture()), Settings(guide=guide, detail=64), [(15, 20)])
    assert [figure.name for figure in explained_hints(subject)] == ["hints"]


def test_colour_emerges_from_grey_to_the_finished_picture() -> None:
    model = load_model("photo-fast")
    subject = subject_of(model, Photo.from_array(picture()), Settings(detail=64), [(15, 20)])
    _, moving = emerging(subject)
    assert len(moving.frames) > 4
    assert np.ptp(moving.frames[0].astype(int), axis=-1).max() <= 1  # without colour
    assert np.array_equal(moving.frames[-1], subject.colored)
    for format, name in (("WEBP", b"WEBP"), ("GIF", b"GIF8")):
        data = animated(moving.frames, format)
        assert name in data[:16] and Image.open(io.BytesIO(data)).n_frames > len(moving.frames)


@pytest.mark.parametrize("domain", ["infrared", "sketch", "thermal", "satellite"])
def test_a_network_of_lightness_is_explained_without_a_distribution(old: Path, tmp_path: Path, domain: str) -> None:
    model = write_lab_model(tmp_path / "tiny.onnx", domain=domain)
    out = tmp_path / "out"
    done = run.invoke(app, ["explain", str(old), "-o", str(out), "--model", str(model), "--domain", domain])
    assert done.exit_code == 0, done.output
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "does not say how likely others are" in text
    assert "stays as it was" not in text and "Lightness that is a guess too" in text
    names = {path.stem[3:] for path in out.glob("*.png")}
    assert {"picture", "shown", "hiding", "hidden", "edges", "lightness"} <= names and "distribution" not in names
    subject = subject_of(load_model(model), Photo.open(old), Settings())
    np.testing.assert_array_equal(subject.grey[..., 0], picture())
    assert np.abs(subject.painted(subject.chroma).astype(int) - subject.colored).max() <= 1
    pale = subject.painted(np.zeros_like(subject.chroma))
    assert np.ptp(pale.astype(int), axis=-1).max() <= 2 and np.abs(pale[..., 0].astype(int) - picture()).mean() > 10


def test_hiding_sees_a_change_of_predicted_lightness(tmp_path: Path) -> None:
    model = load_model(write_lab_model(tmp_path / "tiny.onnx", domain="infrared"))
    subject = subject_of(model, Photo.from_array(picture()), Settings(), [(15, 20)])
    found = hide(model, subject.prediction, Settings(), subject.points)
    assert found.at[0].max() > 1
    assert found.then.lightness() is not None and found.then.intensity is subject.prediction.intensity


@pytest.mark.parametrize("name", ["infrared", "thermal", "satellite", "sketch"])
def test_stages_of_a_shipped_network_of_lightness(name: str) -> None:
    model = load_model(name)
    subject = subject_of(model, Photo.from_array(picture()), Settings(detail=64), [(15, 20)])
    shown, moving = emerging(subject)
    assert shown.name == "emerging" and len(moving.frames) > 4
    assert np.array_equal(moving.frames[-1], subject.colored)
    assert np.abs(moving.frames[-2].astype(int) - subject.colored).mean() < 1, "its own answer"


def test_explain_is_given_the_same_choice_of_models(old: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    done = run.invoke(app, ["explain", str(old), "-o", out, "--domain", "auto", "--detail", "64"])
    assert done.exit_code == 0, done.output
    assert re.search(r"old\.png is (taken for|coloured as) a ", (tmp_path / "out" / "index.html").read_text("utf-8"))
    done = run.invoke(app, ["explain", str(old), "-o", out, "--device", "abacus", "--overwrite"])
    assert done.exit_code == 2 and "abacus" in done.output
    done = run.invoke(app, ["explain", str(old), "-o", out, "--domain", "sketch", "-m", "photo", "--overwrite"])
    assert done.exit_code == 2 and "is for photo pictures" in done.output


def test_a_satellite_scene_is_explained_at_a_smaller_size(tmp_path: Path) -> None:
    model = load_model(write_lab_model(tmp_path / "tiny.onnx", domain="satellite"))
    scene = np.tile(picture((300, 200)), (4, 4))
    subject = subject_of(model, Photo.from_array(scene), Settings())
    assert min(subject.prediction.shown.shape) == 512 and "at its own size" in subject.notes[0]


def test_a_point_on_the_mount_is_refused(tmp_path: Path) -> None:
    whole = np.full((300, 300), 200, np.uint8)
    whole[60:240, 60:240] = np.kron(np.random.default_rng(0).integers(0, 120, (18, 18)), np.ones((10, 10))).astype(
        np.uint8
    )
    model = load_model("photo-fast")
    assert subject_of(model, Photo.from_array(whole), Settings(detail=64), [(150, 150)]).prediction.frame
    with pytest.raises(UsageError, match="mount"):
        subject_of(model, Photo.from_array(whole), Settings(detail=64), [(10, 10)])
