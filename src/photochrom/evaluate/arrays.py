"""The arrays that an evaluation hands about."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from photochrom.train.measure.arrays import Features, Rgb

__all__ = ["Arrays", "Column", "Columns", "Features", "Grey", "Lab", "Numbers", "Rgb"]

Grey = NDArray[np.uint8]  # (H,W) sRGB
Lab = NDArray[np.float32]  # (H,W,3) CIE L*a*b* (D65): 0..100, and ab units
Numbers = NDArray[np.float64]  # (n,)

Column = NDArray[np.generic]  # (n,...): the first axis is over pictures
Arrays = dict[str, Column]  # columns by the name of what they hold
Columns = Mapping[str, Column]  # the same, to be read only
