"""The pictures that a run can't use: listed with the reasons, and too many of them end it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from photochrom.errors import PictureError, TrainingError
from photochrom.pictures.colored import NO_COLOR
from photochrom.pictures.picture import Picture

MOST_BROKEN = 0.01  # share of unreadable pictures that a run goes on without
_A_FEW, _OF_A_SET = 3, 0.25  # so many are too few to stop it, unless they are such a share
_NAMED = 20  # pictures that a message names

log = logging.getLogger("photochrom.train")
Broken = tuple[str, str]  # where a picture lies, and why it can't be used


class LeftOut:
    """The pictures that couldn't be used so far, with the reasons; each is logged once, and too many stop the run.

    Those without colour are left out too, and counted, but stop it only where nothing else is left. count: of all;
    pictures: all of them, so that the message that stops the run can name every one that can't be read.
    """

    def __init__(self, count: int, pictures: Sequence[Picture] = ()) -> None:
        self.count, self.pictures = count, pictures
        self.names: dict[str, str] = {}
        self._told = ""

    @property
    def broken(self) -> dict[str, str]:
        """Those that can't be read."""
        return {where: why for where, why in self.names.items() if why != NO_COLOR}

    @property
    def grey(self) -> int:
        """How many have no colour."""
        return len(self.names) - len(self.broken)

    def add(self, broken: Sequence[Broken]) -> None:
        """Note them. Raises TrainingError when too many can't be read, with the reasons of all."""
        self.note(broken)
        if self.too_many():
            self.look_at_all()
            self.check()

    def note(self, broken: Sequence[Broken]) -> None:
        """Note them, whatever their number."""
        for where, why in broken:
            if where in self.names:
                continue
            self.names[where] = why
            if why != NO_COLOR:
                log.warning("left out: %s", why)
            elif (grey := self.grey) == 1 or grey % 1000 == 0:
                log.warning("left out: %s has no colour%s", where, f", as {grey - 1} before it" if grey > 1 else "")

    def too_many(self) -> bool:
        """Whether more can't be read than a run goes on without."""
        return len(self.broken) > self.most

    @property
    def most(self) -> int:
        """How many unreadable ones a run goes on without."""
        return int(min(max(_A_FEW, MOST_BROKEN * self.count), _OF_A_SET * self.count))

    def check(self) -> None:
        """Raises TrainingError if that is so."""
        if not self.too_many():
            return
        reasons = list(self.broken.values())
        more = f"; and {len(reasons) - _NAMED} more, see warnings.log" if len(reasons) > _NAMED else ""
        raise TrainingError(
            f"{len(reasons)} of {self.count} pictures can't be read: mend or remove them, as a run goes on without "
            f"{self.most} at most. They are: {'; '.join(reasons[:_NAMED])}{more}"
        )

    def summary(self) -> str:
        """What was left out, in words; "" for nothing."""
        parts = [(self.grey, "no colour"), (len(self.broken), "can't be read")]
        said = [
            f"{n} {'has' if n == 1 else 'have'} {why}" if why == "no colour" else f"{n} {why}" for n, why in parts if n
        ]
        return f"{len(self.names)} of {self.count} pictures were left out: {' and '.join(said)}" if said else ""

    def tell(self) -> None:
        """Log the summary, unless it says what it said before."""
        said = self.summary()
        if said != self._told:
            log.warning("%s; run.json will name them", said)
        self._told = said

    def look_at_all(self) -> None:
        """Find all others that can't be used, so that they can be mended at once and not one by one."""
        unknown = [picture for picture in self.pictures if picture.where not in self.names]
        if len(unknown) > 5000:
            log.info("looking which of %d pictures can't be read", len(unknown))
        with ThreadPoolExecutor(4) as pool:
            self.note([found for found in pool.map(_tried, unknown) if found])


def _tried(picture: Picture) -> Broken | None:
    try:
        picture.pixels(32)
    except PictureError as error:
        return picture.where, str(error)
    return None
