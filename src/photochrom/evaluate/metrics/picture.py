"""Measures of one coloured picture against the truth. Pictures are (H,W,3) uint8 sRGB, Lab is float32 CIE L*a*b* (D65).

`measure` takes them all at once and shares the work; the single functions are for everyone else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from photochrom.color.colorfulness import colorfulness
from photochrom.color.lab import Float, rgb_to_lab
from photochrom.evaluate.arrays import Lab, Rgb
from photochrom.evaluate.metrics.ciede import ciede2000

TINTED = 12.0  # ab units: a picture whose mean ab is further than this from the truth's is tinted as a whole
RADIUS = 10.0  # ab units: a pixel nearer than this to the truth counts as right
WIDEST = 150.0  # ab units: where the accuracy's area ends
MOST_PSNR = 100.0  # dB, for pictures that are equal


def psnr(picture: Rgb, truth: Rgb) -> float:
    """Peak signal-to-noise ratio in dB over all samples of the 8-bit sRGB pictures; 100 for equal ones.

    Higher is nearer. It rewards grey: a wrong guess costs twice what no guess costs.
    """
    error = float(np.mean((picture.astype(np.float32) - truth) ** 2, dtype=np.float64))
    return min(MOST_PSNR, float(10 * np.log10(255**2 / max(error, 1e-10))))


def ssim(picture: Rgb, truth: Rgb) -> float:
    """Structural similarity, -1..1, 1 for equal pictures; Wang et al., IEEE TIP 2004, with its own settings.

    Gaussian window of sigma 1.5 (11x11), K1 0.01, K2 0.03, each of R, G, B by itself, then their mean; scikit-image's.
    """
    from skimage.metrics import structural_similarity

    similarity = cast("Callable[..., float]", structural_similarity)  # scikit-image has no types
    return float(
        similarity(
            picture,
            truth,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def lab_of(picture: Rgb) -> Lab:
    """(H,W,3) uint8 sRGB -> (H,W,3) float32 L* 0..100, a*, b*."""
    return np.asarray(rgb_to_lab(picture.astype(np.float32) / 255), np.float32)


def mean_ciede2000(lab: Lab, truth: Lab) -> float:
    """Mean CIEDE2000 over all pixels, 0 for equal pictures; Sharma, Wu & Dalal, Color Res. Appl. 2005.

    About 1 is just visible, 10 is another colour.
    """
    return float(ciede2000(lab, truth).mean(dtype=np.float64))


def ab_distance(lab: Lab, truth: Lab) -> Float:
    """Distance in the ab plane (H,W) of each pixel from the truth, in ab units, 0..about 250.

    Of this and the other measures of ab the arguments may also be the two ab planes alone, (H,W,2).
    """
    a, b = lab[..., -2] - truth[..., -2], lab[..., -1] - truth[..., -1]
    return np.asarray(np.sqrt(a * a + b * b))


def ab_mse(lab: Lab, truth: Lab) -> float:
    """Mean squared error of a*/128 and b*/128 over both planes: the number that old tutorials print.

    About 0.0145 for a grey picture of an everyday photograph: a value near it says that nothing was learned.
    """
    return float(np.mean(((lab[..., -2:] - truth[..., -2:]) / np.float32(128)) ** 2, dtype=np.float64))


def accuracy(lab: Lab, truth: Lab, radius: float = RADIUS) -> float:
    """Share of the pixels, 0..1, whose ab lies at most `radius` ab units from the truth's (Zhang et al., ECCV 2016)."""
    return float(np.mean(ab_distance(lab, truth) <= radius))


def accuracy_area(lab: Lab, truth: Lab, widest: float = WIDEST) -> float:
    """Area under the accuracy over radii 0..`widest`, divided by `widest`: 0..1 (the raw AuC of Zhang et al., 2016).

    Exactly, not by steps: a pixel with distance d is right for every radius from d on, which is 1 - d / widest of them.
    """
    return float(np.clip(1 - ab_distance(lab, truth) / np.float32(widest), 0, 1).mean(dtype=np.float64))


def tint_distance(lab: Lab, truth: Lab) -> float:
    """Distance in ab between the two pictures' mean colours; over TINTED the picture is tinted as a whole."""
    return float(np.linalg.norm((lab - truth)[..., 1:].mean(axis=(0, 1))))


def measure(picture: Rgb, truth: Rgb, truth_lab: Lab) -> dict[str, float]:
    """Every measure above, by the names of results.json, and what `failures` needs to say what went wrong."""
    lab = lab_of(picture)
    distance = ab_distance(lab, truth_lab)
    shift = (lab - truth_lab)[..., 1:].mean(axis=(0, 1), dtype=np.float64)
    square = float((distance * distance).mean(dtype=np.float64))
    tint = float(np.hypot(*shift))
    edges = _chroma_edges(truth_lab)
    near = float(distance[edges].mean()) if edges.any() else 0.0
    return {
        "psnr": psnr(picture, truth),
        "ssim": ssim(picture, truth),
        "ciede2000": mean_ciede2000(lab, truth_lab),
        "colorfulness": colorfulness(picture),
        "ab_mse": square / (2 * 128**2),
        "accuracy": float(np.mean(distance <= RADIUS)),
        "accuracy_area": float(np.clip(1 - distance / np.float32(WIDEST), 0, 1).mean(dtype=np.float64)),
        "tint_distance": tint,
        "ab_error": float(distance.mean(dtype=np.float64)),
        "shift_share": tint**2 / max(square, 1e-6),
        "edge_error": near,
        "flat_error": float(distance[~edges].mean()) if not edges.all() else near,
        "worst_area": float(np.mean(distance > 3 * TINTED)),
    }


def _chroma_edges(lab: Lab) -> NDArray[np.bool_]:
    """(H,W): within 4 px of a place where the truth's chroma jumps by more than 20 ab units in 2 px."""
    from scipy.ndimage import maximum_filter

    jump = np.zeros(lab.shape[:2], np.float32)
    ab = lab[..., 1:]
    down, right = (np.linalg.norm(d, axis=-1) for d in (ab[2:] - ab[:-2], ab[:, 2:] - ab[:, :-2]))
    jump[1:-1] = down
    jump[:, 1:-1] = np.maximum(jump[:, 1:-1], right)
    edges: NDArray[np.bool_] = maximum_filter(jump > 20, size=9)
    return edges
