"""The order of the data: a function of seed and epoch, so that a run that was killed goes on in mid-epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from photochrom.errors import UsageError
from photochrom.train.data.pictures import Pick


class TrainOrder(Sampler[list[Pick]]):
    """Batches of picks for this process: every picture at most once an epoch, all batches full.

    counts: of the pictures of each set; the first one makes the epoch, the others go round. apart: the second set is
    the first one again, and no pick holds one picture twice. batch: over all `world` processes. position: epoch and
    number of batches that are done, asked when an epoch is begun.
    Raises UsageError for a batch that can't be shared out, and for a single picture that is to be kept apart.
    """

    def __init__(
        self,
        counts: Sequence[int],
        batch: int,
        *,
        seed: int,
        position: Callable[[], tuple[int, int]],
        rank: int = 0,
        world: int = 1,
        apart: bool = False,
    ) -> None:
        if batch % world:
            raise UsageError(f"train.batch = {batch} can't be shared by {world} processes: give a multiple of {world}")
        self.share = min(batch, counts[0]) // world  # a batch of all pictures, when they are fewer
        if not self.share:
            raise UsageError(f"{counts[0]} pictures are too few for {world} processes: give each at least one")
        if apart and counts[0] < 2:
            raise UsageError("one picture can't be told from itself: give at least 2 to train on, or data.other")
        self.apart = apart
        self.counts, self.seed, self.position, self.rank, self.world = counts, seed, position, rank, world

    def __len__(self) -> int:
        return self.counts[0] // (self.share * self.world)

    def __iter__(self) -> Iterator[list[Pick]]:
        epoch, done = self.position()
        return self._from(epoch, done)

    def _from(self, epoch: int, done: int) -> Iterator[list[Pick]]:
        rows = [shuffled(self.counts[0], n, self.seed, epoch, i) for i, n in enumerate(self.counts)]
        if self.apart:
            rows[1] = np.roll(rows[0], 1)
        for step in range(done, len(self)):
            first = (step * self.world + self.rank) * self.share
            numbers = [row[first : first + self.share] for row in rows]
            yield [(epoch, *map(int, pick)) for pick in zip(*numbers, strict=True)]


class ValidationOrder(Sampler[list[Pick]]):
    """Batches of all pictures in their order, every `world`-th for this process; the last batch may be smaller."""

    def __init__(self, counts: Sequence[int], share: int, *, rank: int = 0, world: int = 1) -> None:
        self.counts, self.share = counts, share
        self.mine = range(rank, counts[0], world)

    def __len__(self) -> int:
        return math.ceil(len(self.mine) / self.share)

    def __iter__(self) -> Iterator[list[Pick]]:
        for first in range(0, len(self.mine), self.share):
            yield [(0, *(i % n for n in self.counts)) for i in self.mine[first : first + self.share]]


def shuffled(length: int, count: int, seed: int, epoch: int, stream: int = 0) -> NDArray[np.int64]:
    """`length` numbers below `count`, none again before all have been."""
    rng = np.random.default_rng((seed, epoch, stream))
    rounds = [rng.permutation(count) for _ in range(-(-length // count))]
    return np.concatenate(rounds)[:length]
