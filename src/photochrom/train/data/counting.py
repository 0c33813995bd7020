"""The colours of training pictures, counted in bins."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.errors import PictureError, TrainingError
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop
from photochrom.train.losses.bins import Bins, bins_of, gamut_bins
from photochrom.train.recipe.sections import Recipe

log = logging.getLogger("photochrom.train")


def count_bins(pictures: Sequence[Picture], recipe: Recipe, most: int = 3000) -> Bins:
    """Bins and prior from the middle squares of up to `most` pictures, chosen by hash.

    At 128 pixels at most: the shares of colours hardly depend on the size. Raises TrainingError if none can be read.
    """
    size = min(recipe.data.size, 128)
    chosen = sorted(pictures, key=lambda picture: picture.digest)[:most]

    def colors(picture: Picture) -> NDArray[np.float32] | None:
        try:
            square = center_crop(picture.pixels(size), size)
        except PictureError as error:
            log.debug("not counted: %s", error)  # the run itself tells of it, and counts
            return None
        ab = rgb_to_lab(square.astype(np.float32) / 255)[::2, ::2, 1:]
        return ab.reshape(-1, 2)

    with ThreadPoolExecutor(4) as pool:
        counted = [ab for ab in pool.map(colors, chosen) if ab is not None]
    if not counted:
        raise TrainingError(f"none of {len(chosen)} pictures can be read, to count their colours: check them")
    ab = np.concatenate(counted)
    return gamut_bins(ab) if recipe.loss.bins == "gamut" else Bins(*bins_of(ab, recipe.loss.bin_share))
