"""What colours given by a person are worth: PSNR and CIEDE2000 of a model with hints, by their number.

    python scripts/hint_curve.py --model photo --data dev/objects-00.tar --every 5

Points lie at random, each a square of 7 x 7 of 256 px in its mean true colour (Zhang et al., SIGGRAPH 2017, figure 5).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.distribution import annealed_mean
from photochrom.color.lightness import shrink_lightness
from photochrom.color.upsample import paint
from photochrom.evaluate.dataset import find_items, grey_of, open_square
from photochrom.evaluate.metrics.picture import lab_of, measure
from photochrom.network.models import find_model
from photochrom.network.session import Network, open_network

SIZE, SIDE = 256, 7  # of a picture, of a hint, px
COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)


def hints_of(ab: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """True ab (H,W,2) -> (3,H,W): a and b at `count` squares, and the mask."""
    hints = np.zeros((3, *ab.shape[:2]), np.float32)
    for y, x in rng.integers(0, np.array(ab.shape[:2]) - SIDE + 1, (count, 2)):
        square = np.s_[y : y + SIDE, x : x + SIDE]
        hints[(slice(0, 2), *square)] = ab[square].mean((0, 1))[:, None, None]
        hints[(2, *square)] = 1
    return hints


def colour(network: Network, grey: NDArray[np.uint8], hints: NDArray[np.float32]) -> NDArray[np.uint8]:
    guide = shrink_lightness(grey, (SIZE, SIZE))
    return paint(grey, annealed_mean(network.run(guide, hints), network.centres, network.temperature), guide=guide)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=1, help="take every so manyth picture")
    args = parser.parse_args()
    network = open_network(find_model(args.model))
    pictures = (open_square(item, SIZE) for item in find_items(args.data)[:: args.every])
    truths = [(picture, lab_of(picture)) for picture in pictures]
    print(f"{args.model}, {len(truths)} pictures\n| hints | PSNR | CIEDE2000 |\n|---|---|---|")
    for count in COUNTS:
        rng, found = np.random.default_rng(0), []
        for truth, lab in truths:
            hints = hints_of(lab[..., 1:], count, rng)
            found.append(measure(colour(network, grey_of(truth), hints), truth, lab))
        means = [np.mean([one[name] for one in found]) for name in ("psnr", "ciede2000")]
        print(f"| {count} | {means[0]:.2f} | {means[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
