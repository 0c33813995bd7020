"""Which pictures are for training and which for validation: by their content, so that adding some moves none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.pictures.find import find_pictures
from photochrom.pictures.picture import Picture
from photochrom.train.recipe.sections import Recipe


@dataclass(frozen=True)
class Split:
    """The two parts, each in the order the pictures were found in."""

    train: list[Picture]
    validation: list[Picture]

    @property
    def sha256(self) -> str:
        """Of all digests: the same pictures give the same, wherever they lie."""
        digests = [f"{part} {p.digest}" for part in ("train", "validation") for p in getattr(self, part)]
        return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def parts_of(data: Sequence[str | Path], recipe: Recipe, *, commands: bool = False) -> Split:
    """The parts that a run of the recipe on this data has. Raises what find_pictures() and split() raise."""
    return split(find_pictures(data, commands=commands), recipe.data.validation, recipe.data.limit)


def split(pictures: Sequence[Picture], validation: float = 0.2, limit: int = 0) -> Split:
    """Put a share of the pictures into the validation part; copies of one file always share a part.

    `limit` keeps that many, chosen by hash too. Pictures whose data set says where they belong go there. Neither part
    is left empty where both are wanted. Raises UsageError for too few pictures.
    """
    chosen = list(pictures)
    if 0 < limit < len(chosen):
        kept = sorted(range(len(chosen)), key=lambda i: (chosen[i].digest[8:], i))[:limit]
        chosen = [chosen[i] for i in sorted(kept)]
    official = any(p.part == "validation" for p in chosen)

    def is_validation(p: Picture) -> bool:
        if p.part and official:
            return p.part == "validation"
        return int(p.digest[:8], 16) < validation * 2**32

    parts = [is_validation(p) for p in chosen]
    if len(set(parts)) == 1 and validation > 0 and len({p.digest for p in chosen}) > 1:
        # Few pictures, all on one side: the one nearest to the border changes over, with its copies.
        odd = (max if parts[0] else min)(p.digest for p in chosen)
        parts = [(p.digest == odd) != parts[0] for p in chosen]
    made = Split(
        [p for p, v in zip(chosen, parts, strict=True) if not v], [p for p, v in zip(chosen, parts, strict=True) if v]
    )
    if not made.train or (validation > 0 and not made.validation):
        raise UsageError(f"{len({p.digest for p in chosen})} different pictures are too few: give at least 2")
    return made
