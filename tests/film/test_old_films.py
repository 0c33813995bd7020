"""What old films have: black bars, title cards, a brightness that trembles, things that people know the colour of."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from photochrom import Colorizer
from photochrom.color.lab import rgb_to_lab
from photochrom.film.blank import is_card, picture_box
from photochrom.film.deflicker import steadied
from photochrom.film.film import color_film
from photochrom.film.flow import Estimator, rest, sampled
from photochrom.film.options import FilmOptions
from photochrom.film.tracked import moved
from photochrom.settings import Hint, Settings
from tests.film.films import FilmMaker, moving, seen
from tests.film.test_carry import texture


def barred(n: int, size: tuple[int, int]) -> np.ndarray:
    luma = moving(n, size)
    luma[: size[1] // 6] = luma[-(size[1] // 6) :] = 17 + (n % 2)
    return luma


def card(n: int, size: tuple[int, int]) -> np.ndarray:
    image = Image.new("L", size, 20)
    draw = ImageDraw.Draw(image)
    for line in range(3):
        draw.text((12, 10 + 26 * line), "AND THEN, AT DAWN", fill=225, font=ImageFont.load_default(17))
    return np.asarray(image, float)


def chroma(path: Path, place: int) -> np.ndarray:
    ab = rgb_to_lab(seen(path).rgb[place] / 255.0)[..., 1:]
    return np.hypot(ab[..., 0], ab[..., 1])


def test_black_bars_stay_black(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker("ffv1", size=(144, 96), draw=barred).write(tmp_path / "old.mkv")
    color_film(source, tmp_path / "new.mkv", colorizer)
    colors = chroma(tmp_path / "new.mkv", 5)
    assert colors[:14].mean() < 1.5 and colors[-14:].mean() < 1.5 and colors[24:-24].mean() > 8
    plane = np.full((90, 120), 50, np.float32)
    assert picture_box(plane) is None
    plane[:12] = plane[-10:] = 1
    assert picture_box(plane) == (slice(12, 80), slice(0, 120))


def test_title_cards_stay_grey(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker("ffv1", size=(200, 100), draw=card).write(tmp_path / "old.mkv")
    color_film(source, tmp_path / "new.mkv", colorizer)
    assert chroma(tmp_path / "new.mkv", 5).mean() < 1
    assert not is_card(texture(3))


def test_brightness_that_trembles_is_made_steady(tmp_path: Path, colorizer: Colorizer) -> None:
    gains = np.array([1.0, 0.93, 1.05, 0.97, 1.03] * 6)
    lumas = [np.clip(16 + (moving(0, (96, 64)) - 16) * gain, 0, 255).astype(np.uint8) for gain in gains]
    means = [np.mean([luma.mean() for luma in [one]]) for one in steadied((luma, 16) for luma in lumas)]
    assert len(means) == len(lumas) and np.std(means) < 0.35 * np.std([luma.mean() for luma in lumas])
    cut = [np.full((8, 8), level, np.uint8) for level in [60] * 9 + [160] * 9]
    assert [int(one[0, 0]) for one in steadied((luma, 16) for luma in cut)] == [60] * 9 + [160] * 9
    source = FilmMaker("ffv1", times=range(20)).write(tmp_path / "old.mkv")
    assert color_film(source, tmp_path / "new.mkv", colorizer, options=FilmOptions(deflicker=True)).count == 20


def test_hints_go_with_the_things_they_lie_on() -> None:
    plane = texture(5)
    views = [sampled(plane, rest((112, 150)).to + np.array([20 + 3 * n, 20 - n], np.float32)) for n in range(6)]
    hints = [Hint(0.5, 0.4, "olive", unit="share"), Hint(0.01, 0.5, "red", unit="share")]
    for before, after in pairwise(views):
        on = Estimator().between(before, after).on
        hints = [there for hint in hints if (there := moved(hint, on))]
    assert len(hints) == 1 and hints[0].color == Hint(0, 0, "olive").color  # the other has left the picture
    assert abs(hints[0].x * 150 - (75 - 15)) < 1.5 and abs(hints[0].y * 112 - (44.8 + 5)) < 1.5


def test_a_toned_film_keeps_its_tone_if_asked(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker("ffv1", format="yuv444p", size=(128, 96), chroma=118).write(tmp_path / "old.mkv")
    plain, toned = tmp_path / "plain.mkv", tmp_path / "toned.mkv"
    result = color_film(source, plain, colorizer)
    color_film(source, toned, colorizer, settings=Settings(keep_tint=True))
    b = [float(rgb_to_lab(seen(path).rgb[3] / 255.0)[..., 2].mean()) for path in (plain, toned)]
    assert b[1] > b[0] + 3 and result.notes == []
