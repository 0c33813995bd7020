"""Near-infrared pictures simulated from colour ones, for training where there are too few real pairs.

Leaves reflect four to six times as much near-infrared light as red, a clear sky and water send hardly any; most other
surfaces are about as bright as in red. So the plain way takes the red channel; the better one takes red and green and
less blue, but plants, found by their excess of green, from a steep curve of green, and darkens what is blue. Its
constants are those whose pictures agree best with 172 real pairs (correlation 0.82; of the red channel 0.63).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import linear_to_srgb
from photochrom.color.tables import code_tables

InfraredKind = Literal["red", "simulated"]
INFRARED_KINDS: tuple[InfraredKind, ...] = get_args(InfraredKind)


@dataclass(frozen=True, kw_only=True)
class InfraredStyle:
    """How a colour picture becomes an infrared one; in linear light.

    kind: "red" takes the red channel, and nothing below counts. plants: brightness of leaves. curve: exponent of their
    green: below 1 dark leaves are bright too. doubt: excess of green, as a share, from which something is a plant for
    sure. sky: the share of its light that something blue loses. weights: of red, green and blue in all else.
    """

    kind: InfraredKind = "simulated"
    plants: float = 3.0
    curve: float = 0.66
    doubt: float = 0.5
    sky: float = 0.15
    weights: tuple[float, float, float] = (0.75, 0.45, -0.65)


def random_infrared(rng: np.random.Generator) -> InfraredStyle:
    """Another season, filter and haze: for training."""
    red, green, blue = rng.uniform((0.5, 0.1, -0.8), (1.0, 0.6, 0.1))
    return InfraredStyle(
        plants=float(rng.uniform(1.5, 4.0)),
        curve=float(rng.uniform(0.55, 0.9)),
        doubt=float(rng.uniform(0.3, 0.6)),
        sky=float(rng.uniform(0, 0.6)),
        weights=(float(red), float(green), float(blue)),
    )


def as_infrared(pixels: NDArray[np.uint8], style: InfraredStyle) -> NDArray[np.uint8]:
    """sRGB (H,W,3) uint8 -> a near-infrared picture of the same scene, as it might be, (H,W) uint8."""
    if style.kind == "red":
        return np.ascontiguousarray(pixels[..., 0])
    linear = code_tables(pixels.dtype)[0].take(pixels)
    red, green, blue = (linear[..., c] for c in range(3))
    total = red + green + blue + np.float32(0.01)  # near black no colour can be trusted
    plants = _rising((2 * green - red - blue) / total, 0.0, style.doubt)
    sky = _rising((2 * blue - red - green) / total, 0.15, 1.2)
    weights = style.weights
    other = weights[0] * red + weights[1] * green + weights[2] * blue
    other = np.maximum(other, 0.2 * red) * (1 - np.float32(style.sky) * sky)
    near = other + plants * (np.float32(style.plants) * green ** np.float32(style.curve) - other)
    levels: NDArray[np.uint8] = np.rint(linear_to_srgb(np.clip(near, 0, 1)) * 255).astype(np.uint8)
    return levels


def _rising(x: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below `low`, 1 above `high`, smoothly between (3 x^2 - 2 x^3)."""
    share = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
