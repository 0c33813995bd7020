"""Learning rates over a run: a factor for each share of it that is done, so that a resumed run needs no state."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["constant", "cosine", "linear-decay", "one-cycle", "step"]

WARMUP = 0.03  # share of a stage of the photo recipe in which its rate rises
FIRST, LAST = 0.02, 0.005  # least factors of warm_cosine at its beginning and its end


def factor(kind: Schedule, done: float, warmup: float = 0.0) -> float:
    """What the rate is multiplied with when `done` (0..1) of the run lies behind.

    "cosine" falls to 0; "linear-decay" stays for half of the run and falls to 0 (pix2pix, CycleGAN); "one-cycle" rises
    from 1/25 for 30 % and falls to nothing (Smith 2018); "step" falls to about a third at 4/9 and again at 5/6
    (ECCV 2016). warmup: share of the run in which it rises from 0; the rest follows the schedule.
    """
    if done < warmup:
        return done / warmup
    done = min(1.0, (done - warmup) / (1 - warmup))
    if kind == "cosine":
        return _cosine(done)
    if kind == "linear-decay":
        return min(1.0, 2 * (1 - done))
    if kind == "one-cycle":
        if done < 0.3:
            return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * done / 0.3)) / 2
        return _cosine((done - 0.3) / 0.7)
    if kind == "step":
        return 10 ** (-0.5 * ((done >= 4 / 9) + (done >= 5 / 6)))
    return 1.0


def warm_cosine(done: float) -> float:
    """The factor of a stage of the photo recipe: up linearly over the first WARMUP, then a cosine down to LAST."""
    if done < WARMUP:
        return max(done / WARMUP, FIRST)
    return max(_cosine(min(done, 1.0)), LAST)


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2
