"""Where shots begin. A cut is where next to nothing of a picture can be followed from the one before.

Of 1,279 pairs of neighbours in six films, the share that can be followed is 0.46 or more, mostly over 0.8, and at cuts
0.05 or less (docs/film.md). A flash breaks the thread too, but after it the film goes on as before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from photochrom.film.flow import Estimator, still
from photochrom.film.step import Step

FOLLOWED = 0.15  # share of a picture that can be followed: a cut is below it
_AGAIN = 0.4  # and so much after a flash
FLASH = 4  # pictures that a flash lasts at most
_STILL = 0.6  # how far it is believed that nothing moves in a flash


def with_motion(steps: Iterable[Step], estimator: Estimator) -> Iterator[Step]:
    """The same pictures with their motion, which the first of a shot lacks."""
    last: Step | None = None
    held: list[Step] = []  # pictures of what is a cut or a flash
    for step in steps:
        if last is None:
            yield step
            last = step
            continue
        step.motion = estimator.between((held[-1] if held else last).plane, step.plane)
        if not held:
            if step.motion.back.sure.mean() >= FOLLOWED:
                yield step
                last = step
            else:
                held.append(step)
            continue
        over = estimator.between(last.plane, step.plane)
        if over.back.sure.mean() >= _AGAIN:
            for lit in held:
                lit.motion, lit.flash = still(lit.plane.shape, _STILL), True
            step.motion = over
            yield from held
            yield step
            held, last = [], step
            continue
        held.append(step)
        if len(held) > FLASH:
            yield from _cut(held)
            held, last = [], step
    yield from _cut(held)


def _cut(held: list[Step]) -> Iterator[Step]:
    """Held pictures of which the first begins a shot, and perhaps another does."""
    for place, step in enumerate(held):
        assert step.motion is not None
        if place == 0 or step.motion.back.sure.mean() < FOLLOWED:
            step.motion = None
        yield step
