"""Pictures of another kind made of colour pictures by a network: the one that a CycleGAN has for the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float, lab_to_rgb, rgb_to_lab
from photochrom.color.levels import Levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.repaint import repaint, texture
from photochrom.color.resample import resize
from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.network.models import find_model
from photochrom.network.session import Network, open_network


def open_translator(model: str, *, device: str = "auto") -> Network:
    """The network of a file that `photochrom export --reverse` wrote. Raises UsageError for another, and ModelError."""
    network = open_network(find_model(model), device=device)
    if network.spec.inputs != ("lab",):
        raise UsageError(
            f"model {network.info.name!r} makes colours, not another kind of picture of colour pictures: name one that "
            "photochrom export --reverse wrote"
        )
    return network


def translated(network: Network, pixels: NDArray[np.uint8], detail: int | None = None) -> NDArray[np.uint8]:
    """sRGB (H,W,3) uint8 -> the picture of the network's kind that it makes of it, (H,W) uint8.

    detail: short side at which the network sees it, in pixels; None for that at which it was trained. What is finer is
    the colour picture's own, where such a picture has its texture; a drawing has not. Raises ModelError.
    """
    spec, high, wide = network.spec, *pixels.shape[:2]
    scale = (detail or spec.work_size) / min(high, wide)
    size = tuple(max(1, round(n * scale / spec.multiple)) * spec.multiple for n in (wide, high))
    small = rgb_to_lab(resize(pixels.astype(np.float32) / np.float32(255), (size[0], size[1])))
    light = network.run(np.ascontiguousarray(np.moveaxis(small, -1, 0), np.float32))[0]
    if find_domain(spec.domain).detail is not texture:
        return _grey(resize(light, (wide, high)))
    low = np.dstack([light, np.zeros((*light.shape, 2), np.float32)])
    guide = shrink_lightness(pixels, (size[0], size[1]))
    made: NDArray[np.uint8] = repaint(pixels, low, guide=guide, levels=Levels(1.0, 0.0), detail=texture)[..., 0]
    return np.ascontiguousarray(made)


def _grey(light: Float) -> NDArray[np.uint8]:
    """L* (h,w) 0..100 as the grey sRGB value of the same lightness."""
    lab = np.dstack([light, np.zeros((*light.shape, 2), np.float32)])
    return np.asarray(np.rint(np.clip(lab_to_rgb(lab)[..., 0], 0, 1) * 255), np.uint8)
