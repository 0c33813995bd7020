"""Work on threads: in order, and not further ahead than asked for."""

import os
import threading
import time
from pathlib import Path

import pytest

from photochrom.threads import alone, cores, on_threads, ordered_map


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


def test_who_works_alone_starts_no_threads() -> None:
    seen: set[int] = set()
    with alone():
        on_threads(lambda n: seen.add(threading.get_ident()), range(8), None)
        assert list(ordered_map(lambda n: (seen.add(threading.get_ident()), n)[1], range(8), threads=4)) == [*range(8)]
    assert seen == {threading.get_ident()}
    on_threads(lambda n: (time.sleep(0.001), seen.add(threading.get_ident())), range(8), 4)
    assert len(seen) > 1


def test_a_container_has_the_cores_of_its_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr("photochrom.threads._QUOTA", quota)
    for text, expected in (("max 100000", cores()), ("100000 100000", 1), ("50000 100000", 1), ("?", cores())):
        quota.write_text(text)
        cores.cache_clear()
        assert cores() == min(expected, os.cpu_count() or 1)
    cores.cache_clear()
