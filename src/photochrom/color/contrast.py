"""A faded print, seen with full contrast: a network that was trained on ordinary photographs then knows it again.

The lightness of an ordinary photograph spans 76 units of L* from its 1st to its 99th percentile, and all but 3 of 1,204
development pictures span more than 42. A print that faded, or a scan of wrong exposure, spans a few. Where that span is
small, what the network is shown is stretched, by a straight line, to the span of ordinary photographs. The picture
itself keeps its lightness.
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float

ENDS = 1.0, 99.0  # percentiles that count as black and white: dust, scratches and a few stray pixels don't
USUAL = 5.0, 93.0  # L* of the two in photographs of full contrast: the medians over the development pictures
FLAT, FULL = 34.0, 42.0  # units of L* between the two: stretched wholly below FLAT, not at all above FULL
MOST = 20.0  # times: below 4 units of L* grain and the steps of 8 bits are most of what there is


def full_contrast(lightness: Float) -> Float:
    """What the network is shown of a lightness (h,w) float32, L* 0..100: stretched where it is flat, else itself."""
    black, white = np.percentile(lightness, ENDS)
    span = float(white - black)
    if not 0 < span < FULL:
        return lightness
    gain = min((USUAL[1] - USUAL[0]) / span, MOST)
    middle = sum(USUAL) / 2
    stretched = (lightness - np.float32((black + white) / 2)) * np.float32(gain) + np.float32(middle)
    share = np.float32(np.clip((FULL - span) / (FULL - FLAT), 0, 1))
    return np.asarray(lightness + (np.clip(stretched, 0, 100) - lightness) * share, np.float32)
