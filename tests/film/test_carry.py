"""What is said of one picture goes to others along the motion, and not over a cut."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer
from photochrom.color.lab import rgb_to_lab
from photochrom.film.carry import Shot
from photochrom.film.film import color_film
from photochrom.film.flow import Estimator, joined, rest, sampled, still
from photochrom.film.mixing import looked_at
from photochrom.film.shots import with_motion
from photochrom.film.step import Step
from photochrom.network.spec import NetworkSpec
from photochrom.prediction import Prediction
from tests.film.films import FilmMaker, seen

SIZE = (112, 150)


def texture(seed: int) -> np.ndarray:
    """A plane of L* with structure of many sizes, larger than a picture so that one may move over it."""
    rng = np.random.default_rng(seed)
    plane = sum(np.kron(rng.random((260 // n + 1, 340 // n + 1)), np.ones((n, n)))[:260, :340] * n for n in (3, 8, 24))
    plane = (plane - plane.min()) / np.ptp(plane) * 90 + 5
    return plane.astype(np.float32)


def window(plane: np.ndarray, x: float, y: float) -> np.ndarray:
    at = rest(SIZE).to + np.array([x + 20, y + 20], np.float32)
    return sampled(plane, at)


def step(plane: np.ndarray) -> Step:
    return Step(None, None, plane, plane)  # type: ignore[arg-type]  # neither frame nor luma is looked at


def test_motion_is_found_both_ways() -> None:
    plane = texture(0)
    motion = Estimator().between(window(plane, 0, 0), window(plane, 2.5, -1.5))
    moved = motion.back.to - rest(SIZE).to
    inner = slice(16, -16)
    assert np.abs(moved[inner, inner] - (2.5, -1.5)).mean() < 0.15
    assert motion.back.sure[inner, inner].mean() > 0.95
    there_and_back = joined(motion.on, motion.back).to - rest(SIZE).to
    assert np.abs(there_and_back[inner, inner]).mean() < 0.15


def test_exposure_is_no_motion() -> None:
    plane = window(texture(1), 0, 0)
    motion = Estimator().between(plane, np.clip(plane * 0.8 + 4, 0, 100).astype(np.float32))
    assert np.abs(motion.back.to - rest(SIZE).to).mean() < 0.2 and motion.back.sure.mean() > 0.9


def film(*shots: tuple[int, int], flashes: tuple[int, ...] = (), dissolve: int = 0) -> list[Step]:
    """Shots (texture, pictures), each panning; flashes: places of pictures that are lit; dissolve: pictures that two
    shots have in common."""
    planes: list[np.ndarray] = []
    for seed, count in shots:
        own = [window(texture(seed), 1.3 * n, 0.4 * n) for n in range(count)]
        common = dissolve if planes else 0
        for n in range(common):
            share = (n + 1) / (common + 1)
            planes[len(planes) - common + n] = planes[len(planes) - common + n] * (1 - share) + own[n] * share
        planes += own[common:]
    for place in flashes:
        planes[place] = np.clip(planes[place] * 0.3 + 72, 0, 100)
    return [step(plane.astype(np.float32)) for plane in planes]


def cuts(steps: list[Step]) -> list[int]:
    return [n for n, one in enumerate(with_motion(iter(steps), Estimator())) if one.motion is None]


def test_cuts_are_found_and_flashes_are_none() -> None:
    assert cuts(film((1, 12), (2, 9), (3, 2), (4, 12))) == [0, 12, 21, 23]
    assert cuts(film((1, 30), flashes=(7, 15, 16))) == [0]
    lit = list(with_motion(iter(film((1, 20), flashes=(7,))), Estimator()))
    assert len(lit) == 20 and all(one.motion for one in lit[1:])


def test_no_picture_is_lost_at_the_end_of_a_film() -> None:
    for tail in range(1, 7):
        assert len(list(with_motion(iter(film((1, 6), (2, tail))), Estimator()))) == 6 + tail


SPEC = NetworkSpec(
    output="distribution", multiple=16, stride=4, work_size=64, temperature=0.4, centres=((0, 0), (60, 40), (-20, -50))
)


def said(*logits: float) -> Prediction:
    planes = np.tile(np.array(logits, np.float32)[:, None, None], (1, 28, 38))
    return Prediction(SPEC, np.zeros(SIZE, np.float32), planes)


def colored(looks: dict[int, Prediction], count: int, *, motion: bool = True, **options: float) -> list[np.ndarray]:
    """The mean ab of each of `count` pictures of a shot in which nothing moves."""
    shot, done = Shot(lambda prediction: prediction.ab(), **options), []
    for n in range(count):
        one = step(np.zeros(SIZE, np.float32))
        one.motion = still(SIZE, 1.0 if motion else 0.0) if n else None
        if n in looks:
            one.looked = looked_at(looks[n])
        done += shot.add(one)
    done += shot.end()
    assert len(done) == count
    return [one.colors.mean(axis=(0, 1)) for one in done]


def test_between_keys_colours_change_evenly() -> None:
    ab = colored({0: said(0, 6, 0), 4: said(0, 0, 6)}, 9, ahead=0, keep=0.0)
    assert np.allclose(ab[0], said(0, 6, 0).ab()[0, 0]) and np.allclose(ab[4], said(0, 0, 6).ab()[0, 0])
    assert np.allclose(ab[1], 0.75 * ab[0] + 0.25 * ab[4], atol=0.1) and np.allclose(ab[8], ab[4])


def test_a_passing_doubt_is_outvoted() -> None:
    doubt, sure = said(2, 1, 2.2), said(0, 5, 0)
    ab = colored({0: sure, 4: doubt, 8: sure}, 9)
    alone = np.linalg.norm(doubt.ab()[0, 0] - sure.ab()[0, 0])
    assert max(np.linalg.norm(one - ab[0]) for one in ab) < 0.25 * alone


def test_what_cant_be_followed_has_no_say() -> None:
    ab = colored({0: said(0, 6, 0), 4: said(0, 0, 6)}, 5, motion=False)
    assert np.allclose(ab[4], said(0, 0, 6).ab()[0, 0], atol=0.5)


def bright(n: int, size: tuple[int, int]) -> np.ndarray:
    """A still scene whose exposure trembles about the lightness where the drawn network changes its mind."""
    y, x = np.mgrid[: size[1], : size[0]]
    return 100 + 40 * np.sin(x / 9) * np.cos(y / 11) + (9 if n % 2 else -9)


def test_a_film_flickers_less_than_its_pictures(
    tmp_path: Path, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = FilmMaker("ffv1", times=range(33), unit=Fraction(1, 25), draw=bright)
    source = maker.write(tmp_path / "old.mkv")
    assert color_film(source, tmp_path / "carried.mkv", colorizer).count == 33

    from photochrom.film.single import one_by_one

    def alone(self: object, steps: Iterator[Step]) -> Iterator[Step]:
        return one_by_one((step.frame for step in steps), self._painter)  # type: ignore[attr-defined]

    monkeypatch.setattr("photochrom.film.looking.Colors._colored", alone)
    assert color_film(source, tmp_path / "alone.mkv", colorizer).count == 33
    flicker = {}
    for name in ("carried", "alone"):
        ab = np.stack([rgb_to_lab(rgb / 255.0)[..., 1:] for rgb in seen(tmp_path / f"{name}.mkv").rgb])
        flicker[name] = np.abs(np.diff(ab, axis=0)).mean()
    assert flicker["carried"] < 0.3 * flicker["alone"]
