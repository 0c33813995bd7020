"""The arrays that an evaluation hands about."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H,W,3) sRGB
Grey = NDArray[np.uint8]  # (H,W) sRGB
Lab = NDArray[np.float32]  # (H,W,3) CIE L*a*b* (D65): 0..100, and ab units
Features = NDArray[np.float32]  # (n,d): a row for each picture
Numbers = NDArray[np.float64]  # (n,)

Column = NDArray[np.generic]  # (n,...): the first axis is over pictures
Arrays = dict[str, Column]  # columns by the name of what they hold
Columns = Mapping[str, Column]  # the same, to be read only
