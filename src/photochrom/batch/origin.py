"""Results that say what made their colours."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from photochrom.digest import sha256_of
from photochrom.photo import Photo
from photochrom.settings import Settings

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

_digest = cache(sha256_of)


def marked(photo: Photo, colorizer: Colorizer, settings: Settings) -> Photo:
    """The photo with the model and the settings in its XMP; see Photo.with_origin."""
    info = colorizer.info
    model = f"{info.name} sha256:{info.sha256 or _digest(Path(info.file))}"
    return photo.with_origin(model=model, settings=settings.to_dict())
