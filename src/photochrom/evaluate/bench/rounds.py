"""Timing things in turn, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from photochrom.progress import Progress, silent

K = TypeVar("K", bound=Hashable)


def in_turn(
    steps: Mapping[K, Callable[[], object]],
    rounds: int,
    *,
    warm: int = 1,
    what: str = "",
    progress: Progress = silent,
) -> dict[K, list[float]]:
    """Seconds of each step in each round. A round runs every step once; `warm` rounds before are not counted.

    what: is timed, for `progress`.
    """
    seconds: dict[K, list[float]] = {key: [] for key in steps}
    for n in range(-warm, rounds):
        progress(what, n + warm, rounds + warm)
        for key, step in steps.items():
            start = time.perf_counter()
            step()
            if n >= 0:
                seconds[key].append(time.perf_counter() - start)
    return seconds


def spread(values: Sequence[float]) -> dict[str, float]:
    """min, median and max."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def ratios(values: Sequence[float], base: Sequence[float]) -> dict[str, float]:
    """min, median and max of values / base, round by round."""
    return spread([value / reference for value, reference in zip(values, base, strict=True)])
