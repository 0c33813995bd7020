"""The stages of the `photo` recipe within one run: which losses are on, and the learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from photochrom.errors import UsageError

WARMUP = 0.03  # share of a phase in which the rate rises
LEAST = 0.005  # of the highest rate, at the end of a phase


@dataclass(frozen=True)
class Stages:
    """Shares of the run: a) distribution loss; b) also perceptual and Huber losses; c) also an adversarial loss.

    hints: share of the whole run, at its end, of stage d, in which nothing but the spreading of hints learns.
    Three phases have a learning rate of their own, each warming up and falling as a cosine: stage a, b with c, and d.
    """

    shares: tuple[float, float, float]
    hints: float = 0.0

    def __post_init__(self) -> None:
        if min(self.shares) < 0 or not sum(self.shares) > 0:
            raise UsageError(
                f"train.stages = {list(self.shares)} can't be used: give three shares, as in [0.5, 0, 0.5]"
            )

    @property
    def first(self) -> float:
        """Where stage a ends, 0..1."""
        return (1 - self.hints) * self.shares[0] / sum(self.shares)

    @property
    def has_refinement(self) -> bool:
        return self.shares[1] + self.shares[2] > 0

    def at(self, progress: float) -> str:
        """ "a", "b", "c" or "d" at a progress of 0..1."""
        if self.hints and progress >= 1 - self.hints:
            return "d"
        if progress < self.first or not self.has_refinement:
            return "a"
        second = (1 - self.hints) * (self.shares[0] + self.shares[1]) / sum(self.shares)
        return "b" if progress < second or not self.shares[2] else "c"

    def rate(self, progress: float, rate: float, refine_rate: float) -> float:
        """The learning rate at a progress of 0..1."""
        stage, last = self.at(progress), 1 - self.hints
        if stage == "d":
            return ramp((progress - last) / self.hints, rate)
        if stage == "a":
            return ramp(progress / self.first, rate)
        return ramp((progress - self.first) / (last - self.first), refine_rate)


def ramp(progress: float, most: float) -> float:
    """Up linearly over the first WARMUP, then down as a cosine to LEAST."""
    if progress < WARMUP:
        return most * max(progress / WARMUP, 0.02)
    return most * max(0.5 * (1 + math.cos(math.pi * min(progress, 1.0))), LEAST)
