"""Between the planes of a video picture and grey or RGB pixels: the luma stays, and chroma is made beside it.

A grey picture's luma is its grey value, so what a film shows of light is its luma plane, which goes into the new film
sample by sample. But luma is not quite luminance: a red and a grey of one luma differ in L*. The difference, a plane as
small as the chroma, is added, so that L* stays however strong the colours are (docs/film.md has figures of both).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from photochrom.color.lab import Float, Pixels
from photochrom.color.tables import code_tables
from photochrom.film.info import FilmInfo, has_luma

_OTHERS = {"nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "p010le": "yuv420p10le", "p210le": "yuv422p10le"}
Box = tuple[slice, slice]
"""Rows and columns of a plane."""

_STEPS = 1 << 14  # of L*, from 0 to 100, for which luma codes are known
_OTHERS |= {"yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "y210le": "yuv422p10le"}


class Raster:
    """How the pictures of one film are read, and those of the new one made.

    target: libavutil's name of the new film's format: planar YUV of 8 to 16 bits.
    """

    def __init__(self, info: FilmInfo, target: str) -> None:
        self._info = info
        self.source = planar_of(info.format)
        self.format = av.VideoFormat(target)
        self._bits_in = av.VideoFormat(self.source).components[0].bits
        self._bits = self.format.components[0].bits
        self._kr, self._kb = info.luma
        self._full = info.full
        width, height = info.size
        self.chroma_size = self.format.chroma_width(width), self.format.chroma_height(height)
        self._steps = -(-height // self.chroma_size[1]), -(-width // self.chroma_size[0])  # luma to chroma samples

    @property
    def black(self) -> int:
        """The luma code of black."""
        return 0 if self._full else 16 << (self._bits_in - 8)

    def luma(self, image: VideoFrame) -> Pixels:
        """The luma plane (H,W), uint8 or uint16 of the film's bits: a view into the picture, only to be read."""
        if image.format.name != self.source:
            image = image.reformat(
                format=self.source, dst_colorspace=self._space, dst_color_range=2 if self._full else 1
            )
        return plane_of(image.planes[0], 1 if self._bits_in == 8 else 2)

    def grey(self, luma: Pixels) -> Pixels:
        """The same as grey sRGB pixels: uint8 0..255, or uint16 0..65535 where there are more than 8 bits."""
        if luma.dtype == np.uint8:
            return luma if self._full else np.asarray(cv2.LUT(luma, self._greys))
        return np.asarray(self._greys.take(luma, mode="clip"))

    def lightness(self, luma: Pixels) -> Float:
        """L* (H,W) float32, 0..100."""
        if luma.dtype == np.uint8:
            return np.asarray(cv2.LUT(luma, self._lights), np.float32)
        return np.asarray(self._lights.take(luma, mode="clip"))

    def codes(self, light: Float) -> Pixels:
        """The luma (H,W), uint8 or uint16 of the film's bits, whose L* (H,W) that is, 0..100."""
        return np.asarray(self._codes.take((light * np.float32(_STEPS / 100) + np.float32(0.5)).astype(np.uint16)))

    def compose(self, luma: Pixels, planes: Float | None) -> VideoFrame:
        """A picture of the new film: `luma` (H,W) of the old one, and `planes` (h,w,3) that `planes` made; None for no
        colour."""
        height, width = luma.shape
        image = VideoFrame(width, height, self.format.name)
        chroma = None
        if planes is not None:
            more, chroma = planes[..., 0], np.rint(planes[..., 1:]).clip(0, (1 << self._bits) - 1).astype(self._dtype)
            if np.abs(more).max() >= 0.5:
                wide = cv2.resize(more, (width, height), interpolation=cv2.INTER_LINEAR)
                luma = cv2.add(luma, wide, dtype=cv2.CV_8U if luma.dtype == np.uint8 else cv2.CV_16U)
        if luma.dtype == np.uint16:
            luma = np.minimum(luma, (1 << self._bits_in) - 1)
        shift = self._bits - self._bits_in
        if shift:
            luma = luma.astype(np.uint16) << shift if shift > 0 else (luma >> -shift).astype(self._dtype)
        plane_of(image.planes[0], self._dtype().itemsize)[:] = luma
        for channel in (0, 1):
            plane = plane_of(image.planes[1 + channel], self._dtype().itemsize)
            plane[:] = 1 << (self._bits - 1) if chroma is None else chroma[..., channel]
        image.color_range = 2 if self._full else 1
        image.colorspace = self._info.matrix
        return image

    def inlaid(self, luma: Pixels, part: VideoFrame, box: Box) -> VideoFrame:
        """A picture of the new film that is `part` inside the box, whose edges are those of chroma samples, and outside
        `luma` (H,W) of the old film, without colour."""
        image = self.compose(luma, None)
        for n in range(3):
            rows, columns = self.chroma_box(box) if n else box
            plane_of(image.planes[n], self._dtype().itemsize)[rows, columns] = plane_of(
                part.planes[n], self._dtype().itemsize
            )
        return image

    def chroma_box(self, box: Box) -> Box:
        """The rows and columns of the chroma planes that have a share in a box of the luma plane."""
        rows, columns = (
            slice(edges.start // step, -(-edges.stop // step)) for edges, step in zip(box, self._steps, strict=True)
        )
        return rows, columns

    def aligned(self, box: Box) -> Box:
        """A box of the luma plane, made larger so that its edges are those of chroma samples."""
        sides = self._info.size[::-1]
        rows, columns = (
            slice(edges.start * step, min(edges.stop * step, side))
            for edges, step, side in zip(self.chroma_box(box), self._steps, sides, strict=True)
        )
        return rows, columns

    def planes(self, half: Pixels, rgb: Pixels) -> Float:
        """What becomes of a picture's luma, made small, `half` (h,w), that has got the colours of `rgb` (h,w,3), sRGB,
        uint8 or uint16: (h,w,3) float32, what is to be added to the luma, in codes of the old film, and Cb and Cr, in
        codes of the new one."""
        made = np.asarray(cv2.transform(rgb.astype(np.float32), self._to_codes), np.float32)
        made[..., 0] -= half
        return made

    @property
    def _space(self) -> str:
        """swscale's name of the film's matrix, for pictures that come as RGB."""
        return "ITU709" if self._kb < 0.09 else "ITU601"

    @property
    def _dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self._bits == 8 else np.uint16

    @cached_property
    def _shares(self) -> NDArray[Any]:
        """Of each luma code: how far from black, 0, to white, 1."""
        codes = np.arange(1 << self._bits_in) / (1 << (self._bits_in - 8))
        if self._full:
            return np.asarray(codes / codes[-1])
        return np.asarray(np.clip((codes - 16) / 219, 0, 1))

    @cached_property
    def _greys(self) -> Pixels:
        top, kind = (255, np.uint8) if self._bits_in == 8 else (65535, np.uint16)
        return np.asarray(np.rint(self._shares * top), kind)

    @cached_property
    def _lights(self) -> Float:
        table = code_tables(np.dtype(np.uint16))[1] * np.float32(116) - np.float32(16)
        return np.asarray(table.clip(0, 100)[np.rint(self._shares * 65535).astype(np.intp)], np.float32)

    @cached_property
    def _codes(self) -> Pixels:
        first, last = (int(np.searchsorted(self._shares, end)) for end in (1e-9, 1))
        codes = np.arange(max(0, first - 1), last + 1)
        nearest = np.interp(np.linspace(0, 100, _STEPS + 1), self._lights[codes], codes)
        return np.asarray(np.rint(nearest), np.uint8 if self._bits_in == 8 else np.uint16)

    @cached_property
    def _to_codes(self) -> Float:
        """(3,4): Y', Cb and Cr, in codes, of R, G, B as they come, and 1."""
        kr, kb = self._kr, self._kb
        light = np.array([kr, 1 - kr - kb, kb])
        rows = np.stack([light, (np.eye(3)[2] - light) / (2 - 2 * kb), (np.eye(3)[0] - light) / (2 - 2 * kr)])
        top, unit_in, unit = 255 if self._bits_in == 8 else 65535, 1 << (self._bits_in - 8), 1 << (self._bits - 8)
        spans = [256 * unit_in - 1, 256 * unit - 1] if self._full else [219 * unit_in, 224 * unit]
        rows *= np.array([[spans[0]], [spans[1]], [spans[1]]]) / top
        least = np.array([[0 if self._full else 16 * unit_in], [128 * unit], [128 * unit]])
        return np.asarray(np.hstack([rows, least]), np.float32)


def planar_of(format: str) -> str:
    """The format that a picture is read in: its own where the first plane is luma, else the nearest such."""
    if format in _OTHERS:
        return _OTHERS[format]
    if has_luma(format):
        return format
    return "yuv444p16le" if av.VideoFormat(format).components[0].bits > 8 else "yuv444p"


def size_of(box: Box) -> tuple[int, int]:
    """(width, height) of a box."""
    rows, columns = box
    return columns.stop - columns.start, rows.stop - rows.start


def plane_of(plane: VideoPlane, bytes_each: int) -> Pixels:
    """(h,w) of a plane: a view, uint8 or uint16."""
    kind = np.uint8 if bytes_each == 1 else np.uint16
    rows: Pixels = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // bytes_each)
    return rows[: plane.height, : plane.width]
