"""The road in two halves: predict, then render; hints from Python through the shipped networks' hint planes."""

from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom import Colorizer, Guide, Hint, Photo, Settings, UsageError
from photochrom.color.lab import rgb_to_lab
from photochrom.color.named import ab_of
from photochrom.guidance.hints import hint_planes

from .tiny_model import metadata, write_model


@pytest.fixture(scope="module", params=["photo", "photo-fast"])
def shipped(request: pytest.FixtureRequest) -> Colorizer:
    return photochrom.load_model(request.param)


@pytest.fixture(scope="module")
def cup() -> Photo:
    from skimage.data import coffee

    return Photo.from_array(coffee().mean(axis=2).astype(np.uint8)[::2, ::2])


def ab(photo: Photo) -> np.ndarray:
    return rgb_to_lab(photo.pixels.astype(np.float32) / 255)[..., 1:]


@pytest.mark.parametrize("settings", [Settings(), Settings(detail=128, vividness=1.5, strength=0.7, seed=4)])
def test_the_halves_make_the_whole(shipped: Colorizer, cup: Photo, settings: Settings) -> None:
    prediction = shipped.predict(cup, settings)
    whole = shipped.colorize(cup, settings)
    np.testing.assert_array_equal(shipped.render(cup, prediction, settings).pixels, whole.pixels)
    np.testing.assert_array_equal(shipped.colorize(cup, **settings.to_dict() | {"guide": Guide()}).pixels, whole.pixels)
    assert prediction.output.nbytes + prediction.shown.nbytes < 6e6  # small, whatever the picture's size
    certain = prediction.confidence(shipped.chroma(prediction, settings))
    assert certain is not None and certain.min() >= 0 and certain.max() <= 1.0001


def test_keywords_win_over_settings(shipped: Colorizer, cup: Photo) -> None:
    base = Settings(detail=64, strength=0)
    colored = shipped.colorize(cup, base, strength=1.0)
    np.testing.assert_array_equal(colored.pixels, shipped.colorize(cup, detail=64).pixels)
    with pytest.raises(UsageError, match="did you mean 'strength'"):
        shipped.colorize(cup, strenght=1.0)  # type: ignore[call-overload]


def test_a_prediction_may_be_carried_to_another_frame(shipped: Colorizer, cup: Photo) -> None:
    prediction = shipped.predict(cup, Settings(detail=128))
    next_frame = Photo.from_array(np.clip(cup.pixels.astype(int) + 6, 0, 255).astype(np.uint8))
    carried = shipped.render(next_frame, prediction)
    assert np.abs(ab(carried) - ab(shipped.render(cup, prediction))).mean() < 2


def test_a_hint_fills_its_thing_and_leaves_the_others(shipped: Colorizer, cup: Photo) -> None:
    """The table becomes green up to the cup; behind it, where no way leads, by a hint of its own. The saucer hardly."""
    hints = Hint(20, 150, "#3f6b2a", radius=8), Hint(270, 20, "#3f6b2a", radius=8)
    plain = ab(shipped.colorize(cup))
    wanted = np.array(ab_of(hints[0].color))
    places = np.s_[145:156, 15:26], np.s_[15:26, 265:276]
    for count in (1, 2):
        given = ab(shipped.colorize(cup, guide=Guide(hints=hints[:count])))
        apart = [[np.hypot(*(x[place].mean(axis=(0, 1)) - wanted)) for x in (plain, given)] for place in places]
        assert all(after < 0.5 * before for before, after in apart[:count])
        assert all(after > 0.9 * before for before, after in apart[count:])
    table, saucer = (np.abs(given - plain)[part].mean() for part in (np.s_[:40, 240:], np.s_[90:125, 215:230]))
    assert saucer < 0.5 * table


def test_hints_are_discs_in_the_picture_s_own_pixels() -> None:
    planes = hint_planes((Hint(50, 10, (20, -30), radius=10), Hint(50, 10, (1, 2), radius=5)), (200, 100), (64, 128))
    assert planes is not None and planes.shape == (3, 64, 128) and planes.dtype == np.float32
    rows, columns = np.nonzero(planes[2])
    assert abs(columns.mean() + 0.5 - 50.5 * 128 / 200) < 0.2 and abs(rows.mean() + 0.5 - 10.5 * 64 / 100) < 0.2
    assert np.ptp(columns) + 1 == pytest.approx(2 * 10 * 128 / 200, abs=1)
    np.testing.assert_array_equal(planes[:2, 6, 32], [1, 2])  # the later one lies over the earlier
    np.testing.assert_array_equal(planes[:2, 6, 37], [20, -30])
    assert not planes[:2, planes[2] == 0].any()
    dot = hint_planes((Hint(199, 99, "red", radius=0.5),), (200, 100), (16, 32))
    assert dot is not None and dot[2].sum() >= 1  # never lost between the pixels
    assert hint_planes((), (200, 100), (64, 128)) is None


def test_hints_that_cannot_be_used(shipped: Colorizer, cup: Photo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="outside the picture, which has 300x200"):
        shipped.colorize(cup, guide=Guide(hints=(Hint(300, 10, "red"),)))
    plain = photochrom.load_model(write_model(tmp_path / "plain.onnx", meta=metadata()))
    with pytest.raises(UsageError, match="takes no hints"):
        plain.colorize(cup, guide=Guide(hints=(Hint(10, 10, "red"),)))
