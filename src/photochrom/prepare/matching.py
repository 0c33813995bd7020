"""Which input belongs to which colour picture, of two folders: by their names, without words such as rgb and nir."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from photochrom.errors import UsageError
from photochrom.pictures.pairs import COLOR, INPUTS
from photochrom.pictures.picture import Picture

_WORDS = re.compile(r"[./_\- ]+")
_KINDS = frozenset((*COLOR, *INPUTS))


def matched(truths: Sequence[Picture], inputs: Sequence[Picture]) -> list[tuple[Picture, Picture]]:
    """Colour pictures and the inputs that have their name, in the colour pictures' order.

    Raises UsageError where two pictures of one side have one name, and where no names agree.
    """
    by_key = {side: _by_key(pictures, side) for side, pictures in (("first", truths), ("second", inputs))}
    ours, theirs = by_key["first"], by_key["second"]
    found = [(picture, theirs[key]) for key, picture in ours.items() if key in theirs]
    if not found:
        raise UsageError(
            f"no name of the {len(truths)} pictures of the first folder is found among the {len(inputs)} of the second "
            f"({truths[0].name}, {inputs[0].name}): name both of a pair alike, as in 0001_rgb.png and 0001_nir.png"
        )
    return found


def key_of(name: str) -> str:
    """What both of a pair have in common: a01_rgb.png and A01-nir.tif give a01."""
    stem = name.replace("\\", "/").rpartition(".")[0]
    return "/".join(word for word in _WORDS.split(stem.lower()) if word and word not in _KINDS)


def _by_key(pictures: Iterable[Picture], side: str) -> dict[str, Picture]:
    keys = [(key_of(picture.name), picture) for picture in pictures]
    twins = [key for key, count in Counter(key for key, _ in keys).items() if count > 1]
    if twins:
        names = [picture.name for key, picture in keys if key == twins[0]]
        raise UsageError(f"{names[0]} and {names[1]} of the {side} folder have one name: rename one of them")
    return dict(keys)
