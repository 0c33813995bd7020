"""What age did to a print, undone: fading and yellowing for the network, and grain, dust and scratches in the picture.

The networks were trained on grainy, dusty and scratched pictures: with these mended they colour no better, with a faded
one stretched they do.

Dust and scratches are found by their shape and lightness and filled in from around (Telea, "An image inpainting
technique based on the fast marching method", 2004); grain is averaged away among alike patches (Buades, Coll and Morel,
"A non-local algorithm for image denoising", CVPR 2005), both by OpenCV, which is an extra. What isn't found is not
touched: a clean picture comes back as it was.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.codec.arrays import to_8_bit
from photochrom.color.lab import Float, Pixels
from photochrom.color.lightness import lightness
from photochrom.color.tint import Tint
from photochrom.errors import UsageError

Grey = NDArray[np.uint8]

WORK = 512  # px of the short side at which defects are looked for: dust is then a few pixels wide, grain hardly seen
SPAN = 46.0, 56.0  # units of L* from the 1st to the 99th percentile: stretched wholly below, not at all above
ENDS = 4.0, 94.0  # L* of the two, after that
NOISE = 6.0  # levels of 255 at WORK, standard deviation: more is grain
STRONG = 40  # levels by which dust and scratches are lighter or darker than what is around them, at least
EXTREME = 0.06  # share of the span of levels: they lie so near to white or black
PLAIN = 8.0  # levels, standard deviation of what is around a speck: in a texture nothing can be told
SPECK = 0.022  # of the short side: no dust is wider
LINE = 0.16, 0.0045, 0.25  # of the short side: least length and greatest half width of a scratch; its slant at most


def unfaded(pixels: Pixels, tint: Tint | None = None) -> Pixels:
    """A picture (H,W) or (H,W,3), uint8 or uint16, neither faded nor yellowed: (H,W) grey of the same dtype.

    tint: what it was judged to be; where it is tinted, as a yellowed print is, the red of it is taken for its grey, in
    which yellow stains are not seen.
    """
    return _leveled(_grey(pixels, tint))


def restored(pixels: Pixels, tint: Tint | None = None) -> tuple[Pixels, Pixels]:
    """The same without dust and scratches, too: with its grain, for a network, and without it, for people.

    Raises UsageError where OpenCV isn't installed.
    """
    cv2 = _opencv()
    grey = _grey(pixels, tint)
    small = _small(cv2, to_8_bit(grey))
    mask = defects(small)
    if mask.any():
        grey = _filled(cv2, grey, mask)
    grainy = _leveled(grey)
    sigma = noise_of(small)
    if sigma <= NOISE:
        return grainy, grainy
    return grainy, _leveled(_denoised(cv2, grey, sigma, small.shape[0] / grey.shape[0]))


def defects(grey: Grey) -> NDArray[np.bool_]:
    """Where dust and scratches are in a grey picture (h,w) uint8 whose short side has about 512 px."""
    cv2 = _opencv()
    short = min(grey.shape)
    low, high = np.percentile(grey, [0.5, 99.5])
    found = np.zeros(grey.shape, bool)
    if high - low < 2 * STRONG:
        return found
    wide = max(3, round(SPECK * short)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide + 2, wide + 2))
    for bright, operation in ((True, cv2.MORPH_TOPHAT), (False, cv2.MORPH_BLACKHAT)):
        near = grey > high - EXTREME * (high - low) if bright else grey < low + EXTREME * (high - low)
        stands_out = cv2.morphologyEx(grey, operation, kernel) > STRONG
        found |= _marks(cv2, grey, (stands_out & near).astype(np.uint8), wide)
    return found


def noise_of(grey: Grey) -> float:
    """Standard deviation of the grain, in levels: of the plainest quarter of the picture (Immerkaer, 1996)."""
    x = grey.astype(np.float32)
    if min(x.shape) < 16:
        return 0.0
    inner = x[1:-1, 1:-1] * 4
    inner -= 2 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])
    inner += x[:-2, :-2] + x[:-2, 2:] + x[2:, :-2] + x[2:, 2:]
    rows, columns = inner.shape[0] // 8 * 8, inner.shape[1] // 8 * 8
    blocks = np.abs(inner[:rows, :columns]).reshape(rows // 8, 8, columns // 8, 8).mean(axis=(1, 3))
    return float(np.percentile(blocks, 25) * np.sqrt(np.pi / 2) / 6)


def _marks(cv2: ModuleType, grey: Grey, candidates: Grey, wide: int) -> NDArray[np.bool_]:
    """Those connected candidates that are specks in plain surroundings, or long straight thin lines."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates, connectivity=8)
    short = min(grey.shape)
    kept = np.zeros(grey.shape, bool)
    for i in range(1, count):
        left, top, w, h, area = (int(v) for v in stats[i])
        box = slice(max(0, top - 3), top + h + 3), slice(max(0, left - 3), left + w + 3)
        inside = labels[box] == i
        if max(w, h) >= LINE[0] * short:
            if _is_scratch(inside, grey[box], short):
                kept[box] |= _grown(cv2, inside, 1)
        elif max(w, h) <= wide and area >= 2:
            ring = _grown(cv2, inside, 3) & ~_grown(cv2, inside, 1)
            around = grey[box][ring].astype(np.float32)
            apart = abs(float(np.median(around)) - float(np.median(grey[box][inside]))) if around.size else 0.0
            if apart > STRONG and around.std() < PLAIN:
                kept[box] |= _grown(cv2, inside, 2)
    return kept


def _is_scratch(inside: NDArray[np.bool_], grey: Grey, short: int) -> bool:
    """Whether a component is a thin straight line, nearly upright, of one lightness."""
    y, x = np.nonzero(inside)
    if np.ptp(y) < np.ptp(x):
        return False
    slope, at = np.polyfit(y, x, 1)
    off = np.abs(x - slope * y - at)
    thin = max(1.6, LINE[1] * short)
    return bool(abs(slope) < LINE[2] and np.percentile(off, 95) <= thin and grey[inside].std() < 16)


def _grown(cv2: ModuleType, mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel)) > 0


def _grey(pixels: Pixels, tint: Tint | None) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    if tint is not None and tint.kind == "tinted":
        return np.ascontiguousarray(pixels[..., 0])
    light, top = lightness(pixels), np.iinfo(pixels.dtype).max
    table = lightness(np.arange(top + 1, dtype=pixels.dtype)[None])[0]
    return np.interp(light, table, np.arange(top + 1)).round().astype(pixels.dtype)


def _small(cv2: ModuleType, grey: Grey) -> Grey:
    scale = WORK / min(grey.shape)
    if scale >= 1:
        return grey
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _filled(cv2: ModuleType, grey: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    """What the mask, of a smaller copy, covers taken from around it; OpenCV fills 8 bits, which are enough there."""
    whole = mask.astype(np.uint8)
    if mask.shape != grey.shape:
        whole = cv2.resize(whole, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_NEAREST)
    radius = max(3, round(3 * grey.shape[0] / mask.shape[0]))
    filled = cv2.inpaint(to_8_bit(grey), whole, radius, cv2.INPAINT_TELEA)
    out = grey.copy()
    out[whole > 0] = filled[whole > 0].astype(grey.dtype) * (257 if grey.dtype == np.uint16 else 1)
    return out


def _denoised(cv2: ModuleType, grey: Pixels, sigma: float, scale: float) -> Pixels:
    """Without grain of `sigma` levels, seen at `scale` times its size."""
    strength = float(min(sigma * 0.6 / max(np.sqrt(scale), 0.2), 25))
    if grey.dtype == np.uint16:
        out = cv2.fastNlMeansDenoising(grey, None, [strength * 257], 5, 15, cv2.NORM_L1)
    else:
        out = cv2.fastNlMeansDenoising(grey, None, strength, 5, 15)
    return np.asarray(out, grey.dtype)


def _leveled(grey: Pixels) -> Pixels:
    """A faded picture with its blacks and whites back: L* stretched by a straight line where it spans little."""
    top = np.iinfo(grey.dtype).max
    levels: Float = lightness(np.arange(top + 1, dtype=grey.dtype)[None])[0]
    step = max(1, round(np.sqrt(grey.size / 250_000)))
    black, white = np.percentile(levels[grey[::step, ::step]], [1.0, 99.0])
    span = float(white - black)
    if not 1 < span < SPAN[1]:
        return grey
    share = min(1.0, (SPAN[1] - span) / (SPAN[1] - SPAN[0]))
    stretched = (levels - black) * ((ENDS[1] - ENDS[0]) / span) + ENDS[0]
    wanted = np.clip(levels + (stretched - levels) * share, 0, 100)
    table = np.interp(wanted, levels, np.arange(top + 1)).round().astype(grey.dtype)
    return np.asarray(table[grey], grey.dtype)


def _opencv() -> Any:
    try:
        import cv2
    except ModuleNotFoundError as error:
        raise UsageError("--restore needs OpenCV, which isn't installed: pip install 'photochrom[restore]'") from error
    return cv2
