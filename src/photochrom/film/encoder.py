"""How the pictures of the new film are coded: which codec, in which pixel format, with the colour of the old film."""

from __future__ import annotations

import os
from dataclasses import dataclass

import av
from av.codec.codec import UnknownCodecError
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from photochrom.errors import UsageError
from photochrom.film.info import FilmInfo
from photochrom.film.options import QUALITY, FilmOptions

_ENCODERS = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1", "prores": "prores_ks", "ffv1": "ffv1"}
_DEPTHS = {"h264": (8, 10), "h265": (8, 10, 12), "av1": (8, 10), "prores": (10,), "ffv1": (8, 9, 10, 12, 16)}
_LAYOUTS = {"h264": ("420", "422", "444"), "h265": ("420", "422", "444"), "av1": ("420",), "prores": ("422", "444")}
_LAYOUTS["ffv1"] = _LAYOUTS["h264"]
_SPEED = {"h264": {"preset": "medium"}, "h265": {"preset": "medium", "x265-params": "log-level=error"}}
_SPEED |= {"av1": {"preset": "8"}, "prores": {"profile": "3"}, "ffv1": {"level": "3", "slicecrc": "1", "g": "1"}}


@dataclass(frozen=True)
class Coding:
    """A codec with all that it is told. name: libavcodec's. format: libavutil's, of its pictures."""

    name: str
    format: str
    options: dict[str, str]
    info: FilmInfo

    def context(self) -> VideoCodecContext:
        """A coder of its own, not yet opened."""
        context = av.CodecContext.create(self.name, "w")
        assert isinstance(context, VideoCodecContext)
        self.set_up(context)
        context.options = dict(self.options)
        return context

    def set_up(self, context: VideoCodecContext | VideoStream) -> None:
        """Tell the coder of a stream, or one of its own, what it needs to know."""
        coder = context.codec_context if isinstance(context, VideoStream) else context
        info = self.info
        coder.width, coder.height = info.size
        coder.pix_fmt = self.format
        coder.time_base = info.time_base
        coder.framerate = info.rate
        coder.sample_aspect_ratio = info.aspect
        coder.color_range = 2 if info.full else 1 if info.range else 0
        coder.colorspace, coder.color_primaries, coder.color_trc = info.matrix, info.primaries, info.transfer
        coder.flags |= Flags.global_header | Flags.frame_duration


def coding_for(info: FilmInfo, options: FilmOptions) -> Coding:
    """The coding of the film that `info` becomes. Raises UsageError for a codec that this build of PyAV lacks."""
    name = _ENCODERS[options.codec]
    try:
        av.Codec(name, "w")
    except UnknownCodecError:
        raise UsageError(
            f"this build of PyAV has no {name}, which writes {options.codec}; choose another --codec or build of PyAV"
        ) from None
    os.environ.setdefault("SVT_LOG", "1")  # errors alone: it writes to stderr by itself
    told = dict(_SPEED[options.codec])
    if options.codec in QUALITY:
        told["crf"] = str(QUALITY[options.codec][0] if options.crf is None else options.crf)
    return Coding(name, _format(info, options.codec), told, info)


def _format(info: FilmInfo, codec: str) -> str:
    """8 bits for 8, more for more; chroma as in the film where it has planes of 4:2:2 or 4:4:4, else 4:2:0."""
    depth = next((d for d in _DEPTHS[codec] if d >= info.bits), _DEPTHS[codec][-1])
    layout = next((kind for kind in ("422", "444") if info.format.startswith("yuv") and kind in info.format), "420")
    odd = info.size[0] % 2, info.size[1] % 2
    if codec in ("h264", "h265") and ((odd[0] and layout != "444") or (odd[1] and layout == "420")):
        layout = "444"  # the only one in which they code odd sizes
    if layout not in _LAYOUTS[codec]:
        layout = _LAYOUTS[codec][0]
    return f"yuv{layout}p" + ("" if depth == 8 else f"{depth}le")
