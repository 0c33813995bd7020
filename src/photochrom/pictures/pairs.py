"""Pairs: a colour picture and an input that belongs to it, told by their names, in folders as in tar shards.

The two names differ in one word: `rgb` in the one (or another of COLOR) is `ir` in the other (or another of INPUTS).
Words stand between dots, dashes, underscores and slashes, so all of these are pairs, whatever the files' formats:

    k1.rgb.webp + k1.ir.webp      0001_rgb.tiff + 0001_nir.tiff      rgb/a/7.jpg + thermal/a/7.png

Right before the suffix any word will do beside `rgb`, as in WebDataset: k1.rgb.png + k1.depth.png.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PictureError, UsageError
from photochrom.pictures.picture import Picture, Pixels
from photochrom.pictures.squares import center_box, resized_crop

COLOR = ("rgb", "color", "colour", "visible", "vis")
INPUTS = (
    "ir", "nir", "infrared", "thermal", "lwir", "swir", "satellite",
    "sketch", "line", "lines", "lineart", "edge", "edges", "input", "grey", "gray",
)  # fmt: skip
_KNOWN = frozenset((*COLOR, *INPUTS))
_WORDS = re.compile(r"([./_\- ])")  # kept, so that only names with the same separators match


def pairs_among(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Of names of pictures, with their folders: each colour picture that has inputs -> its inputs by their word."""
    split = {name: _words(name) for name in names}
    by_words = {"".join(words): name for name, words in split.items()}
    by_stem: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        stem, dot, word = _bare(name).rpartition(".")
        if dot and stem and "/" not in word:
            by_stem[stem][word.lower()] = name
    found = {}
    for name, words in split.items():
        inputs = {word: by_words[key] for word, key in _counterparts(words) if key in by_words}
        stem, _, word = _bare(name).rpartition(".")
        if word.lower() in COLOR:
            inputs |= {other: path for other, path in by_stem[stem].items() if other not in COLOR}
        if inputs:
            found[name] = inputs
    return found


def joined_to_pairs(pictures: Sequence[Picture]) -> list[Picture]:
    """Pictures of one folder or shard, in their order, each input moved into the colour picture it belongs to."""
    pairs = pairs_among([picture.name for picture in pictures])
    if not pairs:
        return list(pictures)
    by_name = {picture.name: picture for picture in pictures}
    inputs = {name for found in pairs.values() for name in found.values()}
    return [
        replace(p, inputs=tuple((word, by_name[name]) for word, name in sorted(pairs.get(p.name, {}).items())))
        for p in pictures
        if p.name not in inputs
    ]


def only_pairs(pictures: Sequence[Picture], kind: str = "") -> list[Picture]:
    """Those that have an input, of that kind ("ir") where one is named. Raises UsageError if there is none."""
    found = [picture for picture in pictures if picture.input(kind)]
    if not found:
        word = kind or "ir"
        raise UsageError(
            f"none of the {len(pictures)} pictures has {f'an input of the kind {kind!r}' if kind else 'an input'} "
            f"beside it: name pairs KEY.rgb.png and KEY.{word}.png, or rgb/KEY.png and {word}/KEY.png within one "
            "folder or .tar"
        )
    return found


def center_pair(picture: Picture, size: int, kind: str = "") -> tuple[Pixels, Pixels]:
    """The middle squares of the truth and of its input, (size,size,3) each: the same part of both. Raises PictureError.

    The two may have different sizes but not different shapes.
    """
    truth, given = pair_pixels(picture, kind)
    box = center_box(truth.shape[1], truth.shape[0])
    return resized_crop(truth, box, size), resized_crop(given, box_in_input(box, truth, given), size)


def pair_pixels(picture: Picture, kind: str = "", short_side: int = 0) -> tuple[Pixels, Pixels]:
    """The truth and its input, (H,W,3) uint8 sRGB each, perhaps of different sizes. Raises PictureError.

    short_side: as of decode(). It is refused where the shapes differ by over 3 %: they can't show the same.
    """
    source = picture.input(kind)
    if source is None:
        raise PictureError(f"{picture.where} has no input beside it: take it out of the pairs")
    truth, given = picture.pixels(short_side), source.pixels(short_side)
    if abs(truth.shape[1] * given.shape[0] / (truth.shape[0] * given.shape[1]) - 1) > 0.03:
        sizes = " and ".join(f"{pixels.shape[1]}x{pixels.shape[0]}" for pixels in (truth, given))
        raise PictureError(f"{picture.where} and its input {source.where} are {sizes}: crop them to the same part")
    return truth, given


def box_in_input(box: NDArray[np.float64], truth: Pixels, given: Pixels) -> NDArray[np.float64]:
    """A square left, top, side of the truth, as the square of its input that shows the same."""
    scale = min(given.shape[0] / truth.shape[0], given.shape[1] / truth.shape[1])
    there: NDArray[np.float64] = box * scale
    return there


def _counterparts(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each word of an input, with what the name would be if it stood in place of one `rgb`, or of all of them."""
    places = [i for i, word in enumerate(words) if word in COLOR]
    choices = [[i] for i in places] + ([places] if len(places) > 1 else [])
    for choice in choices:
        for word in INPUTS:
            yield word, "".join(word if i in choice else w for i, w in enumerate(words))


def _words(name: str) -> list[str]:
    """The words of a name without its suffix and the separators between them; those that tell pairs in lower case."""
    return [low if (low := word.lower()) in _KNOWN else word for word in _WORDS.split(_bare(name))]


def _bare(name: str) -> str:
    """Without the suffix, with slashes."""
    name = name.replace("\\", "/")
    return name[: name.rfind(".")]
