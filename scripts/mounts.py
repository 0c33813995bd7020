"""Measure what becomes of photographs on made card mounts, for docs/scans.md.

python scripts/mounts.py PICTURES... [--model photo]: coloured photographs, short side 240 px at least.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import load_model
from photochrom.color.lab import rgb_to_lab
from photochrom.evaluate.metrics.ciede import ciede2000

CARDS = {
    "grey 40": (40, 40, 40),
    "grey 90": (90, 90, 90),
    "grey 139": (139, 139, 139),
    "grey 185": (185, 185, 185),
    "grey 232": (232, 232, 232),
    "buff": (196, 170, 128),
    "cream": (238, 228, 200),
    "orange": (196, 118, 56),
}
# shares of the print's short side on the left, top, right, bottom; degrees
LAYOUTS = {
    "narrow": ((0.05, 0.05, 0.05, 0.05), 0.0),
    "wide": ((0.3, 0.2, 0.3, 0.4), 0.0),
    "slanted": ((0.2, 0.2, 0.2, 0.2), 1.5),
    "below": ((0, 0, 0, 0.25), 0.0),
    "left and below": ((0.2, 0, 0, 0.2), 0.0),
}


def mounted(picture: Image.Image, card: tuple[int, ...], layout: str, seed: int = 0) -> tuple[Image.Image, Image.Image]:
    """A picture on a card with a little grain and uneven light, and where the picture is (mode L, 0 or 255)."""
    margins, degrees = LAYOUTS[layout]
    left, top, right, bottom = (round(share * min(picture.size)) for share in margins)
    width, height = picture.width + left + right, picture.height + top + bottom
    light = np.linspace(0.985, 1.015, width)[None, :, None]
    ground = np.array(card) * light + np.random.default_rng(seed).normal(0, 2, (height, width, 1))
    page = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    where = Image.new("L", picture.size, 255).rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    at = left - (turned.width - picture.width) // 2, top - (turned.height - picture.height) // 2
    page.paste(turned, at, where)
    mask = Image.new("L", page.size, 0)
    mask.paste(where, at)
    return page, mask


def lab(picture: Image.Image) -> np.ndarray:
    """CIE Lab (h,w,3) of an RGB picture."""
    return rgb_to_lab(np.asarray(picture.convert("RGB"), np.float32) / 255)


def shrunk(inside: np.ndarray, by: int = 3) -> np.ndarray:
    """A mask without its outermost pixels."""
    for axis in (0, 1):
        for step in (-by, by):
            inside = inside & np.roll(inside, step, axis)
    return inside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--model", default="photo")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    model = load_model(arguments.model)
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for path in arguments.pictures:
        truth = Image.open(path).convert("RGB")
        grey = truth.convert("L").convert("RGB")
        alone = model.colorize(grey)
        for layout in LAYOUTS:
            for name, card in CARDS.items():
                page, where = mounted(grey, card, layout)
                colored = lab(model.colorize(page))
                print_only, mount = (shrunk(np.asarray(where) == value) for value in (255, 0))
                own = mounted(truth, card, layout)[0], mounted(alone, card, layout)[0]
                aim, best = (lab(one)[print_only] for one in own)
                found = float(ciede2000(colored[print_only], aim).mean())
                foreign = float(np.hypot(*(colored - lab(page))[mount][:, 1:].T).mean())
                rows.setdefault((layout, name), []).append((foreign, found, float(ciede2000(best, aim).mean())))
    print("| mount | card | chroma on it beyond its own | CIEDE2000 of the print | alone |\n|---|---|---|---|---|")
    for (layout, name), values in rows.items():
        foreign, found, best = np.mean(values, axis=0)
        print(f"| {layout} | {name} | {foreign:.2f} | {found:.2f} | {best:.2f} |")


if __name__ == "__main__":
    main()
