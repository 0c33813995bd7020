"""How well one hint keeps to its thing: how much of it takes the colour, and how much of the change lands elsewhere.

    python scripts/hint_segments.py --model photo --data dev/objects-00.tar --every 8 --count 60

The things are segments of photographs (Felzenszwalb and Huttenlocher, IJCV 2004): of each picture the one of the
evenest colour among those that cover 3 to 40 % of it and stand out from what is around them. The hint lies at the
middle of it, in green, red and blue in turn. Filled: the share of the segment within CIEDE2000 10 of the asked colour,
as far as sRGB shows it there. Outside: the share of all change of chroma that lies beyond the segment. The first row is
the network's own answer to the hint, the second the product's, the third the product's on those segments whose border
shows in the lightness: where it doesn't, nothing tells a grey picture's thing from what is beside it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import photochrom
from photochrom import Guide, Hint, Photo, Settings
from photochrom.color.gamut import merge
from photochrom.color.lab import Float
from photochrom.color.named import ab_of
from photochrom.evaluate.arrays import Rgb
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.ciede import ciede2000
from photochrom.evaluate.metrics.picture import lab_of

SIZE, RADIUS = 256, 4  # px
COLORS = ("#1f6f3f", "#8a2a2a", "#30508a")
AREA = 0.03, 0.4  # of the picture
EVEN, APART = 10.0, 12.0  # ab units, its spread at most; Lab units, how far its mean is from what is around it
NEAR = 10.0  # CIEDE2000
SHOWS = 8.0, 0.9  # units of L* between both sides of a border, and the share of its length on which there are as many


def even_segment(picture: Rgb, lab: Float) -> NDArray[np.bool_] | None:
    """The segment (H,W) of the evenest colour that stands out; None where there is none."""
    from scipy.ndimage import binary_dilation
    from skimage.segmentation import felzenszwalb

    found = []
    labels = felzenszwalb(picture, scale=300, sigma=0.8, min_size=800)
    for label in np.unique(labels):
        mask = labels == label
        ring = binary_dilation(mask, iterations=6) & ~binary_dilation(mask, iterations=2)
        if not AREA[0] <= mask.mean() <= AREA[1] or not ring.any():
            continue
        spread = float(np.hypot(*lab[mask][:, 1:].std(axis=0)))
        apart = float(np.linalg.norm(lab[ring].mean(axis=0) - lab[mask].mean(axis=0)))
        if spread <= EVEN and apart >= APART:
            found.append((spread, int(label)))
    return np.asarray(labels == min(found)[1]) if found else None


def middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """x and y of the place that lies deepest inside."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)


def border_shows(lightness: Float, mask: NDArray[np.bool_]) -> bool:
    """Whether L* (H,W) differs on both sides of nearly all of the mask's border."""
    from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter, uniform_filter

    light = gaussian_filter(lightness, 1)
    sides = []
    for side in (binary_erosion(mask, iterations=2), ~binary_dilation(mask, iterations=3)):
        near = uniform_filter(side.astype(np.float32), 13)
        sides.append(np.where(near > 1e-4, uniform_filter(light * side, 13) / np.maximum(near, 1e-4), np.nan))
    gap = np.abs(sides[0] - sides[1])[binary_dilation(mask) & ~mask]
    gap = gap[np.isfinite(gap)]
    return bool(len(gap) and (gap > SHOWS[0]).mean() >= SHOWS[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=8, help="take every so manyth picture")
    parser.add_argument("--count", type=int, default=60, help="segments")
    args = parser.parse_args()
    model = photochrom.load_model(args.model)
    found: dict[str, list[tuple[float, float]]] = {"the network alone": [], "met": [], "met, border shows": []}
    for item in find_items(args.data)[args.every // 2 :: args.every]:
        picture = open_square(item, SIZE)
        mask = even_segment(picture, lab_of(picture))
        if mask is None or len(found["met"]) == args.count:
            continue
        x, y = middle(mask)
        hint = Hint(x, y, COLORS[len(found["met"]) % len(COLORS)], radius=RADIUS)
        grey = grey_of(picture)
        photo, settings = Photo.from_array(grey), Settings(guide=Guide(hints=(hint,)))
        prediction = model.predict(photo, settings)
        assert prediction.unhinted is not None
        before = model.render(photo, replace(prediction, output=prediction.unhinted, hints=())).pixels
        asked = merge(grey, np.broadcast_to(np.asarray(ab_of(hint.color), np.float32), (SIZE, SIZE, 2)))
        shows = border_shows(lab_of(picture)[..., 0], mask)
        for name, shown in (("the network alone", replace(prediction, hints=())), ("met", prediction)):
            after = model.render(photo, shown, settings).pixels
            shares = filled_and_outside(lab_of(after), lab_of(before), lab_of(asked), mask)
            found[name].append(shares)
        if shows:  # of the last, the product's
            found["met, border shows"].append(shares)
    print("| | segments | filled | outside: mean | median | both bars (80 %, 5 %) |\n|---|---|---|---|---|---|")
    for name, pairs in found.items():
        filled, outside = np.array(pairs).T
        both = ((filled >= 0.8) & (outside <= 0.05)).mean()
        means = f"{filled.mean():.1%} | {outside.mean():.1%} | {np.median(outside):.1%} | {both:.0%}"
        print(f"| {name} | {len(pairs)} | {means} |")


def filled_and_outside(after: Float, before: Float, asked: Float, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """The two shares, 0..1, from Lab (H,W,3) with and without the hint, and all in the asked colour."""
    change = np.hypot(*(after - before)[..., 1:].transpose(2, 0, 1))
    return float((ciede2000(after, asked)[mask] < NEAR).mean()), float(change[~mask].sum() / max(change.sum(), 1e-6))


if __name__ == "__main__":
    main()
