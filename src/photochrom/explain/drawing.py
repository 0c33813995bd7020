"""Maps and distributions as pictures, with Pillow alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom.color.lab import Float, lab_to_rgb
from photochrom.color.resample import resize

Rgb = NDArray[np.uint8]
# sRGB at equal steps from 0 to 1: from black by violet and orange to pale yellow, each step lighter than the one before
_SCALE = np.array(
    [[0, 0, 4], [40, 17, 89], [114, 31, 129], [183, 55, 121], [241, 96, 93], [254, 159, 109], [252, 253, 191]]
)
_INK, _PAPER, _LINE = (40, 40, 44), (255, 255, 255), (210, 208, 203)
_REACH = 110  # ab units that a chart of the ab plane shows to each side


def heat(values: Float, low: float = 0.0, high: float = 1.0) -> Rgb:
    """A map (h,w) as (h,w,3) uint8: black at `low`, by violet and orange, to pale yellow at `high`."""
    place = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * (len(_SCALE) - 1)
    knots = np.arange(len(_SCALE))
    rgb = np.stack([np.interp(place, knots, _SCALE[:, c]) for c in range(3)], axis=-1)
    return np.asarray(np.rint(rgb), np.uint8)


def scale_bar(low: str, high: str, *, width: int = 320) -> Rgb:
    """The scale of heat() with the words for its two ends, (h,width,3) uint8."""
    font = ImageFont.load_default(14)
    image = Image.new("RGB", (width, 40), _PAPER)
    image.paste(Image.fromarray(heat(np.tile(np.linspace(0, 1, width, dtype=np.float32), (14, 1)))), (0, 2))
    draw = ImageDraw.Draw(image)
    draw.text((2, 19), low, fill=_INK, font=font)
    draw.text((width - 2, 19), high, fill=_INK, font=font, anchor="ra")
    return np.asarray(image)


def over(picture: Rgb, values: Float, low: float, high: float, *, share: float = 0.72) -> Rgb:
    """heat() of a small map laid over a picture (H,W,3) uint8, which shines through by 1 - share."""
    laid = heat(resize(values, (picture.shape[1], picture.shape[0])), low, high)
    grey = picture.astype(np.float32).mean(axis=-1, keepdims=True)
    return np.asarray(np.rint(laid * share + grey * (1 - share)), np.uint8)


def grey_map(lightness: Float, times: int = 2) -> Rgb:
    """A lightness (h,w) 0..100 as a grey picture, (h,w,3) uint8, so many times as large."""
    lab = np.stack([lightness, np.zeros_like(lightness), np.zeros_like(lightness)], axis=-1)
    large = resize(lab, (times * lightness.shape[1], times * lightness.shape[0]))
    return np.asarray(np.rint(np.clip(lab_to_rgb(large), 0, 1) * 255), np.uint8)


def components(features: Float, size: tuple[int, int]) -> Rgb:
    """Features (C,h,w) as a picture of `size` (w,h): their first three principal components as red, green and blue."""
    flat = features.reshape(len(features), -1).T.astype(np.float64)
    flat = flat - flat.mean(axis=0)
    main = flat @ np.linalg.svd(flat.T @ flat)[0][:, :3]
    low, high = np.percentile(main, [1, 99], axis=0)
    scaled = np.clip((main - low) / np.maximum(high - low, 1e-9), 0, 1) * 255
    small = Image.fromarray(scaled.round().astype(np.uint8).reshape(*features.shape[1:], 3))
    return np.asarray(small.resize(size, Image.Resampling.NEAREST))


def channels(features: Float, count: int, size: tuple[int, int]) -> list[Rgb]:
    """The `count` channels of features (C,h,w) that differ most from place to place, each (h',w') uint8 of `size`."""
    spread = features.reshape(len(features), -1).std(axis=1)
    order = np.argsort(-spread)[:count]
    made = []
    for channel in features[order]:
        low, high = np.percentile(channel, [1, 99])
        grey = np.clip((channel - low) / max(high - low, 1e-9), 0, 1) * 255
        made.append(np.asarray(Image.fromarray(grey.round().astype(np.uint8)).resize(size, Image.Resampling.NEAREST)))
    return made


def discs(mass: Float, colors: Float, lightness: float, *, side: int = 420) -> Rgb:
    """A distribution over the ab plane, (side,side,3) uint8: each bin a disc in its colour, its area its probability.

    mass: (Q,), sums to 1. colors: (Q,2), a* and b* of the bins. lightness: L* that the discs are drawn with.
    """
    big = side * 2  # drawn large and shrunk, so that circles are smooth
    image = Image.new("RGB", (big, big), _PAPER)
    draw = ImageDraw.Draw(image)
    middle, unit = big / 2, big / 2 / _REACH
    draw.line([(middle, 0), (middle, big)], fill=_LINE, width=2)
    draw.line([(0, middle), (big, middle)], fill=_LINE, width=2)
    lab = np.column_stack([np.full(len(colors), np.clip(lightness, 35, 85)), colors])
    shown = np.rint(np.clip(lab_to_rgb(lab), 0, 1) * 255).astype(int)
    for i in np.argsort(-mass):
        radius = np.sqrt(max(float(mass[i]), 0.0)) * big * 0.17
        if radius < 1:
            break
        x, y = middle + colors[i, 0] * unit, middle - colors[i, 1] * unit
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(shown[i]), outline=(120, 120, 120))
    font = ImageFont.load_default(26)
    for text, at, anchor in (
        ("red", (big - 8, middle - 6), "rb"),
        ("green", (8, middle - 6), "lb"),
        ("yellow", (middle + 8, 6), "lt"),
        ("blue", (middle + 8, big - 8), "lb"),
    ):
        draw.text(at, text, fill=(130, 128, 122), font=font, anchor=anchor)
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


def marked(picture: Rgb, points: Sequence[tuple[float, float]], *, first: int = 0) -> Rgb:
    """A picture (H,W,3) uint8 with rings and letters, A, B, C... from the `first` on, at points (x,y) in shares of its
    sides."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    draw = ImageDraw.Draw(image)
    ring = max(6, round(min(image.size) * 0.022))
    font = ImageFont.load_default(max(13, ring * 2))
    for i, (x, y) in enumerate(points, start=first):
        at = x * image.width, y * image.height
        for wide, color in ((4, (0, 0, 0)), (2, (255, 255, 255))):
            draw.ellipse((at[0] - ring, at[1] - ring, at[0] + ring, at[1] + ring), outline=color, width=wide)
        left = at[0] + 3 * ring > image.width
        place = (at[0] - ring - 4, at[1]) if left else (at[0] + ring + 4, at[1])
        draw.text(
            place,
            letter(i),
            fill=(255, 255, 255),
            font=font,
            anchor="rm" if left else "lm",
            stroke_width=2,
            stroke_fill=(0, 0, 0),
        )
    return np.asarray(image)


def letter(i: int) -> str:
    """A, B ... Z, A1, B1..."""
    return chr(ord("A") + i % 26) + (str(i // 26) if i >= 26 else "")


def chroma_plane(ab: Float, size: tuple[int, int], *, lightness: float = 65.0) -> Rgb:
    """The colours (h,w,2) alone, all of one lightness, at `size` (w,h) with their places as squares."""
    lab = np.dstack([np.full(ab.shape[:2], np.float32(lightness)), ab])
    small = Image.fromarray(np.rint(np.clip(lab_to_rgb(lab), 0, 1) * 255).astype(np.uint8))
    return np.asarray(small.resize(size, Image.Resampling.NEAREST))
