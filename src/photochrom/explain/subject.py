"""What an explanation is about: a picture, what the network said of it, and the places that are looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from photochrom.codec.arrays import to_8_bit
from photochrom.color.lab import Float
from photochrom.colorizer import Colorizer
from photochrom.domains.domain import Domain
from photochrom.errors import UsageError
from photochrom.explain.choices import probabilities
from photochrom.explain.drawing import Rgb
from photochrom.photo import Photo
from photochrom.prediction import Prediction
from photochrom.settings import Settings

_SHOWN = 720  # px of the long side at most: how large the pictures of the page are
_EDGE = 3  # places at the border, where a network sees least: no point of our own choice lies there
_SEEN = 512  # px of the short side at most: how large a network that works at a picture's own scale is shown it here
_COLORED = 8.0  # ab units: of a surest place something is to be learned only where it has a colour


@dataclass(frozen=True, eq=False)
class Subject:
    """photo: as it was given. small: a copy of at most 720 px, with 8 bits. prediction: of the photo, by the settings.

    points: (x,y) in shares of what the network was shown. notes: what was decided about the photo, a sentence each.
    """

    colorizer: Colorizer
    settings: Settings
    photo: Photo
    small: Photo
    prediction: Prediction
    points: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def chroma(self) -> Float:
        """The network's colours as they are laid on, (h,w,2), before strength."""
        return self.colorizer.chroma(self.prediction, self.settings)

    @property
    def domain(self) -> Domain:
        """The kind of picture that it was coloured as."""
        return self.colorizer.domain

    @property
    def lightness(self) -> Float | None:
        """The L* that the network predicts, (h,w) 0..100; None where the picture's own is kept."""
        return self.prediction.lightness()

    @cached_property
    def grey(self) -> Rgb:
        """The small copy without colour, (H,W,3) uint8: with the picture's own intensity, whatever the network says."""
        if self.lightness is None:
            return self.painted(np.zeros_like(self.chroma))
        return np.array(np.broadcast_to(np.atleast_3d(self.small.pixels), (*self.small.pixels.shape[:2], 3)))

    @cached_property
    def colored(self) -> Rgb:
        """The small copy in colour, (H,W,3) uint8."""
        return self.colorizer.render(self.small, self.prediction, self.settings).pixels

    @property
    def has_distribution(self) -> bool:
        """Whether the network says how likely each colour is."""
        return self.prediction.spec.output == "distribution"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Of what the network was shown, in shares of the picture: left, top, right, bottom."""
        if not self.prediction.frame:
            return 0.0, 0.0, 1.0, 1.0
        size = self.photo.size
        rows, columns = self.prediction.frame.box(size)
        return columns.start / size[0], rows.start / size[1], columns.stop / size[0], rows.stop / size[1]

    @property
    def marks(self) -> list[tuple[float, float]]:
        """The points in shares of the whole picture."""
        left, top, right, bottom = self.box
        return [(left + x * (right - left), top + y * (bottom - top)) for x, y in self.points]

    @property
    def inside(self) -> tuple[slice, slice]:
        """Rows and columns of the small copy that the network was shown."""
        left, top, right, bottom = self.box
        wide, high = self.small.size
        return slice(round(top * high), round(bottom * high)), slice(round(left * wide), round(right * wide))

    def place(self, point: tuple[float, float]) -> tuple[int, int]:
        """Row and column of a point in the grid of what the network gives."""
        high, wide = self.prediction.output.shape[1:]
        return min(high - 1, int(point[1] * high)), min(wide - 1, int(point[0] * wide))

    def painted(self, ab: Float, lightness: Float | None = None) -> Rgb:
        """The small copy with other colours (h,w,2) laid on in the same way, (H,W,3) uint8.

        lightness: L* (h,w) in place of what the network predicts, where it does.
        """
        prediction = self.prediction
        if lightness is not None:
            planes = np.concatenate([lightness[None], np.moveaxis(ab, -1, 0)])
            prediction = replace(prediction, output=np.asarray(planes, np.float32))
        keep = self.settings.keep_lightness
        return self.colorizer.lay(self.small, prediction, ab, keep_lightness=keep).pixels


def subject_of(
    colorizer: Colorizer, photo: Photo, settings: Settings, at: Sequence[tuple[float, float]] = ()
) -> Subject:
    """Look at a photo. at: points (x,y) in its pixels; without any, the surest and the most doubtful place.

    Raises UsageError for a point outside it, or on its mount.
    """
    colorizer, notes = colorizer.chosen(photo)
    cleaned = colorizer.cleaned(photo)
    notes += tuple(note for note in cleaned.notes if note not in photo.notes)
    prediction = colorizer.predict(cleaned, settings)
    if settings.detail is None and min(prediction.shown.shape) > _SEEN:
        notes += (f"{photo.name} is shown to the network at its own size; here at {_SEEN} px of its short side",)
        prediction = colorizer.predict(cleaned, replace(settings, detail=_SEEN))
    subject = Subject(colorizer, settings, photo, _small(cleaned), prediction, (), notes)
    left, top, right, bottom = subject.box
    points = []
    for x, y in at:
        if not (0 <= x < photo.width and 0 <= y < photo.height):
            raise UsageError(
                f"the point {x:g},{y:g} lies outside the picture, which has {photo.width}x{photo.height} pixels"
            )
        across, down = (x + 0.5) / photo.width, (y + 0.5) / photo.height
        point = (across - left) / (right - left), (down - top) / (bottom - top)
        if not (0 <= point[0] < 1 and 0 <= point[1] < 1):
            raise UsageError(f"the point {x:g},{y:g} lies on the mount, which the network isn't shown: choose another")
        points.append(point)
    if not at and subject.has_distribution:
        points = _telling(subject)
    elif not at:
        points = [(0.5, 0.5)]
    return replace(subject, points=tuple(points))


def entropy_of(prediction: Prediction) -> Float:
    """How undecided the network is at each place, (h,w) float32 in nats: 0 for one colour alone."""
    mass = probabilities(prediction)
    return np.asarray(-(mass * np.log(np.maximum(mass, 1e-12))).sum(axis=0), np.float32)


def _telling(subject: Subject) -> list[tuple[float, float]]:
    """The surest place that has a colour, and the most doubtful."""
    entropy = entropy_of(subject.prediction)
    high, wide = entropy.shape
    rows, columns = (min(_EDGE, (n - 1) // 2) for n in (high, wide))
    inner = (slice(rows, high - rows), slice(columns, wide - columns))
    colored = np.hypot(*np.moveaxis(subject.chroma, -1, 0))[inner] >= _COLORED
    sure = np.where(colored, entropy[inner], np.inf) if colored.any() else entropy[inner]
    found = []
    for place in (sure.argmin(), entropy[inner].argmax()):
        y, x = np.unravel_index(int(place), sure.shape)
        found.append(((int(x) + columns + 0.5) / wide, (int(y) + rows + 0.5) / high))
    return found


def _small(photo: Photo) -> Photo:
    image = Image.fromarray(to_8_bit(photo.pixels))
    image.thumbnail((_SHOWN, _SHOWN), Image.Resampling.BOX)
    return Photo(np.asarray(image))
