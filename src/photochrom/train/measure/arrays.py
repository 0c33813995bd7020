"""Arrays of pictures and of their features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H,W,3) sRGB
Features = NDArray[np.float32]  # (n,d): a row for each picture
