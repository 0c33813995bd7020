"""What a reference is worth: how far the colours move to it, and how near they stay to the truth.

    python scripts/reference_table.py --data dev/objects-00.tar --every 12

Pictures of ImageNet's classes in the order of their numbers: that of the next class (another shark, another terrier) is
the reference; for the last rows one that lies half of the list away, with which it has little in common.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import photochrom
from photochrom import Guide
from photochrom.color.gamut import merge
from photochrom.color.transfer import reinhard
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.ciede import ciede2000
from photochrom.evaluate.metrics.lpips import Lpips
from photochrom.evaluate.metrics.picture import lab_of, measure
from photochrom.train.measure.arrays import Rgb
from photochrom.train.measure.weights import find_weights

SIZE = 256  # px
COLORS = 6  # of a palette


def palette_distance(picture: Rgb, reference: Rgb) -> float:
    """Mean CIEDE2000 of a picture's pixels to the nearest of the reference's 6 main colours at their lightness."""
    from scipy.cluster.vq import kmeans2

    lab, other = lab_of(picture)[::4, ::4].reshape(-1, 3), lab_of(reference)[::4, ::4].reshape(-1, 3)
    colors = kmeans2(other[:, 1:].astype(np.float64), COLORS, seed=0, minit="++")[0].astype(np.float32)
    each = [ciede2000(lab, np.concatenate([lab[:, :1], np.broadcast_to(c, (len(lab), 2))], axis=1)) for c in colors]
    return float(np.min(each, axis=0).mean())


def global_reinhard(colored: Rgb, grey: Rgb, reference: Rgb) -> Rgb:
    """The usual way: mean and spread of the whole reference laid on the whole picture."""
    ab, other = lab_of(colored)[..., 1:], lab_of(reference)[..., 1:].reshape(-1, 2)
    return merge(grey, reinhard(ab, other, weights=np.ones(ab.shape[:2], np.float32)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=12, help="take every so manyth picture")
    parser.add_argument("--metric-weights", type=Path, nargs="*", default=(), help="folders of LPIPS' weights")
    args = parser.parse_args()
    weights = find_weights("lpips_alex", folders=args.metric_weights)
    model, lpips = photochrom.load_model(args.model), Lpips(*weights.files)
    items = list(find_items(args.data))
    print("| reference | way | to its palette | LPIPS to the truth | CIEDE2000 to the truth | moved, ab units |")
    print("|---|---|---|---|---|---|")
    for kind, step in (("like", 1), ("unlike", len(items) // 2)):
        found: dict[str, list[tuple[float, ...]]] = {}
        for i in range(0, len(items) - 1, args.every):
            truth = open_square(items[i], SIZE)
            reference = open_square(items[(i + step) % len(items)], SIZE)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "reference.png")
                Image.fromarray(reference).save(path)
                grey, lab = grey_of(truth), lab_of(truth)
                try:
                    ours = model.colorize(grey, guide=Guide(references=(str(path),)))
                except photochrom.UsageError:
                    continue  # a reference without colour
                alone = model.colorize(grey, guide=Guide(references=(str(path),), statistics="none"))
            plain = model.colorize(grey)
            rows = {"none": plain, "Reinhard": global_reinhard(plain, grey, reference), "matches": alone, "ours": ours}
            for way, picture in rows.items():
                moved = float(np.hypot(*(lab_of(picture) - lab_of(plain))[..., 1:].transpose(2, 0, 1)).mean())
                found.setdefault(way, []).append(
                    (
                        palette_distance(picture, reference),
                        lpips(picture, truth),
                        measure(picture, truth, lab)["ciede2000"],
                        moved,
                    )
                )
        for way, numbers in found.items():
            means = np.mean(numbers, axis=0)
            print(f"| {kind} | {way} | {means[0]:.2f} | {means[1]:.4f} | {means[2]:.2f} | {means[3]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
