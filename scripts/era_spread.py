"""How much more the pictures of a folder agree in tone by one era: the spread of their mean colours, for docs/guide.md.

    python scripts/era_spread.py --data dev/objects-00.tar --every 12

Spread: the root of the mean squared distance of the pictures' mean a* and b* from those of all, in ab units.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import photochrom
from photochrom import Photo, Settings
from photochrom.color.eras import ERAS
from photochrom.color.lab import Float
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.picture import lab_of

SIZE = 256  # px


def spread(means: list[Float]) -> float:
    """Of the pictures' mean a* and b*, in ab units."""
    points = np.array(means)
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=12, help="take every so manyth picture")
    args = parser.parse_args()
    model = photochrom.load_model(args.model)
    means: dict[str, list[Float]] = {name: [] for name in ("", *ERAS)}
    for item in find_items(args.data)[:: args.every]:
        photo = Photo.from_array(grey_of(open_square(item, SIZE)))
        prediction = model.predict(photo)
        for name, found in means.items():
            found.append(lab_of(model.render(photo, prediction, Settings(era=name)).pixels)[..., 1:].mean(axis=(0, 1)))
    before = spread(means[""])
    print(f"{args.model}, {len(means[''])} pictures\n| era | spread, ab units | of that without |\n|---|---|---|")
    for name, found in means.items():
        print(f"| {name or 'none'} | {spread(found):.2f} | {spread(found) / before:.2f} |")


if __name__ == "__main__":
    main()
