"""--restore: what age did to a print is found and mended, and nothing else is touched."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from photochrom import load_model
from photochrom.cli.main import app
from photochrom.color.lightness import lightness
from photochrom.color.tint import describe
from photochrom.errors import UsageError
from photochrom.photo import Photo
from photochrom.settings import Settings
from tests.tiny_model import write_model

pytest.importorskip("cv2")
from photochrom.guidance.restore import defects, restored

data = pytest.importorskip("skimage.data")
command = CliRunner()


def clean() -> np.ndarray:
    """A photograph, 512 x 512, uint8."""
    return np.ascontiguousarray(data.camera())


def damaged(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """White scratches and specks of dust on it, and where they are."""
    rng = np.random.default_rng(0)
    mask = np.zeros(picture.shape, bool)
    for x in (130, 300, 430):
        for y in range(20, 480):
            mask[y, x + (y - 250) // 40 : x + (y - 250) // 40 + 2] = True
    y, x = np.mgrid[:512, :512]
    for cy, cx in rng.integers(20, 160, (12, 2)):  # in the sky
        mask |= (y - cy) ** 2 + (x - cx * 3) ** 2 <= 9
    out = picture.copy()
    out[mask] = 254
    return out, mask


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_dust_and_scratches_are_filled(dtype: type) -> None:
    whole = clean()
    old, mask = damaged(whole)
    top = np.iinfo(dtype).max // 255
    _, mended = restored(old.astype(dtype) * dtype(top))
    assert mended.dtype == dtype and mended.shape == old.shape
    before = np.abs(old[mask].astype(float) - whole[mask]).mean()
    after = np.abs(mended[mask] / top - whole[mask]).mean()
    assert after < 0.35 * before
    assert np.abs(mended[~mask] / top - whole[~mask]).mean() < 0.3


def test_a_clean_picture_comes_back_as_it_was() -> None:
    for picture in (
        clean(),
        np.asarray(Image.fromarray(data.coffee()).convert("L")),
        np.asarray(Image.fromarray(data.astronaut()).convert("L")),
    ):
        assert defects(np.ascontiguousarray(picture)).mean() < 0.002
        _, mended = restored(np.ascontiguousarray(picture))
        assert (mended != picture).mean() < 0.003


def test_a_faded_picture_gets_its_blacks_and_whites_back() -> None:
    faded = (90 + clean() * 0.2).astype(np.uint8)
    span = np.ptp(np.percentile(lightness(restored(faded)[1]), [1, 99]))
    assert span > 80 > 25 > np.ptp(np.percentile(lightness(faded), [1, 99]))


def test_a_yellow_stain_is_not_seen() -> None:
    whole = clean()
    x = np.linspace(0, 1, 512)[None, :, None]
    stained = np.clip(whole[..., None] * (1 - x * np.array([0.0, 0.15, 0.5])), 0, 255).astype(np.uint8)
    tint = describe(stained)
    assert tint.kind == "tinted"
    assert np.abs(lightness(restored(stained, tint)[1]) - lightness(whole)).mean() < 1
    assert np.abs(lightness(stained) - lightness(whole)).mean() > 2


def test_eyes_keep_the_picture_and_picture_mends_it(tmp_path: Path) -> None:
    model = load_model(write_model(tmp_path / "tiny.onnx"))
    whole = clean()
    old, mask = damaged(whole)
    photo = Photo.from_array(old)
    for restore, mended in (("eyes", False), ("picture", True)):
        settings = Settings(restore=restore)
        seen = model.render(photo, model.predict(photo, settings), settings).pixels
        off = np.abs(lightness(seen) - lightness(old))
        assert (off[mask].mean() > 10) == mended and off[~mask].mean() < 0.5


def test_a_faded_picture_is_seen_as_it_was_and_one_with_dust_as_it_is() -> None:
    model = load_model("photo-fast")
    whole = np.ascontiguousarray(clean()[:256, :256])
    faded, eyes = (80 + whole * 0.3).astype(np.uint8), Settings(detail=64, restore="eyes")
    dusty, _ = damaged(clean())

    def shown(picture: np.ndarray, settings: Settings) -> np.ndarray:
        return model.predict(Photo.from_array(picture), settings).shown

    assert not np.array_equal(shown(faded, eyes), shown(faded, Settings(detail=64)))
    for picture in (whole, dusty):
        assert np.array_equal(shown(picture, eyes), shown(picture, Settings(detail=64)))


def test_the_word_may_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "tiny.onnx")
    Image.fromarray(clean()[:128, :128]).save("old.png")
    for n, words in enumerate(
        (["--restore", "old.png"], ["old.png", "--restore", "picture"], ["old.png", "--restore"])
    ):
        done = command.invoke(app, [*words, "-m", "tiny.onnx", "-o", f"{n}.png"])
        assert done.exit_code == 0, done.output
    done = command.invoke(app, ["old.png", "--restore=pictures", "-m", "tiny.onnx"])
    assert done.exit_code == 2 and "did you mean 'picture'" in done.output


def test_frames_are_left_or_coloured_as_said() -> None:
    whole = np.full((300, 300), 200, np.uint8)
    rough = np.random.default_rng(0).integers(0, 120, (18, 18))
    whole[60:240, 60:240] = np.kron(rough, np.ones((10, 10))).astype(np.uint8)
    model = load_model("photo-fast")
    photo = Photo.from_array(whole)
    assert model.predict(photo, Settings(detail=64)).frame is not None
    assert model.predict(photo, Settings(detail=64, frame="off")).frame is None
    with pytest.raises(UsageError, match="frame can't be"):
        Settings(frame="on")
