"""How colour emerges: the sheets of all epochs, which show the same pictures, as one animation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from photochrom.atomic import atomic_write

_MOST = 60  # frames: of longer runs every n-th sheet
_SIZE = (1280, 960)  # px that a frame fits into
_SECONDS, _HOLD, _SHORTEST = 12.0, 1500, 120  # of all; ms of the first and the last frame; ms of any other, at least
_INK, _PAPER = (30, 30, 30), (255, 255, 255)


def write_emerging(samples: Path, target: Path) -> None:
    """One frame for each RUN/samples/epoch-0001.jpg, with its epoch, as an animated WebP; nothing without a sheet."""
    sheets = _chosen(sorted(samples.glob("epoch-*.jpg")))
    if not sheets:
        return
    frames = [_frame(sheet) for sheet in sheets]
    size = frames[-1].size  # earlier sheets may be of other settings
    frames = [frame if frame.size == size else frame.resize(size) for frame in frames]
    each = max(_SHORTEST, round(1000 * _SECONDS / len(frames)))
    times = [_HOLD, *[each] * (len(frames) - 2), 2 * _HOLD][-len(frames) :]
    with atomic_write(target, overwrite=True) as stream:
        frames[0].save(
            stream, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=0, quality=80, method=3
        )


def _chosen(sheets: Sequence[Path]) -> list[Path]:
    """At most _MOST of them, the first and the last among these."""
    if len(sheets) <= _MOST:
        return list(sheets)
    return [sheets[round(i * (len(sheets) - 1) / (_MOST - 1))] for i in range(_MOST)]


def _frame(sheet: Path) -> Image.Image:
    with Image.open(sheet) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail(_SIZE, Image.Resampling.LANCZOS)
    font = ImageFont.load_default(18)
    text = f"epoch {int(sheet.stem.rpartition('-')[2])}"
    head = 28
    frame = Image.new("RGB", (picture.width, picture.height + head), _PAPER)
    frame.paste(picture, (0, head))
    ImageDraw.Draw(frame).text((8, 4), text, fill=_INK, font=font)
    return frame
