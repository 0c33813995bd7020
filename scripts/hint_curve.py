"""What colours given by a person are worth: PSNR and CIEDE2000 of a model with hints, by their number.

    python scripts/hint_curve.py --model photo --data dev/objects-00.tar --every 5

Points lie at random, each a disc of 7 of 256 px in the mean true colour of its square (Zhang et al., SIGGRAPH 2017,
figure 5).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import photochrom
from photochrom import Guide, Hint
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.picture import lab_of, measure

SIZE, SIDE = 256, 7  # of a picture, of a hint, px
COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)


def hints_of(ab: NDArray[np.float32], count: int, rng: np.random.Generator) -> tuple[Hint, ...]:
    """True ab (H,W,2) -> hints at `count` places, in the mean colour of the square around each."""
    hints = []
    for y, x in rng.integers(0, np.array(ab.shape[:2]) - SIDE + 1, (count, 2)):
        a, b = ab[y : y + SIDE, x : x + SIDE].mean((0, 1))
        hints.append(Hint(x + SIDE // 2, y + SIDE // 2, (float(a), float(b)), radius=SIDE / 2))
    return tuple(hints)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=1, help="take every so manyth picture")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="numbers of hints")
    args = parser.parse_args()
    model = photochrom.load_model(args.model)
    pictures = (open_square(item, SIZE) for item in find_items(args.data)[:: args.every])
    truths = [(picture, lab_of(picture)) for picture in pictures]
    print(f"{args.model}, {len(truths)} pictures\n| hints | PSNR | CIEDE2000 |\n|---|---|---|")
    for count in args.counts:
        rng, found = np.random.default_rng(0), []
        for truth, lab in truths:
            guide = Guide(hints=hints_of(lab[..., 1:], count, rng))
            found.append(measure(model.colorize(grey_of(truth), guide=guide), truth, lab))
        means = [np.mean([one[name] for one in found]) for name in ("psnr", "ciede2000")]
        print(f"| {count} | {means[0]:.2f} | {means[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
