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
from photochrom.film.blank import grey_like, is_card, picture_box, within
from photochrom.film.info import FilmInfo
from photochrom.film.mixing import looked_at
from photochrom.film.raster import Box, Raster, size_of
from photochrom.film.relight import Relight
from photochrom.film.step import Looked, Step
from photochrom.prediction import Prediction
from photochrom.settings import Hint, Settings

_STEPS = (1, 2)  # times the network's colour grid: where colours are fitted to lightness before they go to full size


class Painter:
    """Shared by the stages that colour a film; what it is given is not changed."""

    def __init__(
        self, colorizer: Colorizer, settings: Settings, info: FilmInfo, raster: Raster, *, box: Box | None = None
    ) -> None:
        """box: of the luma as it is stored, outside which a film is left as it is; None for all of it."""
        self.colorizer, self.settings, self.raster = colorizer, settings, raster
        self._turns = info.turn // 90
        self._upright = info.size[::-1] if self._turns % 2 else info.size
        self._box = box and raster.aligned(box)
        self._half = raster.chroma_size if self._box is None else size_of(raster.chroma_box(self._box))
        width, height = info.shown if self._box is None else replace(info, size=size_of(self._box)).shown
        self.size = colorizer.work_size((max(1, round(width)), max(1, round(height))), settings.detail)
        spec, keep = colorizer.info.spec, settings.keep_lightness
        predicts = spec is not None and spec.output == "lab"
        self.relight = Relight(colorizer.domain, raster, keep=keep, turns=self._turns) if predicts else None

    def small(self, luma: Pixels) -> Float:
        """L* of a picture as the network is to see it: upright, with square pixels, (h,w) float32 0..100."""
        luma = self._inside(luma)
        if min(self._half) >= min(self.size):  # of a large picture, half of it shows as much
            luma = np.asarray(cv2.resize(luma, self._half, interpolation=cv2.INTER_AREA))
        light = np.rot90(self.raster.lightness(luma), self._turns)
        kind = cv2.INTER_AREA if min(light.shape) >= min(self.size) else cv2.INTER_LINEAR
        return np.ascontiguousarray(cv2.resize(light, self.size, interpolation=kind))

    def look(self, small: Float, hints: Sequence[Hint] = ()) -> Looked:
        """What the network says of a picture that `small` made. hints: in shares of it.

        Black bars and title cards it calls grey, and the bars aren't shown to it; of a film for a network that predicts
        lightness `box` leaves the bars out already.
        """
        if self.relight:
            return looked_at(self.colorizer.see(small, hints), follow=self.relight.follow)
        box = None if hints else picture_box(small)
        if box is not None:
            inside = np.ascontiguousarray(cv2.resize(small[box], self.size, interpolation=cv2.INTER_LINEAR), np.float32)
            return looked_at(self._unless_card(within(self.colorizer.see(inside), box, small), small))
        return looked_at(self._unless_card(self.colorizer.see(small, hints), small))

    def _unless_card(self, prediction: Prediction, small: Float) -> Prediction:
        if prediction.hints or not is_card(small):
            return prediction
        height, width = prediction.output.shape[1:]
        return replace(prediction, output=grey_like(prediction, (height, width)))

    def placed(self, hint: Hint) -> Hint:
        """A hint in shares of a picture as it is shown. Raises UsageError for one beyond its border."""
        return hint.shared(self._upright, name="the film's picture")

    def finished(self, prediction: Prediction, *, finish: bool = True) -> Float:
        """What of a prediction is laid on: ab (h,w,2) float32, or (h,w,3) with what becomes of lightness before them.

        finish: see Colorizer.chroma.
        """
        ab = self.colorizer.chroma(prediction, self.settings, finish=finish)
        ab = self.colorizer.adjusted(ab, prediction, self.settings)
        return np.concatenate([prediction.output[0][..., None], ab], axis=-1) if self.relight else ab

    def picture(self, step: Step, tint: Tint | None = None) -> VideoFrame:
        """The picture of a step in the new film: the luma of the old one, or what the network makes of it, and the
        step's colours, laid along the edges of its lightness. tint: of its shot, for settings that keep it."""
        if step.colors is None:
            return self.raster.compose(step.luma, None)
        luma, small, ab = self._inside(step.luma), step.small, step.colors[..., -2:]
        if self.relight and step.levels:
            luma, small = self.relight(luma, small, step.colors[..., 0], step.levels)
        ab = self._toned(ab, small, tint)
        half = np.asarray(cv2.resize(luma, self._half, interpolation=cv2.INTER_AREA))
        fine = _STEPS[-1] * ab.shape[1], _STEPS[-1] * ab.shape[0]
        guide = cv2.resize(small, fine, interpolation=cv2.INTER_AREA)
        turned_ab, turned_guide = np.rot90(ab, -self._turns), np.rot90(guide, -self._turns)
        fit_to = np.ascontiguousarray(turned_guide, np.float32)
        rgb = paint(self.raster.grey(half), turned_ab, guide=fit_to, steps=_STEPS, threads=1)
        part = self.raster.compose(luma, self.raster.planes(half, rgb))
        return part if self._box is None else self.raster.inlaid(step.luma, part, self._box)

    def _inside(self, luma: Pixels) -> Pixels:
        return luma if self._box is None else luma[self._box]

    def _toned(self, ab: Float, small: Float, tint: Tint | None) -> Float:
        """The colours (h,w,2) with the tint of a toned shot, if the settings keep it."""
        if tint is None or tint.kind != "tinted" or not self.settings.keep_tint:
            return ab
        light = cv2.resize(small, (ab.shape[1], ab.shape[0]), interpolation=cv2.INTER_AREA)
        return ab + tint_ab(tint, np.asarray(light, np.float32))

    def thumbnail(self, image: VideoFrame, size: int = 256) -> NDArray[Any]:
        """(h,w,3) uint8 sRGB of a picture with the colours that came with it, about `size` pixels wide."""
        scale = min(1.0, size / max(image.width, image.height))
        made = image.reformat(
            width=max(2, round(image.width * scale)), height=max(2, round(image.height * scale)), format="rgb24"
        )
        return made.to_ndarray()
