"""What --restore is worth: colour error on pictures aged in one way at a time, seen as they are and as restored.

    python scripts/restore_table.py --data dev/kodak-00.tar dev/objects-00.tar --every 21

The faults are those of the recipes (photochrom.train.augment.ageing). The colours are laid on the undamaged picture, so
that only they count: CIEDE2000 to the truth. Changed: how many of the pictures come out otherwise than without.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import photochrom
from photochrom import Colorizer, Photo, Settings
from photochrom.evaluate.arrays import Rgb
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.ciede import ciede2000
from photochrom.evaluate.metrics.picture import lab_of
from photochrom.train.augment.ageing import dusty, scratched, vignette

SIZE = 256  # px
FAULTS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda grey: grey,
    "faded to a half": lambda grey: 0.2 + 0.5 * grey,
    "faded to a third": lambda grey: 0.3 + 0.33 * grey,
    "scratches": lambda grey: scratched(scratched(grey)),
    "dust": lambda grey: dusty(dusty(grey)),
    "grain": lambda grey: grey + 12 / 255 * torch.randn_like(grey),
    "vignette": lambda grey: grey * vignette(grey),
    "all": lambda grey: dusty(scratched(0.2 + 0.5 * grey * vignette(grey))) + 6 / 255 * torch.randn_like(grey),
}


def aged(clean: Rgb, fault: str, seed: int) -> Rgb:
    """A grey picture (H,W) uint8 with a fault."""
    torch.manual_seed(seed)
    grey = FAULTS[fault](torch.from_numpy(clean.copy())[None, None] / 255).clamp(0, 1)
    return np.asarray((grey[0, 0] * 255).round().to(torch.uint8).numpy())


def colored(model: Colorizer, seen: Rgb, clean: Rgb, restore: str) -> Rgb:
    """The clean picture in the colours that the model gives the aged one."""
    prediction = model.predict(Photo.from_array(seen), Settings(restore=restore, frame="off"))
    unmended = replace(prediction, repaired=None)
    return model.lay(Photo.from_array(clean), unmended, model.chroma(prediction)).pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photo-fast")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=21, help="take every so manyth picture")
    args = parser.parse_args()
    model = photochrom.load_model(args.model)
    truths = [open_square(item, SIZE) for item in find_items(args.data)[:: args.every]]
    print(f"{args.model}, {len(truths)} pictures\n| fault | as it is | --restore eyes | picture | changed |")
    print("|---|---|---|---|---|")
    for fault in FAULTS:
        errors, changed = [], 0
        for seed, truth in enumerate(truths):
            clean, lab = grey_of(truth), lab_of(truth)
            seen = aged(clean, fault, seed)
            shown = [colored(model, seen, clean, restore) for restore in ("", "eyes", "picture")]
            errors.append([ciede2000(lab_of(one), lab).mean() for one in shown])
            changed += not np.array_equal(shown[0], shown[1])
        means = " | ".join(f"{mean:.2f}" for mean in np.mean(errors, axis=0))
        print(f"| {fault} | {means} | {changed} |", flush=True)


if __name__ == "__main__":
    main()
