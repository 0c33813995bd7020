"""A Colorizer for pictures of any kind: it decides for each picture what it is, and says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

from photochrom.color.lab import Float
from photochrom.colorizer import Colorizer
from photochrom.domains.decide import decide
from photochrom.domains.table import DOMAINS
from photochrom.errors import UnknownModelError, UsageError
from photochrom.photo import Photo
from photochrom.prediction import Prediction
from photochrom.settings import Settings

AUTO = "auto"  # the name by which it is asked for, as if it were a domain
_OTHERWISE = "photo"


class AutoColorizer(Colorizer):
    """Colours each picture by the model of its domain; what it was taken for, and how surely, is in its notes.

    A picture of a domain that has no model is coloured as a photograph, with a note.
    """

    def __init__(self, given: Colorizer | None, load: Callable[[str], Colorizer]) -> None:
        """given: the model of its own domain. load: the model of a domain; raises UnknownModelError if it has none."""
        self._loaded = {given.info.domain: given} if given else {}
        self._load = load
        self._lock = Lock()
        super().__init__(self._of(_OTHERWISE)._network)

    def chosen(self, photo: Photo) -> tuple[Colorizer, tuple[str, ...]]:
        """The model of the photo's domain, and what it was taken for. See Colorizer."""
        decision = decide(photo)
        return self._or_photo(decision.domain, photo.name, f"{photo.name} {decision.told()}")

    def chosen_once(self, photos: Iterable[Photo], *, name: str) -> tuple[Colorizer, tuple[str, ...]]:
        """The model of the domain that more than half of the photos are of, else of photographs. See Colorizer."""
        taken = Counter(decide(photo).domain for photo in photos)
        domain = next((kind for kind, count in taken.items() if 2 * count > taken.total()), _OTHERWISE)
        of = f"{taken[domain]} of the {taken.total()} pictures that were looked at"
        return self._or_photo(domain, name, f"{name} is taken for {DOMAINS[domain].thing} ({domain}), as are {of}")

    def _or_photo(self, domain: str, name: str, told: str) -> tuple[Colorizer, tuple[str, ...]]:
        """The model of a domain, or of photographs where it has none, and what is told of that."""
        try:
            return self._of(domain), (told,)
        except UnknownModelError as error:
            return self._of(_OTHERWISE), (told, f"{name} is coloured as a photograph: {error}")

    def predict(self, photo: Photo, settings: Settings | None = None) -> Prediction:
        """What the network of the photo's domain says of it. See Colorizer."""
        colorizer, notes = self.chosen(photo)
        return replace(colorizer.predict(photo, settings), notes=notes)

    def render(self, photo: Photo, prediction: Prediction, settings: Settings | None = None) -> Photo:
        """The photo in colour. See Colorizer."""
        return self._of(prediction.spec.domain).render(photo, prediction, settings)

    def lay(self, photo: Photo, prediction: Prediction, ab: Float, *, keep_lightness: float = 0.0) -> Photo:
        """The photo with any colours laid on. See Colorizer."""
        return self._of(prediction.spec.domain).lay(photo, prediction, ab, keep_lightness=keep_lightness)

    def chroma(self, prediction: Prediction, settings: Settings | None = None, *, finish: bool = True) -> Float:
        """The colours that render lays on. See Colorizer."""
        return self._of(prediction.spec.domain).chroma(prediction, settings, finish=finish)

    def versions(self, settings: Settings, count: int) -> list[Settings]:
        """Refuses more than one. Raises UsageError."""
        if count > 1:
            raise UsageError("only photographs have variants: with variants, name the domain instead of auto")
        return settings.versions(count)

    def _of(self, domain: str) -> Colorizer:
        with self._lock:
            if domain not in self._loaded:
                self._loaded[domain] = self._load(domain)
            return self._loaded[domain]
