"""Which pictures are for training and which for validation: by their content, so that adding some moves none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from photochrom.errors import UsageError
from photochrom.pictures.picture import Picture


@dataclass(frozen=True)
class Split:
    """The two parts, each in the order the pictures were found in."""

    train: list[Picture]
    validation: list[Picture]

    @property
    def sha256(self) -> str:
        """Of all digests: the same pictures give the same, wherever they lie."""
        digests = [f"train {p.digest}" for p in self.train] + [f"validation {p.digest}" for p in self.validation]
        return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def split(pictures: Sequence[Picture], validation: float = 0.2, limit: int = 0) -> Split:
    """Put a share of the pictures into the validation part; copies of one file always share a part.

    `limit` keeps that many, chosen by hash too. Pictures whose data set says where they belong go there. Neither part
    is left empty where both are wanted. Raises UsageError for too few pictures.
    """
    chosen = list(pictures)
    if 0 < limit < len(chosen):
        first = sorted(range(len(chosen)), key=lambda i: (chosen[i].digest[8:], i))[:limit]
        chosen = [chosen[i] for i in sorted(first)]
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
    result = Split(
        [p for p, held_out in zip(chosen, parts, strict=True) if not held_out],
        [p for p, held_out in zip(chosen, parts, strict=True) if held_out],
    )
    if not result.train or (validation > 0 and not result.validation):
        raise UsageError(f"{len({p.digest for p in chosen})} different pictures are too few: give at least 2")
    return result
