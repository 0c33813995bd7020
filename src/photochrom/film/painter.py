"""One film's own way along the road: a small plane of lightness for the network, and chroma planes from its colours.

The road's two halves are those of photographs (photochrom.colorizer), but only what changes is made: the luma of the
film is kept, so colours are laid on a picture that is as small as its chroma planes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from photochrom.color.lab import Float, Pixels
from photochrom.color.tint import Tint, tint_ab
from photochrom.color.upsample import paint
from photochrom.colorizer import Colorizer
from photochrom.errors import UsageError
from photochrom.film.blank import grey_like, is_card, picture_box, within
from photochrom.film.info import FilmInfo
from photochrom.film.raster import Raster
from photochrom.prediction import Prediction
from photochrom.settings import Hint, Settings

_FIT = 2  # times the network's colour grid: where colours are fitted to lightness before they go to full size


class Painter:
    """Shared by the stages that colour a film; what it is given is not changed."""

    def __init__(self, colorizer: Colorizer, settings: Settings, info: FilmInfo, raster: Raster) -> None:
        if colorizer.info.spec and colorizer.info.spec.output == "lab":
            raise UsageError(
                f"a film keeps its own brightness, and model {colorizer.info.name!r} predicts it: choose a model for "
                "photographs, or colour the film's pictures as files"
            )
        self.colorizer, self.settings, self.raster = colorizer, settings, raster
        self._turns = info.turn // 90
        self._upright = info.size[::-1] if self._turns % 2 else info.size
        width, height = info.shown
        self.size = colorizer.work_size((max(1, round(width)), max(1, round(height))), settings.detail)

    def small(self, luma: Pixels) -> Float:
        """L* of a picture as the network is to see it: upright, with square pixels, (h,w) float32 0..100."""
        if min(self.raster.chroma_size) >= min(self.size):  # of a large picture, half of it shows as much
            luma = np.asarray(cv2.resize(luma, self.raster.chroma_size, interpolation=cv2.INTER_AREA))
        light = np.rot90(self.raster.lightness(luma), self._turns)
        kind = cv2.INTER_AREA if min(light.shape) >= min(self.size) else cv2.INTER_LINEAR
        return np.ascontiguousarray(cv2.resize(light, self.size, interpolation=kind))

    def look(self, small: Float, hints: Sequence[Hint] = ()) -> Prediction:
        """What the network says of a picture that `small` made. hints: in shares of it.

        Black bars and title cards it calls grey, and the bars aren't shown to it.
        """
        box = None if hints else picture_box(small)
        if box is not None:
            inside = np.ascontiguousarray(cv2.resize(small[box], self.size, interpolation=cv2.INTER_LINEAR), np.float32)
            return self._unless_card(within(self.colorizer.see(inside), box, small), small)
        return self._unless_card(self.colorizer.see(small, hints), small)

    def _unless_card(self, prediction: Prediction, small: Float) -> Prediction:
        if prediction.hints or not is_card(small):
            return prediction
        height, width = prediction.output.shape[1:]
        return replace(prediction, output=grey_like(prediction, (height, width)))

    def hints(self) -> tuple[Hint, ...]:
        """Those of the settings, in shares of a picture as it is shown. Raises UsageError for one beyond its border."""
        size = self._upright
        return tuple(hint.shared(size, name="the film's picture") for hint in self.settings.guide.hints)

    def ab(self, prediction: Prediction) -> Float:
        """The colours of a prediction, (h,w,2) float32 in ab units, as they are laid on."""
        return self.colorizer.adjusted(self.colorizer.chroma(prediction, self.settings), prediction, self.settings)

    def toned(self, ab: Float | None, small: Float, tint: Tint | None) -> Float | None:
        """The colours (h,w,2) with the tint of a toned shot, if the settings keep it."""
        if ab is None or tint is None or tint.kind != "tinted" or not self.settings.keep_tint:
            return ab
        light = cv2.resize(small, (ab.shape[1], ab.shape[0]), interpolation=cv2.INTER_AREA)
        return ab + tint_ab(tint, np.asarray(light, np.float32))

    def picture(self, luma: Pixels, ab: Float | None, small: Float) -> VideoFrame:
        """A picture of the new film: the luma (H,W) of the old one, and the colours `ab` (h,w,2), upright, laid along
        the edges of its lightness; None for none. small: what `small` made of it."""
        if ab is None:
            return self.raster.compose(luma, None)
        half = np.asarray(cv2.resize(luma, self.raster.chroma_size, interpolation=cv2.INTER_AREA))
        fit = _FIT * ab.shape[1], _FIT * ab.shape[0]
        guide = cv2.resize(small, fit, interpolation=cv2.INTER_AREA)
        turned_ab, turned_guide = np.rot90(ab, -self._turns), np.rot90(guide, -self._turns)
        rgb = paint(self.raster.grey(half), turned_ab, guide=np.ascontiguousarray(turned_guide, np.float32), threads=1)
        return self.raster.compose(luma, self.raster.planes(half, rgb))

    def thumbnail(self, image: VideoFrame, size: int = 256) -> NDArray[Any]:
        """(h,w,3) uint8 sRGB of a picture with the colours that came with it, about `size` pixels wide."""
        scale = min(1.0, size / max(image.width, image.height))
        made = image.reformat(
            width=max(2, round(image.width * scale)), height=max(2, round(image.height * scale)), format="rgb24"
        )
        return made.to_ndarray()
