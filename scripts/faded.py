"""Measure faded prints and prints under two lamps, for docs/scans.md.

python scripts/faded.py PICTURES... [--model photo]: coloured photographs; every 60th development picture for the page.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import Colorizer, Photo, load_model
from photochrom.color.gamut import merge
from photochrom.color.lightness import lightness, shrink_lightness
from photochrom.color.tint import describe
from photochrom.evaluate.metrics.ciede import ciede2000

CONTRASTS = (0.3, 0.16, 0.08)
LEVELS = (64, 128, 192)  # mean of the 8-bit print
# ab at the left and at the right of the page: a warm lamp and a blue window, three strengths each
LAMPS = [((4, 22), (-3, -16)), ((2, 8), (-1, -6)), ((5, 25), (-2, -8)), ((3, 14), (-2, -14)), ((6, 18), (0, -10))]


def faded(grey: np.ndarray, contrast: float, level: int) -> np.ndarray:
    """A print of so much contrast left, 8 bits."""
    return (level + contrast * (grey.astype(float) - 128)).round().clip(0, 255).astype(np.uint8)


def under_lamps(grey: np.ndarray, lamps: tuple[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """A grey print photographed between two lights."""
    right = np.linspace(0, 1, grey.shape[1])[None, :, None]
    ab = np.array(lamps[0]) * (1 - right) + np.array(lamps[1]) * right
    return merge(grey, (ab * (0.3 + lightness(grey)[..., None] / 140)).astype(np.float32))


def chroma(model: Colorizer, grey: np.ndarray) -> np.ndarray:
    """The colours (h,w,2) at the network's size, in ab units."""
    return model.chroma(model.predict(Photo.from_array(grey)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--model", default="photo")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    stretched, plain = load_model(arguments.model), load_model(arguments.model)
    plain._domain = replace(plain._domain, show=None)  # as it was before
    rows: dict[tuple[float, bool], list[float]] = {}
    kinds: Counter[str] = Counter()
    for path in arguments.pictures:
        grey = np.asarray(Image.open(path).convert("L"))
        whole = chroma(stretched, grey)
        light = shrink_lightness(grey, whole.shape[1::-1])[..., None]
        for contrast in CONTRASTS:
            for level in LEVELS:
                print_ = faded(grey, contrast, level)
                for model in (plain, stretched):
                    ab = chroma(model, print_)
                    away = ciede2000(*(np.concatenate([light, colors], -1) for colors in (ab, whole))).mean()
                    rows.setdefault((contrast, model is stretched), []).append(float(away))
        for lamps in LAMPS:
            kinds[describe(under_lamps(grey, lamps)).kind] += 1
    print("| contrast left | as it is | stretched |\n|---|---|---|")
    for contrast in CONTRASTS:
        print(f"| {contrast:.0%} | {np.mean(rows[contrast, False]):.1f} | {np.mean(rows[contrast, True]):.1f} |")
    print(f"\nunder two lamps: {dict(kinds)}")


if __name__ == "__main__":
    main()
