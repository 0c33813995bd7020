"""What is seen in a shot has no say in the one that it dissolves into, though every step of it can be followed."""

from collections.abc import Iterator

import numpy as np
import pytest
from av.video.frame import VideoFrame

from photochrom.film.flow import Estimator
from photochrom.film.follow import follow_hints
from photochrom.film.info import FilmInfo
from photochrom.film.reader import Frame
from photochrom.film.shots import with_motion
from photochrom.film.step import Step
from photochrom.film.timed import TimedHint
from photochrom.settings import Hint
from tests.film.test_carry import texture

SIZE, SECOND, COUNT = (160, 112), 24, 90


def scene(seed: int, n: int) -> np.ndarray:
    """L* (h,w) of a ground that pans."""
    return np.asarray(texture(seed)[:112, n // 2 : n // 2 + 160], np.float32)


def times(begin: int, long: int, other: int | None, at: int) -> list[int]:
    """Of a film that becomes another scene from `begin` on for `long` pictures, or black: where a hint of the picture
    `at` lies."""
    image = VideoFrame(*SIZE, "gray")

    def steps() -> Iterator[Step]:
        for n in range(COUNT):
            share = np.float32(np.clip((n + 1 - begin) / long, 0, 1))
            plane = scene(5, n) * (1 - share) + (0 if other is None else scene(other, n)) * share
            plane = np.asarray(plane, np.float32)
            yield Step(Frame(n, 1, image), plane.astype(np.uint8), plane, plane)

    info = FilmInfo.of_image(image, rate=SECOND, count=COUNT)
    hint = TimedHint(hint=Hint(0.5, 0.5, "red", unit="share"), at=at / SECOND)
    return sorted(follow_hints(with_motion(steps(), Estimator()), [hint], info, begin=0).at)


@pytest.mark.parametrize("long", [10, 24])
def test_hints_end_with_a_dissolve(long: int) -> None:
    before = times(30, long, 9, at=4)
    assert before[0] == 0 and 30 <= before[-1] < 30 + long + 4
    after = times(30, long, 9, at=85)
    assert after[-1] == COUNT - 1 and 30 < after[0] < 30 + long + 4


def test_hints_end_with_a_fade() -> None:
    assert times(30, 12, None, at=4)[-1] < 50


def test_hints_last_as_long_as_their_shot() -> None:
    assert times(COUNT, 1, None, at=4) == list(range(COUNT))
