"""Which pictures are for training and which for validation: by their content, so that adding some moves none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.pictures.picture import Picture

_EXACT_SHARE = 0.2  # of "exact"
_COUNTS = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")


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


def split(pictures: Sequence[Picture], validation: float | str = 0.2, limit: int = 0) -> Split:
    """Put some of the pictures into the validation part; copies of one file always share a part.

    validation: a share, about which goes there by hash, and so that adding pictures moves none. "exact": a fifth, to
    the picture. "8000/2000": so many of all are for training and so many for validation. Else a text file with the
    names of those for validation, one a line. limit: keep that many, chosen by hash too; of no effect on counts.
    With a share, pictures whose data set says where they belong go there. Neither part is left empty where both are
    wanted. Raises UsageError for too few pictures, and for a file that can't be read or names what isn't there.
    """
    if isinstance(validation, str):
        if counts := _COUNTS.fullmatch(validation):
            train, held_out = (int(count) for count in counts.groups())
            if train + held_out > len(pictures):
                raise UsageError(
                    f"data.validation = {validation} needs {train + held_out} pictures, and there are "
                    f"{len(pictures)}: add some, or set it to exact for four fifths and one fifth of them"
                )
            chosen = _limited(pictures, train + held_out)
            return _parts(chosen, _exactly(chosen, held_out), wanted=held_out > 0)
        chosen = _limited(pictures, limit)
        if validation == "exact":
            held_out = max(1, round(_EXACT_SHARE * len(chosen)))
            return _parts(chosen, _exactly(chosen, held_out))
        return _parts(chosen, _named(chosen, validation))
    chosen = _limited(pictures, limit)
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
    return _parts(chosen, parts, wanted=validation > 0)


def _limited(pictures: Sequence[Picture], limit: int) -> list[Picture]:
    """So many of them, chosen by hash, in their order; all for 0."""
    if not 0 < limit < len(pictures):
        return list(pictures)
    first = sorted(range(len(pictures)), key=lambda i: (pictures[i].digest[8:], i))[:limit]
    return [pictures[i] for i in sorted(first)]


def _parts(pictures: Sequence[Picture], held_out: Sequence[bool], *, wanted: bool = True) -> Split:
    pairs = list(zip(pictures, held_out, strict=True))
    result = Split([p for p, out in pairs if not out], [p for p, out in pairs if out])
    if not result.train or (wanted and not result.validation):
        raise UsageError(f"{len({p.digest for p in pictures})} different pictures are too few: give at least 2")
    return result


def _exactly(pictures: Sequence[Picture], count: int) -> list[bool]:
    """Whether each is one of `count`, those with the least hashes; copies stay together, if need be at one less."""
    copies = Counter(picture.digest for picture in pictures)
    held_out, left = set(), count
    for digest in sorted(copies):
        if copies[digest] <= left:
            held_out.add(digest)
            left -= copies[digest]
    return [picture.digest in held_out for picture in pictures]


def _named(pictures: Sequence[Picture], file: str) -> list[bool]:
    """Whether each stands in a text file: its path, its path below the folder that was given, or its bare name."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"data.validation = {file!r} is no text file that can be read ({error}): give a share, exact, counts as in "
            "8000/2000, or a file with a name a line"
        ) from error
    wanted = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    names = [{picture.where, picture.name, Path(picture.name).name} & wanted for picture in pictures]
    if missing := sorted(wanted.difference(*names)):
        raise UsageError(
            f"{file} names {missing[0]!r}" + (f" and {len(missing) - 1} more" if missing[1:] else "") + ", which "
            f"{'are' if missing[1:] else 'is'} not among the {len(pictures)} pictures: take out what isn't there"
        )
    named = {picture.digest for picture, found in zip(pictures, names, strict=True) if found}
    return [picture.digest in named for picture in pictures]
