"""The manual dials: by default they change nothing, each does what it says, and together they compose."""

import numpy as np
import pytest

import photochrom
from photochrom import Settings, UsageError
from photochrom.color.grading import HUES, graded, parse_saturation, skin
from photochrom.color.lab import rgb_to_lab

LIGHT = np.full((4, 5), 70, np.float32)
SKINS = ("#f0d0b8", "#e8c4a8", "#d2a284", "#b98a6b", "#a56a4a", "#8d5b3f", "#5c3a28")


def ab_of(name: str) -> np.ndarray:
    from photochrom.color.named import ab_of

    return np.array(ab_of(name), np.float32)


def of_hue(degrees: float, chroma: float = 40) -> np.ndarray:
    turn = np.radians(degrees)
    return np.broadcast_to(np.array([np.cos(turn), np.sin(turn)], np.float32) * np.float32(chroma), (4, 5, 2)).copy()


def test_defaults_change_nothing() -> None:
    ab = np.random.default_rng(0).normal(0, 30, (4, 5, 2)).astype(np.float32)
    np.testing.assert_array_equal(graded(ab, LIGHT), ab)
    np.testing.assert_array_equal(graded(ab, LIGHT, saturation="reds=1,blues=1", protect_skin=1), ab)


def test_warmth_and_tint() -> None:
    ab = of_hue(200)
    np.testing.assert_allclose(graded(ab, LIGHT, warmth=0.5) - ab, np.broadcast_to([0, 10], ab.shape), atol=1e-4)
    np.testing.assert_allclose(graded(ab, LIGHT, tint=-1) - ab, np.broadcast_to([-20, 0], ab.shape), atol=1e-4)
    np.testing.assert_array_equal(graded(ab, LIGHT * 0, warmth=1, tint=1), ab)  # black stays black


@pytest.mark.parametrize("name", HUES)
def test_saturation_of_a_hue(name: str) -> None:
    ab = of_hue(HUES[name])
    np.testing.assert_allclose(graded(ab, LIGHT, saturation=f"{name}=0.5"), ab / 2, rtol=1e-3)
    others = [hue for other, hue in HUES.items() if other != name]
    for hue in others:
        np.testing.assert_allclose(graded(of_hue(hue), LIGHT, saturation=f"{name}=0"), of_hue(hue), rtol=1e-4)
    near = graded(of_hue(HUES[name] + 8), LIGHT, saturation=f"{name}=0")
    assert 0 < np.hypot(*near[0, 0]) < 40  # no step between two hues


def test_skin_is_left_alone() -> None:
    for name in SKINS:
        lab = rgb_to_lab(np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)]) / 255)
        ab, light = np.broadcast_to(ab_of(name), (4, 5, 2)).copy(), np.full((4, 5), lab[0], np.float32)
        assert skin(ab, light).mean() > 0.6, name
        kept = graded(ab, light, warmth=-1, strength=1.4, protect_skin=1) - ab
        changed = graded(ab, light, warmth=-1, strength=1.4) - ab
        assert np.abs(kept).max() < 0.45 * np.abs(changed).max()
    for name in ("#2f6f3f", "#30508a", "#c01818", "grey", "#f0e020"):
        assert skin(np.broadcast_to(ab_of(name), (4, 5, 2)), LIGHT).max() < 0.1, name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reds", "must be like reds=1.3"),
        ("redds=1", "did you mean 'reds'"),
        ("reds=9", r"must lie in 0\.\.3"),
        ("reds=-1", "must be like"),
        ("reds=1.2.3", r"must lie in 0\.\.3"),
    ],
)
def test_saturation_that_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Settings(saturation=text)
    assert parse_saturation(" Reds = 1.5 , blues=0,") == {"reds": 1.5, "blues": 0.0}


def test_dials_on_a_picture() -> None:
    grey = np.tile(np.linspace(30, 220, 96).astype(np.uint8), (64, 1))
    model = photochrom.load_model("photo-fast")
    plain = model.colorize(grey)
    np.testing.assert_array_equal(model.colorize(grey, warmth=0.0, protect_skin=1.0, saturation=""), plain)
    warm = rgb_to_lab(model.colorize(grey, warmth=0.6) / 255)[..., 2] - rgb_to_lab(plain / 255)[..., 2]
    assert warm[:, 40:80].mean() > 6
    light = [rgb_to_lab(x / 255)[..., 0] for x in (plain, model.colorize(grey, warmth=0.6, tint=-0.3, strength=1.2))]
    assert np.abs(light[0] - light[1]).max() < 1  # the lightness stays
