"""What the server does with a picture: read it within the limits, colour it by the one road, write it."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

import photochrom
from photochrom.batch.origin import marked
from photochrom.colorizer import Colorizer
from photochrom.digest import sha256_of_bytes
from photochrom.errors import PictureTooLargeError, UnknownModelError, UsageError, suggestion
from photochrom.guidance.reference import check_colored
from photochrom.photo import Photo, encode_photo, own_format, read_photo
from photochrom.settings import InMemory, Settings
from photochrom.web.config import Config
from photochrom.web.desk import Step
from photochrom.web.fields import settings_of
from photochrom.web.order import Made, Order
from photochrom.web.paged import color_document, document_of
from photochrom.web.problems import Refused
from photochrom.web.upload import File, Upload

COMMON = ("model", "domain", "bands", "name")  # fields of every address, beside settings
LOOK = 2048  # px: the longest side of a picture that is made to be looked at in the page


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

    def open(self, upload: Upload, *, salvage: bool = False) -> Photo:
        """Its picture, the bands that are asked for; refused by its header where it is larger than the limit."""
        bands = upload.fields.get("bands") or None
        return read_photo(
            upload.picture.data, max_megapixels=self._config.limits.megapixels, salvage=salvage, bands=bands
        )

    def open_reference(self, file: File) -> Photo:
        """A reference, within the limits of a picture. Raises Refused (422) where it has no colour, PictureError."""
        name = f"the reference {file.name[:80]}".strip()
        photo = read_photo(_Named(file.data, name), max_megapixels=self._config.limits.megapixels)
        try:
            check_colored(photo, file.name[:80])
        except UsageError as error:
            raise Refused(422, str(error)) from error
        return photo

    def settings(self, upload: Upload, *besides: str) -> Settings:
        """What its fields and references say. besides: fields of this address that are no settings.

        Raises as open_reference does, and PictureTooLargeError for references that together are larger than one picture
        may be; UsageError.
        """
        settings = settings_of(upload.fields, besides=(*besides, *COMMON))
        if not upload.references:
            return settings
        return replace(settings, guide=replace(settings.guide, references=self._kept(upload.references)))

    def _kept(self, files: Sequence[File]) -> tuple[InMemory, ...]:
        kept, pixels, most = [], 0, self._config.limits.megapixels * 1e6
        for file in files:
            photo = self.open_reference(file)
            pixels += photo.width * photo.height
            if pixels > most:
                raise PictureTooLargeError(
                    f"the references have more than {most / 1e6:g} megapixels together, the most that this server takes"
                )
            kept.append(InMemory(photo, sha256_of_bytes(file.data)))
        return tuple(kept)

    def color(self, upload: Upload, order: Order, step: Step) -> Made:
        """Colour its picture. step: called between the parts of the work; may raise, to end it."""
        if not order.pages:
            return self._color(self.open(upload, salvage=order.salvage), order, step)
        job, document, options = document_of(upload, order, max_megapixels=self._config.limits.megapixels)
        if document.together:
            return color_document(job, document, options, order, step)
        with document.stream:
            [(_, decoded)] = document.pages.chosen(document.numbers)
        return self._color(Photo(**vars(decoded)), order, step)

    def _color(self, photo: Photo, order: Order, step: Step) -> Made:
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
        pixels, format = photo.width * photo.height * len(photos), order.format or own_format(photo)
        return Made(photos=photos, files=files, format=format, pixels=pixels, notes=notes)


class _Named(io.BytesIO):
    """Bytes with what to call them in messages."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def look(photo: Photo) -> tuple[bytes, str]:
    """A small upright copy for a page to show, and its media type: JPEG, or PNG where something is transparent."""
    clear = photo.alpha is not None
    small = photo.to_pil().convert("RGBA" if clear else "RGB") if photo.bits == 8 else _of_16(photo)
    small.thumbnail((LOOK, LOOK), Image.Resampling.LANCZOS)
    plain = Photo.from_array(np.asarray(small))
    return (
        (plain.encode(format="PNG"), "image/png") if clear else (plain.encode(format="JPEG", quality=90), "image/jpeg")
    )


def _of_16(photo: Photo) -> Image.Image:
    return Image.fromarray(photo.to_array(dtype=np.uint8))
