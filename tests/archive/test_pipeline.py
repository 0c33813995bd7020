"""Many at a time: nothing is listed, nothing is lost, and memory has a limit."""

import threading
import time

import pytest

from photochrom.archive.pipeline import Memory, each


def test_a_source_is_taken_from_as_results_come() -> None:
    taken = 0

    def source():
        nonlocal taken
        for n in range(1000):
            taken += 1
            yield n

    results = each(lambda n: n, source(), workers=2, ahead=2)
    next(results)
    assert taken <= 5
    assert sorted([*results]) == list(range(1000))[1:] or taken == 1000


def test_an_error_ends_it_and_nothing_else_is_begun() -> None:
    begun = []

    def work(n: int) -> None:
        begun.append(n)
        if n == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        list(each(work, range(1000), workers=2))
    assert len(begun) < 20


def test_memory_is_shared_and_the_longest_waiting_comes_first() -> None:
    memory, held, most, guard = Memory(10), 0, 0, threading.Lock()

    def work(need: int) -> int:
        nonlocal held, most
        taken = memory.take(need)
        with guard:
            held += taken
            most = max(most, held)
        time.sleep(0.001)
        with guard:
            held -= taken
        memory.give(taken)
        return need

    needs = [3, 9, 1, 4, 50, 2, 7] * 5
    assert sorted(each(work, needs, workers=6)) == sorted(needs)
    assert most <= 10
