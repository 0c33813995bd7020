"""What a model is given of a picture of an evaluation: the truth's lightness, or in other domains the input of a pair.

The models of these domains predict lightness too, so the truth's would be the wrong question. Where a picture has no
input, one is made if the domain has a way to: a drawing, or a simulated infrared picture, always in the same style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from photochrom.color.lightness import lightness
from photochrom.color.tint import describe
from photochrom.domains.table import find_domain
from photochrom.errors import PictureError, UsageError
from photochrom.evaluate.arrays import Grey, Rgb
from photochrom.pictures.colored import check_color, refuse_colorless
from photochrom.pictures.pairs import center_pair
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop
from photochrom.train.data.inputs import SIMULATIONS


def open_square(picture: Picture, size: int) -> Rgb:
    """The centre square of the picture at (size,size,3), uint8 sRGB, as networks are trained on.

    Raises PictureError: not readable, or without any colour (it can't be a truth).
    """
    pixels = picture.pixels()
    check_color(pixels)
    return center_crop(pixels, size)


def open_pair(picture: Picture, size: int, domain: str) -> tuple[Rgb, Grey | Rgb]:
    """The truth's centre square, (size,size,3) uint8 sRGB, and what a model is given of it, (size,size) or the same.

    Raises PictureError as open_square does, and for a picture without the input that its domain asks for.
    """
    if find_domain(domain).keeps_lightness:
        truth = open_square(picture, size)
        return truth, grey_of(truth)
    if picture.input():
        truth, given = center_pair(picture, size)
        return truth, given if describe(given).kind == "color" else grey_of(given)
    if domain not in SIMULATIONS:
        raise PictureError("it has no input beside it")
    truth = open_square(picture, size)
    return truth, SIMULATIONS[domain](truth, None)


def grey_of(square: Rgb) -> Grey:
    """(H,W) uint8 with the lightness of the (H,W,3) square: what models of photographs are given."""
    table = lightness(np.arange(256, dtype=np.uint8)[None])[0]
    return np.searchsorted((table[1:] + table[:-1]) / 2, lightness(square)).astype(np.uint8)


def digest_of(picture: Picture, domain: str) -> str:
    """SHA-256 of the bytes of a picture, and of its inputs where they count. Raises PictureError."""
    counted = [picture] if find_domain(domain).keeps_lightness else [picture, *(one for _, one in picture.inputs)]
    hashed = hashlib.sha256()
    for one in counted:
        content = one.content()
        hashed.update(content if isinstance(content, bytes) else content.tobytes())
    return hashed.hexdigest()


def refuse_unfit(pictures: Sequence[Picture], domain: str) -> None:
    """Raises UsageError unless one of the pictures can be measured in that domain; stops at the first."""
    if find_domain(domain).keeps_lightness:
        refuse_colorless(pictures)
        return
    reason = ""
    for picture in pictures:
        try:
            open_pair(picture, 32, domain)
            return
        except PictureError as error:
            reason = str(error)
    sets = ", ".join(dict.fromkeys(picture.set_name for picture in pictures))
    raise UsageError(
        f"none of the {len(pictures)} pictures in {sets} can be used in the domain {domain!r} (the last: {reason}): "
        "give pairs, KEY.rgb.png beside KEY.ir.png"
    )
