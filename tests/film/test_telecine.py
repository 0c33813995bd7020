"""Telecine is told in one sentence, and nothing else is taken for it."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from photochrom.film.info import probe
from photochrom.film.reader import Reader
from tests.film.films import Draw, FilmMaker

SIZE = (96, 64)
GROUND = np.random.default_rng(0).random((80, 400)).repeat(2, axis=0).repeat(2, axis=1) * 160 + 40


def scene(n: int, size: tuple[int, int] = SIZE, *, grain_of: int | None = None) -> np.ndarray:
    """Picture n of a ground that pans, with a little grain: its own, or that of another number."""
    left = 3 * n
    grain = np.random.default_rng(n if grain_of is None else 1000 + grain_of).normal(0, 1.5, size[::-1])
    return np.clip(GROUND[: size[1], left : left + size[0]] + grain, 16, 235)


def pulled_down(n: int, size: tuple[int, int]) -> np.ndarray:
    """Five pictures of four: A, B, B and C, C and D, D."""
    upper, lower = [(0, 0), (1, 1), (1, 2), (2, 3), (3, 3)][n % 5]
    luma = scene(4 * (n // 5) + upper)
    luma[1::2] = scene(4 * (n // 5) + lower)[1::2]
    return luma


def repeated(period: int) -> Draw:
    """Every so manieth picture once more, with grain of its own."""

    def draw(n: int, size: tuple[int, int]) -> np.ndarray:
        return scene(n - n // period, grain_of=n)

    return draw


def still(n: int, size: tuple[int, int]) -> np.ndarray:
    return np.clip(scene(5) + np.random.default_rng(n).normal(0, 2, size[::-1]), 16, 235)


def halting(n: int, size: tuple[int, int]) -> np.ndarray:
    """Something that moves, and rests at moments without a rhythm."""
    rests = np.random.default_rng(3).random(90) < 0.2
    return scene(n - int(rests[1 : n + 1].sum()), grain_of=n)


def notes(path: Path) -> list[str]:
    reader = Reader(probe(path))
    assert len(list(reader.frames())) >= 60
    return reader.notes


@pytest.mark.parametrize(
    ("draw", "word", "interlaced"),
    [
        (pulled_down, "fifth", False),
        (pulled_down, "fifth", True),
        (repeated(5), "fifth", False),
        (repeated(3), "third", False),
        (repeated(4), "fourth", False),
    ],
    ids=["3:2", "3:2 interlaced", "5", "3", "4"],
)
def test_a_rhythm_of_repeated_fields_is_told(draw: Draw, word: str, interlaced: bool, tmp_path: Path) -> None:
    options = {"crf": "16", "preset": "ultrafast"}
    maker = FilmMaker(times=range(70), draw=draw, unit=Fraction(1001, 30000), interlaced=interlaced, options=options)
    (note,) = notes(maker.write(tmp_path / "old.mp4"))
    assert note.startswith(f"every {word} picture or field repeats the one before")
    assert ("3:2 pulldown" in note) == (word == "fifth")


@pytest.mark.parametrize("draw", [lambda n, size: scene(n), still, halting], ids=["moving", "still", "halting"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_other_films_are_not_taken_for_telecine(draw: Draw, codec: str, tmp_path: Path) -> None:
    options = {"crf": "24", "preset": "veryfast"} if codec == "libx264" else {"bf": "2", "qscale": "6"}
    assert notes(FilmMaker(codec, times=range(90), draw=draw, options=options).write(tmp_path / "old.mkv")) == []


def test_time_stamps_of_soft_telecine_are_told(tmp_path: Path) -> None:
    times = np.cumsum([0, *[3, 2] * 35]).tolist()
    maker = FilmMaker(times=times, unit=Fraction(1001, 60000), rate=24, draw=lambda n, size: scene(n))
    (note,) = notes(maker.write(tmp_path / "old.mp4"))
    assert "soft telecine" in note
    uneven = np.cumsum([0, *np.random.default_rng(0).integers(2, 5, 70)]).tolist()
    maker = FilmMaker(times=uneven, unit=Fraction(1001, 60000), rate=24, draw=lambda n, size: scene(n))
    assert notes(maker.write(tmp_path / "uneven.mp4")) == []
