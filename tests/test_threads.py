"""Work on threads: in order, and not further ahead than asked for."""

import threading
import time

import pytest

from photochrom.threads import ordered_map


def test_results_come_in_order() -> None:
    assert list(ordered_map(lambda n: (time.sleep((n % 3) / 1000), n)[1], range(30), threads=3)) == list(range(30))


@pytest.mark.parametrize("ahead", [1, 5])
def test_only_so_many_are_computed_ahead(ahead: int) -> None:
    begun, lock = [], threading.Lock()

    def work(n: int) -> int:
        with lock:
            begun.append(n)
        return n

    results = ordered_map(work, range(100), threads=2, ahead=ahead)
    assert next(results) == 0
    time.sleep(0.05)
    assert max(begun) <= ahead


def test_what_fails_on_a_thread_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda n: 1 // (5 - n), range(10)))
