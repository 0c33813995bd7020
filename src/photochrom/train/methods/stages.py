"""The stages of the `photo` recipe within one run: which losses are on, and the learning rate of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from photochrom.errors import UsageError
from photochrom.train.methods.schedule import warm_cosine

Stage = Literal["a", "b", "c", "d"]


@dataclass(frozen=True)
class Stages:
    """Shares of the run: a) distribution loss; b) also perceptual and Huber losses; c) also an adversarial loss.

    hints: share of the whole run, at its end, of stage d, in which only the spreading of hints is trained.
    Stage a, stages b and c together, and stage d each have a warm-up and a cosine of the learning rate of their own.
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
        """Whether there is a stage b or c."""
        return self.shares[1] + self.shares[2] > 0

    def at(self, done: float) -> Stage:
        """The stage when `done` (0..1) of the run lies behind."""
        if self.hints and done >= 1 - self.hints:
            return "d"
        if done < self.first or not self.has_refinement:
            return "a"
        second = (1 - self.hints) * (self.shares[0] + self.shares[1]) / sum(self.shares)
        return "b" if done < second or not self.shares[2] else "c"

    def rate(self, done: float, rate: float, refine_rate: float) -> float:
        """The learning rate when `done` (0..1) of the run lies behind. refine_rate: the highest of stages b and c."""
        stage, last = self.at(done), 1 - self.hints
        if stage == "d":
            return rate * warm_cosine((done - last) / self.hints)
        if stage == "a":
            return rate * warm_cosine(done / self.first)
        return refine_rate * warm_cosine((done - self.first) / (last - self.first))
