"""The DataLoaders of training: of squares that workers decode, or of the numbers of those that are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from photochrom.train.data.order import TrainOrder, ValidationOrder
from photochrom.train.data.pictures import Pick


class ResumableLoader(DataLoader[Any]):
    """A DataLoader of which Lightning knows that it can be resumed: its order asks the trainer where it is."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class _Picks(Dataset[tuple[str, Pick]]):
    def __init__(self, part: str) -> None:
        self.part = part

    def __getitem__(self, pick: Pick) -> tuple[str, Pick]:
        return self.part, pick


def picks_loader(part: str, order: TrainOrder | ValidationOrder) -> ResumableLoader:
    """Batches {"part": its name, "picks": (N,1+sets) int64} of pictures that are in memory already."""
    return ResumableLoader(_Picks(part), batch_sampler=order, collate_fn=_collate_picks)


def _collate_picks(items: Sequence[tuple[str, Pick]]) -> dict[str, Any]:
    return {"part": items[0][0], "picks": np.array([pick for _, pick in items], np.int64)}
