"""Stages overlap, none runs far ahead, and one that fails ends all of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from photochrom.errors import OutputError, PictureError
from photochrom.film.stages import StageError, run_stages


def counting(made: list[int], last: int = 10**9) -> Iterator[int]:
    for n in range(last):
        made.append(n)
        yield n


def passing(items: Iterator[int]) -> Iterator[int]:
    yield from items


def failing(error: Exception, at: int = 5):
    def stage(items: Iterator[int]) -> Iterator[int]:
        for n in items:
            if n == at:
                raise error
            yield n

    return stage


def alive() -> int:
    return sum(thread.name.startswith("photochrom-") for thread in threading.enumerate())


def test_everything_arrives_in_order() -> None:
    doubled = ("doubling", lambda items: (2 * n for n in items))
    assert list(run_stages(counting([], 100), [doubled, ("passing", passing)])) == list(range(0, 200, 2))
    assert alive() == 0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_fault_in_any_stage_ends_all_and_is_named(place: int) -> None:
    names = ["decoding", "colouring", "painting"]
    stages = [(name, failing(ZeroDivisionError("oh")) if n == place else passing) for n, name in enumerate(names)]
    made: list[int] = []
    with pytest.raises(StageError, match=f"{names[place]} failed .ZeroDivisionError: oh"):
        list(run_stages(counting(made), stages, ahead=2))
    assert alive() == 0 and len(made) < 30


def test_a_source_that_fails_is_named() -> None:
    source = failing(ZeroDivisionError("oh"))(iter(range(9)))
    with pytest.raises(StageError, match="reading failed"):
        list(run_stages(source, [("passing", passing)]))
    assert alive() == 0


def test_what_is_said_in_a_sentence_stays_it() -> None:
    for error in (PictureError("cut short"), OutputError("full")):
        with pytest.raises(type(error), match=str(error)):
            list(run_stages(counting([]), [("colouring", failing(error))]))


def test_none_runs_far_ahead_and_all_end_with_the_caller() -> None:
    made: list[int] = []
    with closing(run_stages(counting(made), [("passing", passing), ("passing on", passing)], ahead=3)) as results:
        assert next(results) == 0
        time.sleep(0.1)
        assert len(made) < 20
    assert alive() == 0
