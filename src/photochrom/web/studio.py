"""What the server does with a picture: read it within the limits, colour it by the one road, write it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

import photochrom
from photochrom.batch.origin import marked
from photochrom.colorizer import Colorizer
from photochrom.errors import UnknownModelError, suggestion
from photochrom.photo import Photo, encode_photo, own_format, read_photo
from photochrom.settings import Settings
from photochrom.web.config import Config

Step = Callable[[], None]
LOOK = 2048  # px: the longest side of a picture that is made to be looked at in the page


@dataclass(frozen=True, kw_only=True)
class Order:
    """How one picture is wanted. format: None for its own. variants: how many versions, the likeliest first."""

    settings: Settings
    colorizer: Colorizer
    format: str | None = None
    quality: int | None = None
    variants: int = 1
    strip_location: bool = False
    salvage: bool = False
    origin: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of it. photos: one for each version. files: their bytes. notes: what deserves a second look."""

    photos: list[Photo]
    files: list[bytes]
    format: str
    notes: list[str]


class Studio:
    """Models, loaded when first asked for and shared by all workers."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loaded: dict[tuple[str | None, str | None], Colorizer] = {}
        self._loading = threading.Lock()

    def chosen(self, fields: Mapping[str, str], *, usual: str | None = None) -> Colorizer:
        """What the fields `model` and `domain` ask for; without them `usual`, or the server's own model."""
        model, domain = fields.get("model") or None, fields.get("domain") or None
        return self.colorizer(model if model or domain else usual or self._config.model, domain)

    def colorizer(self, model: str | None, domain: str | None = None) -> Colorizer:
        """That model, or the domain's own. Only shipped ones, and the server's: no path of a client is ever opened.

        Raises UsageError for a model that isn't there or is for another domain.
        """
        known = [info.name for info in photochrom.models()]
        if model is not None and model not in known and model != self._config.model:
            told = suggestion(model, known, otherwise=f"choose one of {', '.join(known)}")
            raise UnknownModelError(f"there is no model {model[:60]!r}: {told}")
        with self._loading:
            if (model, domain) not in self._loaded:
                self._loaded[model, domain] = photochrom.load_model(
                    model, domain=domain, device=self._config.device, threads=self._config.threads
                )
            return self._loaded[model, domain]

    def open(self, data: bytes, *, salvage: bool = False) -> Photo:
        """A picture, refused by its header where it is larger than the limit."""
        return read_photo(data, max_megapixels=self._config.limits.megapixels, salvage=salvage)

    def color(self, data: bytes, order: Order, step: Step) -> Made:
        """Colour it. step: called between the parts of the work; may raise, to end it."""
        photo = self.open(data, salvage=order.salvage)
        if order.strip_location:
            photo = photo.without_location()
        colorizer = order.colorizer
        versions = colorizer.versions(order.settings, order.variants)
        step()
        prediction = colorizer.predict(photo, order.settings)
        photos, files, notes = [], [], list(photo.notes)
        for version in versions:
            step()
            made = colorizer.render(photo, prediction, version)
            if order.origin:
                made = marked(made, colorizer, version)
            step()
            encoded, said = encode_photo(made, format=order.format, quality=order.quality)
            notes += [note for note in (*made.notes, *said) if note not in notes]
            photos.append(made)
            files.append(encoded)
        return Made(photos=photos, files=files, format=order.format or own_format(photo), notes=notes)


def look(photo: Photo, *, longest: int = LOOK) -> bytes:
    """A small upright copy for a page to show: JPEG, or PNG where something is transparent."""
    small = photo.to_pil().convert("RGBA" if photo.alpha is not None else "RGB") if photo.bits == 8 else _of_16(photo)
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    plain = Photo.from_array(np.asarray(small))
    return plain.encode(
        format="JPEG" if photo.alpha is None else "PNG", quality=None if photo.alpha is not None else 90
    )


def _of_16(photo: Photo) -> Image.Image:
    return Image.fromarray(photo.to_array(dtype=np.uint8))
