"""What an evaluation is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.evaluate.summary import DRAWS
from photochrom.train.measure.weight_files import WEIGHTS

_PARTS = (*WEIGHTS, "distribution")  # what can be left out


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """Of one evaluation.

    domain: the kind of pictures, by which models are given something else (see photochrom.evaluate.given). size: px of
    the squares. limit: at most so many pictures, 0 for all. details, vividness: of the models, one row for each pair.
    without: names of METRICS that are not wanted. metric_weights: folders with the metrics' networks.
    download: fetch those that are missing. draws: of the bootstrap, 0 for no intervals. threads: None for all cores.
    """

    domain: str = "photo"
    size: int = 256
    limit: int = 0
    details: tuple[int | None, ...] = (None,)
    vividness: tuple[float, ...] = (1.0,)
    without: tuple[str, ...] = ()
    metric_weights: tuple[Path, ...] = ()
    download: bool = False
    draws: int = DRAWS
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        """Raises UsageError."""
        find_domain(self.domain)
        if not 32 <= self.size <= 2048:
            raise UsageError(f"the size of the squares must lie in 32..2048 px, got {self.size}")
        if self.limit < 0 or self.draws < 0:
            raise UsageError(f"limit and draws must be 0 or more, got {self.limit} and {self.draws}")
        for name in self.without:
            if name not in _PARTS:
                raise UsageError(f"there is no part {name!r} to leave out: choose from {', '.join(_PARTS)}")
