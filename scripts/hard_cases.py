"""Draw docs/domains-hard.jpg: pictures that are hard for a domain, each beside what comes of it.

python scripts/hard_cases.py docs/domains-hard.jpg      # needs scikit-image, for its pictures, and the extra prepare
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import data, transform

import photochrom
from photochrom.color.false_color import palette_colors
from photochrom.prepare.infrared import InfraredStyle, as_infrared
from photochrom.prepare.lines import LineStyle, draw_lines
from photochrom.sheet import montage

Pixels = NDArray[np.uint8]
WIDE = 300  # px of each picture


def small(picture: Pixels) -> Pixels:
    """A picture at the width of the sheet."""
    high = round(picture.shape[0] * WIDE / picture.shape[1])
    return np.asarray(Image.fromarray(picture).resize((WIDE, high), Image.Resampling.LANCZOS))


def grey(picture: Pixels) -> Pixels:
    """Its luma."""
    return np.asarray(Image.fromarray(picture).convert("L"))


def on_old_paper(drawing: Pixels) -> Pixels:
    """A drawing on yellowed paper, darker towards a corner, with grain."""
    high, wide = drawing.shape
    y, x = np.mgrid[0:high, 0:wide]
    light = 1 - 0.25 * (x / wide + y / high) / 2
    noisy = (drawing * 0.55 + 100 + np.random.default_rng(0).normal(0, 2, drawing.shape)) * light
    return np.clip(noisy[..., None] * np.array([1, 0.93, 0.75]), 0, 255).astype(np.uint8)


def open_drawing() -> Pixels:
    """A few clean shapes on much white paper."""
    image = Image.new("L", (600, 400), 255)
    draw = ImageDraw.Draw(image)
    draw.ellipse((180, 150, 380, 330), outline=0, width=4)
    draw.ellipse((340, 80, 460, 190), outline=0, width=4)
    draw.ellipse((420, 115, 432, 127), fill=0)
    draw.polygon(((455, 130), (500, 145), (455, 155)), outline=0, width=4)
    draw.line(((180, 240), (110, 190), (190, 200)), fill=0, width=4)
    for x in (260, 310):
        draw.line((x, 328, x, 380), fill=0, width=4)
    return np.asarray(image)


def with_scale(frame: Pixels) -> Pixels:
    """A thermal frame with the bar of its scale, readings and a maker's name."""
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image)
    high, wide = frame.shape
    bar = np.linspace(255, 0, high - 120).astype(np.uint8)[:, None].repeat(12, axis=1)
    draw.rectangle((wide - 60, 0, wide, high), fill=20)
    image.paste(Image.fromarray(bar), (wide - 30, 60))
    font = ImageFont.load_default(22)
    for place, text in (((wide - 58, 28), "36.8"), ((wide - 58, high - 52), "18.2"), ((12, high - 40), "THERMO")):
        draw.text(place, text, fill=255, font=font)
    return np.asarray(image)


def fields() -> Pixels:
    """Fields of many intensities with a river, as a near-infrared band from above might be."""
    rng = np.random.default_rng(4)
    plots = np.kron(rng.integers(110, 230, (7, 9)), np.ones((40, 40)))[:240, :330]
    y, x = np.mgrid[0:240, 0:330]
    textured = plots * (0.75 + data.grass()[:240, :330] / 512)
    textured[np.abs(y - 120 - 40 * np.sin(x / 60)) < 9] = 18
    return np.clip(textured, 1, 255).astype(np.uint8)


def swath(picture: Pixels) -> Pixels:
    """Turned by 14 degrees, with nothing measured around it."""
    turned = transform.rotate(picture, 14, resize=True, order=0, preserve_range=True)
    return np.asarray(turned, np.uint8)


def as_jpeg(picture: Pixels) -> Pixels:
    """As a camera would have saved it."""
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "JPEG", quality=90)
    return np.asarray(Image.open(memory))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    cat, rocket, cup = small(data.cat()), small(data.rocket()), small(data.coffee())
    drawing = draw_lines(cat, LineStyle(black=0))
    warm = with_scale(np.asarray(Image.fromarray(255 - grey(rocket)).resize((640, 427))))
    meadow = as_infrared(cat, InfraredStyle())
    cases: list[tuple[str, str, Pixels]] = [
        ("a photograph, as infrared", "infrared", grey(cup)),
        ("infrared, as a photograph", "photo", meadow),
        ("a drawing on yellowed paper", "sketch", on_old_paper(drawing)),
        ("large white areas", "sketch", open_drawing()),
        ("a scale and writing", "thermal", warm),
        ("false colours (iron, JPEG)", "thermal", as_jpeg(palette_colors("iron")[255 - grey(rocket)])),
        ("a swath's margins", "satellite", swath(fields())),
    ]
    shown: list[tuple[str, Pixels]] = []
    for name, domain, given in cases:
        made = photochrom.load_model(domain=domain).colorize(given)
        plain = given if given.ndim == 3 else np.repeat(given[..., None], 3, axis=2)
        shown += [(name, small(plain)), (f"as {domain}", small(made))]
    Image.fromarray(montage(shown, columns=4, wide=WIDE)).save(out, quality=88, optimize=True)


if __name__ == "__main__":
    main()
