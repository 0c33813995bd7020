"""Whether pictures have colour: without, there is nothing to learn from and nothing to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from photochrom.color.tint import describe, is_grey
from photochrom.errors import PictureError, UsageError
from photochrom.pictures.picture import Picture, Pixels

NO_COLOR = "it has no colour"  # why a picture is left out


def check_color(pixels: Pixels) -> None:
    """Refuse a picture (H,W,3) that can't be a truth. Raises PictureError with NO_COLOR."""
    if is_grey(pixels):
        raise PictureError(NO_COLOR)


def refuse_colorless(pictures: Sequence[Picture], *, to: str = "compare with", toned: bool = False) -> None:
    """Raises UsageError unless one of the pictures is in colour; stops at the first.

    to: what they are for, for the message. toned: whether pictures of one tone will do, as of brown or dark things.
    """
    unreadable = ""
    for picture in pictures:
        try:
            pixels = picture.pixels()
            if not is_grey(pixels) and (toned or describe(pixels).kind == "color"):
                return
        except PictureError as error:
            if str(error) != NO_COLOR:
                unreadable = unreadable or f" (one can't be read: {error})"
    sets = ", ".join(dict.fromkeys(picture.set_name for picture in pictures))
    raise UsageError(
        f"none of the {len(pictures)} pictures in {sets} is in colour{unreadable}: there is nothing to {to}"
    )


@dataclass(frozen=True, slots=True)
class Truth(Picture):
    """A picture that is to be learned from: its pixels are refused where it has no colour. Looked at once."""

    seen: list[bool] = field(default_factory=list, repr=False, compare=False)

    def pixels(self, short_side: int = 0) -> Pixels:
        """As of any picture. Raises PictureError with NO_COLOR too."""
        pixels = Picture.pixels(self, short_side)
        if not self.seen:
            check_color(pixels)
            self.seen.append(True)
        return pixels


def truths(pictures: Sequence[Picture]) -> list[Picture]:
    """The same pictures, which refuse to be decoded where they have no colour."""
    return [Truth(**{each.name: getattr(picture, each.name) for each in fields(Picture)}) for picture in pictures]
