"""Colorizer: THE road from lightness to colour. The command, the library and everything later call it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.eras import era_of
from photochrom.color.frame import Frame
from photochrom.color.grading import graded
from photochrom.color.lab import Float, Pixels
from photochrom.color.repaint import repaint
from photochrom.color.resample import resize
from photochrom.color.rows import Kind, Rows, crop
from photochrom.color.tint import tint_ab
from photochrom.color.transfer import transferred
from photochrom.color.upsample import brush, paint
from photochrom.domains.domain import Domain
from photochrom.domains.table import find_domain
from photochrom.errors import ModelError, PictureTooLargeError, UsageError, issue
from photochrom.guidance.asking import hinted_output
from photochrom.guidance.fill import beliefs_of, meet_hints
from photochrom.guidance.hints import cropped
from photochrom.guidance.reference import likeness_to
from photochrom.network.models import ModelInfo
from photochrom.network.session import Network
from photochrom.network.tiles import run_in_tiles
from photochrom.photo import Photo, as_photo
from photochrom.prediction import Prediction
from photochrom.settings import Hint, Settings, SettingsDict, resolve

if sys.version_info >= (3, 11):
    from typing import Unpack
elif TYPE_CHECKING:
    from typing_extensions import Unpack

Array = NDArray[Any]
Path = str | os.PathLike[str]
Picture = Path | bytes | Image.Image | Array | Photo
P = TypeVar("P", bytes, Image.Image, Array, Photo)

_MOST_ASPECT = 8  # a longer picture is squeezed for the network, so that a 30000x3 strip costs no more than 8 squares
_MOST_PIXELS = 16e6  # of the network's input for a picture that is seen at its own size: larger ones are shrunk to it
_THREAD = 20_000  # times as long as wide: with nothing to be seen, one square is enough


class Colorizer:
    """A loaded model that colours pictures; may be used from several threads at once.

    Every call takes a path, the bytes of a file, a Pillow image, a Photo or an array, or a list or tuple of them:
    (H,W), (H,W,1..4), sRGB-encoded, uint8, uint16 or floats 0..1. The same kind comes back, with bytes in the same
    format and arrays of the same dtype as (H,W,3), or (H,W,4) with alpha; for a path a Photo, which can be saved.
    The lightness of every pixel of a photograph stays as it was; the network only says a* and b*. In the domains where
    a picture's intensity isn't lightness (sketch, infrared, thermal, satellite) the network predicts L* too.

    How it is coloured is said by `settings`, by keywords of the same names (`vividness=1.2`), or by both, where the
    keywords win: see photochrom.Settings.

    Raises UsageError for settings out of range or unknown, PictureError for pictures that can't be read, ModelError if
    the network fails. Gives a PictureWarning for what a picture has that deserves a second look: colour already, say.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        try:
            self._domain = find_domain(network.spec.domain)
        except UsageError as error:
            raise ModelError(f"{network.info.file} can't be used: {error}; export it again for one of them") from error
        if network.spec.inputs == ("lab",):
            raise ModelError(
                f"{network.info.file} is given pictures in colour and makes others of them, as photochrom prepare "
                "simulated does: to colour, name a model that was exported without --reverse"
            )
        if network.spec.output == "lab" and self._domain.keeps_lightness:
            raise ModelError(
                f"{network.info.file} predicts lightness too, and {self._domain.name} pictures keep their own: use a "
                "model that gives a distribution or ab"
            )

    @property
    def info(self) -> ModelInfo:
        """The model's name, file, hash, scores and what it says of itself."""
        return self._network.info

    @property
    def domain(self) -> Domain:
        """The kind of pictures that it colours."""
        return self._domain

    def chosen(self, photo: Photo) -> tuple[Colorizer, tuple[str, ...]]:
        """The model that colours this photo, and what was decided about it, a sentence each: itself, and nothing."""
        return self, ()

    def chosen_once(self, photos: Iterable[Photo], *, name: str) -> tuple[Colorizer, tuple[str, ...]]:
        """The same for photos that are coloured in one way, such as pictures of one film. name: of what they are of, in
        sentences."""
        return self, ()

    # The road, in two halves

    def predict(self, photo: Photo, settings: Settings | None = None) -> Prediction:
        """What the network says of a photo: seen at the settings' detail, with the hints of their guide.

        Raises UsageError for hints outside the picture or a network that takes none, and ModelError.
        """
        settings = resolve(settings, {})
        if not isinstance(photo, Photo):
            raise UsageError(
                f"predict takes a Photo, got a {type(photo).__name__}: make one with Photo.open or .from_array"
            )
        domain, size = self._domain, photo.size
        name = "the picture" if photo.path is None else photo.name
        hints = tuple(hint.shared(size, name=name) for hint in settings.guide.hints)
        pixels = self._pixels(photo, settings)
        eyes = repaired = None
        if settings.restore and not isinstance(pixels, Rows):
            eyes, repaired = self._mended(pixels, settings.restore)
            pixels = pixels if repaired is None else repaired
        guide = domain.prepare(pixels, self.work_size(size, settings.detail))
        judged = pixels
        frame = None
        if domain.frame and settings.frame == "auto":
            frame = domain.frame(photo.pixels if isinstance(pixels, Rows) else pixels, guide, photo.empty)
        if frame and frame.holds([(hint.x * size[0], hint.y * size[1]) for hint in hints], size):
            rows, columns = frame.box(size)
            hints = cropped(hints, size, rows, columns)
            judged, pixels = crop(pixels, frame.one(size)), crop(pixels, (rows, columns))
            size = pixels.shape[1], pixels.shape[0]
            guide = frame.hidden(domain.prepare(pixels, self.work_size(size, settings.detail)))
        else:
            frame = None
        seen = guide
        if eyes is not None:
            inside = eyes if frame is None else eyes[frame.box(photo.size)]
            seen = domain.prepare(inside, (guide.shape[1], guide.shape[0]))
            seen = seen if frame is None else frame.hidden(seen)
        references, seen_so = settings.guide.references, self.see(seen, hints)
        return replace(
            seen_so,
            likeness=likeness_to(references, seen_so.shown, self.info) if references else None,
            guide=guide,
            tint=domain.judge(judged) if domain.judge else None,
            frame=frame,
            repaired=repaired,
        )

    def _mended(self, pixels: Pixels, restore: str) -> tuple[Pixels, Pixels | None]:
        """A picture as it may have been when new, (H,W) grey of its dtype: for the network, which knows grain well, and
        what is coloured in its place; None for the picture itself."""
        from photochrom.guidance.restore import restored, unfaded

        tint = self._domain.judge(pixels) if self._domain.judge else None
        if restore == "eyes":
            return unfaded(pixels, tint), None
        return restored(pixels, tint)

    def see(self, guide: Float, hints: Sequence[Hint] = ()) -> Prediction:
        """What the network says of a plane that was prepared already, as that of a film's picture: (h,w) float32,
        0..100, of a size that work_size gave.

        hints: in shares of that plane. Raises ModelError, and UsageError for a network without hints.
        """
        shown = self._domain.show(guide) if self._domain.show else guide
        run = partial(run_in_tiles, self._network) if self._domain.to_scale else self._network.run
        plain = run(shown, None)
        if not hints:
            return Prediction(self._network.spec, shown, plain, guide=guide)
        output = hinted_output(run, shown, hints, multiple=self._network.spec.multiple)
        return Prediction(self._network.spec, shown, output, guide=guide, hints=tuple(hints), unhinted=plain)

    def render(self, photo: Photo, prediction: Prediction, settings: Settings | None = None) -> Photo:
        """The photo in colour: a prediction (its own, or one that was carried to it) laid under its lightness.

        Where the network predicts lightness too, the photo gives its detail. Of the settings the dials, seed,
        keep_tint and keep_lightness count here. What deserves a second look is in the result's notes.
        """
        settings = resolve(settings, {})
        ab = self.adjusted(self.chroma(prediction, settings), prediction, settings)
        tint, guide = prediction.tint, prediction.intensity
        if settings.keep_tint and tint and tint.kind == "tinted":
            ab += tint_ab(tint, resize(guide, (ab.shape[1], ab.shape[0])))
        colored = self.lay(photo, prediction, ab, keep_lightness=settings.keep_lightness)
        notes = prediction.notes
        if tint and tint.kind == "color":
            notes += (f"{photo.name} has colour already: its own colours are replaced",)
        colored.notes += tuple(note for note in notes if note not in photo.notes)
        return colored

    def lay(self, photo: Photo, prediction: Prediction, ab: Float, *, keep_lightness: float = 0.0) -> Photo:
        """The photo with any colours (h,w,2), in ab units, laid on as render does it: no dial counts, nothing is noted.

        Where the network predicts lightness too, it is the prediction's, with the photo's detail and as much of the
        photo's own as keep_lightness says, 0..1.
        """
        photo = self.cleaned(photo)
        if prediction.repaired is not None and prediction.repaired.shape == (photo.height, photo.width):
            photo = replace(photo, pixels=prediction.repaired)
        light, guide = prediction.lightness(), prediction.intensity

        def colored_in(pixels: Pixels) -> Pixels:
            if light is None or self._domain.levels is None:
                return paint(pixels, ab, guide=guide)
            levels, detail = self._domain.levels(guide), self._domain.detail
            own = resize(light, (ab.shape[1], ab.shape[0]))
            lab = np.concatenate([own[..., None], ab], axis=-1)
            return repaint(pixels, lab, guide=guide, levels=levels, detail=detail, keep=keep_lightness)

        if photo.rows is not None:
            return photo.with_rows(_colored_rows(photo.rows, ab, guide, prediction))
        if prediction.frame:
            inside = photo.pixels[prediction.frame.box(photo.size)]
            return photo.with_pixels(prediction.frame.around(photo.pixels, colored_in(inside)))
        return photo.with_pixels(colored_in(photo.pixels))

    def _pixels(self, photo: Photo, settings: Settings) -> Pixels | Rows:
        if photo.rows is None:
            return self.cleaned(photo).pixels
        if self._domain.takes_rows and not settings.restore:
            return photo.rows
        raise PictureTooLargeError(
            f"{photo.name} is too large for the limit of memory, and only photographs, unrestored, are coloured some "
            "rows at a time; raise it with --max-memory (max_memory=)"
        )

    def cleaned(self, photo: Photo) -> Photo:
        """The photo as one of the model's kind: false colours read, a drawing laid on paper, with a note of it."""
        return self._domain.clean(photo) if self._domain.clean else photo

    def chroma(self, prediction: Prediction, settings: Settings | None = None, *, finish: bool = True) -> Float:
        """The colours that render upsamples and lays on, (h,w,2) float32 in ab units, before strength and tint.

        With hints they are on the grid of the prediction's guide, and the hints are met. finish: look at the picture as
        a whole once more, as its domain does (plain ground is paper); a film decides that once a shot.
        """
        ab = self._finished(prediction, settings, finish)
        if not prediction.hints or prediction.unhinted is None:
            return ab
        plain = replace(prediction, output=prediction.unhinted)
        distribution = prediction.spec.output == "distribution"
        beliefs = beliefs_of(prediction.unhinted) if distribution else prediction.unhinted
        guide, unmet = prediction.intensity, self._finished(plain, settings, finish)
        return meet_hints(unmet, ab, prediction.hints, guide, beliefs=beliefs)

    def adjusted(self, ab: Float, prediction: Prediction, settings: Settings) -> Float:
        """Colours (h,w,2) in ab units as a person's dials change them: strength, warmth, tint, saturation, skin."""
        dials = {name: getattr(settings, name) for name in ("warmth", "tint", "saturation", "protect_skin")}
        if not any(dials.values()):
            return ab * np.float32(settings.strength)
        light = resize(prediction.intensity, (ab.shape[1], ab.shape[0]))
        return graded(ab, light, strength=settings.strength, **dials)

    def _finished(self, prediction: Prediction, settings: Settings | None, finish: bool) -> Float:
        ab = prediction.ab(settings)
        ab = self._domain.finish(ab, prediction.shown) if finish and self._domain.finish else ab
        if settings and prediction.likeness is not None:
            ab = transferred(ab, prediction.likeness, settings.guide.statistics)
        if settings and settings.era:
            ab = era_of(settings.era).apply(ab, resize(prediction.shown, (ab.shape[1], ab.shape[0])))
        return ab

    def confidence(self, prediction: Prediction, settings: Settings | None = None) -> Float | None:
        """How likely each place's colour errs by no more than 20 ab units, (h,w) float32 0..1, of what was shown.

        Its mean over the picture tells the doubtful ones of a collection. None for a network that gives one colour.
        """
        chroma = self.chroma(prediction, settings)
        return prediction.confidence(resize(chroma, (prediction.output.shape[2], prediction.output.shape[1])))

    def work_size(self, size: tuple[int, int], detail: int | None = None) -> tuple[int, int]:
        """(width, height) of the network's input for a picture of `size`: short side `detail`, about the same shape."""
        spec = self._network.spec
        if self._domain.to_scale and detail is None and min(size) > spec.work_size:
            less = min(1.0, (_MOST_PIXELS / (size[0] * size[1])) ** 0.5)
            wide, high = (-(-round(n * less) // spec.multiple) * spec.multiple for n in size)
            return wide, high
        short = max(1, round((detail or spec.work_size) / spec.multiple)) * spec.multiple
        aspect = max(size) / min(size)
        aspect = min(aspect, _MOST_ASPECT if aspect <= _THREAD else 1)
        long = max(1, round(short * aspect / spec.multiple)) * spec.multiple
        return (long, short) if size[0] >= size[1] else (short, long)

    def versions(self, settings: Settings, count: int) -> list[Settings]:
        """Settings of `count` plausible versions, the likeliest first. Raises UsageError if the model has but one."""
        versions = settings.versions(count)
        if len(versions) > 1 and self._network.spec.output != "distribution":
            raise UsageError(f"model {self.info.name!r} predicts one colour, not a distribution: it has no variants")
        return versions

    # The whole of it, for pictures of any kind

    @overload
    def colorize(self, picture: Path, settings: Settings | None = None, **keywords: Unpack[SettingsDict]) -> Photo: ...
    @overload
    def colorize(self, picture: P, settings: Settings | None = None, **keywords: Unpack[SettingsDict]) -> P: ...
    @overload
    def colorize(
        self, picture: list[Any] | tuple[Any, ...], settings: Settings | None = None, **keywords: Unpack[SettingsDict]
    ) -> list[Any]: ...
    def colorize(
        self,
        picture: Picture | list[Any] | tuple[Any, ...],
        settings: Settings | None = None,
        **keywords: Unpack[SettingsDict],
    ) -> Any:
        """The picture in colour, as the same kind as given; a list for a list or tuple. See the class."""
        chosen = resolve(settings, keywords)
        if isinstance(picture, (list, tuple)):
            return [self.colorize(one, chosen) for one in picture]
        return self._colorize(picture, chosen, [chosen])[0]

    def variants(
        self, picture: Picture, count: int, settings: Settings | None = None, **keywords: Unpack[SettingsDict]
    ) -> list[Any]:
        """`count` plausible versions, the likeliest first; the network runs once. See the class."""
        chosen = resolve(settings, keywords)
        return self._colorize(picture, chosen, self.versions(chosen, count))

    def _colorize(self, picture: Picture, settings: Settings, versions: list[Settings]) -> list[Any]:
        photo = as_photo(picture)
        prediction = self.predict(photo, settings)
        colored = [self.render(photo, prediction, version) for version in versions]
        told = photo.notes if isinstance(picture, (Photo, Image.Image)) else ()  # when it was opened
        issue(colored[0].notes[len(told) :])
        return [_as_given(version, picture) for version in colored]


def _colored_rows(rows: Rows, ab: Float, guide: Float, prediction: Prediction) -> Rows:
    """What Colorizer.render does, as the rows are asked for: they come as if the whole picture had been there."""
    height, width = rows.shape[:2]
    frame = prediction.frame
    down, across = frame.box((width, height)) if isinstance(frame, Frame) else (slice(0, height), slice(0, width))
    whole = Kind((down.stop - down.start, across.stop - across.start, *rows.shape[2:]), *rows.kind[1:])
    painted = brush(Rows(whole, rows.__getitem__), ab, guide=guide)

    def read(some: slice) -> Pixels:
        pixels = rows[some]
        if not isinstance(frame, Frame):
            return painted(pixels, some.start)
        start = min(max(down.start, some.start), some.stop)
        inside = pixels[start - some.start : max(down.stop - some.start, 0), across]
        colored = painted(inside, start - down.start) if len(inside) else inside
        return frame.around_rows(pixels, colored, some.start, height, start)

    return Rows(rows.kind._replace(shape=(height, width, 3)), read, rows.notes)


def _as_given(photo: Photo, picture: Any) -> Any:
    if isinstance(picture, bytes):
        return photo.encode()
    if isinstance(picture, Image.Image):
        return photo.to_pil()
    if isinstance(picture, np.ndarray):
        return photo.to_array(dtype=picture.dtype)
    return photo
