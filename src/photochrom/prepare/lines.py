"""Line drawings made from colour pictures: XDoG, Canny, and the soft edges of a learned detector, by a pen of choice.

XDoG follows Winnemoeller, Kyprianidis and Olsen, "XDoG: An eXtended difference-of-Gaussians compendium" (Computers and
Graphics 2012); Canny (PAMI 1986) is OpenCV's; "soft" imitates what HED gives (Xie and Tu, ICCV 2015): gradients of all
three channels at several scales, thinned. Lengths are in pixels of a picture of SIDE pixels on its short side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 192  # pixels on the short side of the pictures that a style's lengths are meant for
LineKind = Literal["xdog", "canny", "sobel", "soft"]
LINE_KINDS: tuple[LineKind, ...] = get_args(LineKind)

Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class LineStyle:
    """How a picture becomes a drawing.

    kind: what finds the lines. sigma: blur before it, in pixels; more leaves out the small lines. sharpness: how strong
    a line answers (XDoG's p). black: the lightness, 0..1, below which areas become ink (XDoG's epsilon); 0 for lines
    alone. hardness: from ink to paper within how little (XDoG's phi).
    pen: pixels that lines are widened by. ink, paper: their grey, 0..1. grain: deviation of a pencil's grain, 0..1.
    """

    kind: LineKind = "xdog"
    sigma: float = 0.8
    sharpness: float = 20.0
    black: float = 0.25
    hardness: float = 8.0
    pen: float = 0.0
    ink: float = 0.05
    paper: float = 1.0
    grain: float = 0.0


def random_style(rng: np.random.Generator) -> LineStyle:
    """Another drawer with another pen: for training, so that a network knows more than one kind of line."""
    kind: LineKind = rng.choice(np.array(LINE_KINDS), p=[0.55, 0.2, 0.05, 0.2])
    pencil = rng.random() < 0.3
    return LineStyle(
        kind=kind,
        sigma=float(rng.uniform(0.5, 1.5)),
        sharpness=float(np.exp(rng.uniform(np.log(8), np.log(45)))),
        black=float(rng.choice([0.0, rng.uniform(0.05, 0.4)])),
        hardness=float(np.exp(rng.uniform(np.log(3), np.log(25)))),
        pen=float(rng.choice([0.0, rng.uniform(0, 1.5)])),
        ink=float(rng.uniform(0.15, 0.5) if pencil else rng.uniform(0, 0.15)),
        paper=float(rng.choice([1.0, rng.uniform(0.85, 1.0)])),
        grain=float(rng.uniform(0.01, 0.08)) if pencil else 0.0,
    )


def draw_lines(pixels: NDArray[np.uint8], style: LineStyle, rng: np.random.Generator | None = None) -> Grey:
    """sRGB (H,W,3) uint8 -> the drawing, (H,W) uint8, dark on light. rng: of the grain, else always the same."""
    scale = min(pixels.shape[:2]) / SIDE
    style = replace(style, sigma=max(0.3, style.sigma * scale), pen=style.pen * scale)
    lines = _FINDERS[style.kind](pixels, style)
    lines = _widened(lines, style.pen)
    if style.grain:
        rng = rng or np.random.default_rng(0)
        noise = rng.normal(0, style.grain, lines.shape).astype(np.float32)
        lines = lines + noise * (0.3 + 2 * lines)  # a pencil skips where it draws; the paper has a little tooth
    drawn = style.paper + (style.ink - style.paper) * np.clip(lines, 0, 1)
    levels: Grey = np.rint(drawn * 255).clip(0, 255).astype(np.uint8)
    return levels


def _grey(pixels: NDArray[np.uint8]) -> Plane:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def _blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)


def _xdog(pixels: NDArray[np.uint8], style: LineStyle) -> Plane:
    """Ink (H,W) 0..1. The paper's equations 7 (sharpened difference of Gaussians) and 5 (soft threshold)."""
    grey = _grey(pixels)
    fine, coarse = _blurred(grey, style.sigma), _blurred(grey, 1.6 * style.sigma)
    sharpened = (fine if style.black else 1.0) + np.float32(style.sharpness) * (fine - coarse)
    edge = style.black or 0.7
    return np.where(sharpened >= edge, 0, -np.tanh(style.hardness * (sharpened - edge))).astype(np.float32)


def _canny(pixels: NDArray[np.uint8], style: LineStyle) -> Plane:
    """Ink (H,W) 0..1, thresholds by the picture's own gradients."""
    blurred = np.rint(_blurred(_grey(pixels), style.sigma) * 255).astype(np.uint8)
    high = float(np.clip(2400 / style.sharpness, 50, 250))
    lines = np.asarray(cv2.Canny(blurred, high * 0.4, high, L2gradient=True), np.float32) / 255
    soft = _blurred(np.asarray(lines, np.float32), 0.5) * np.float32(1.6)  # whole pixels would be stairs
    return np.asarray(np.clip(soft, 0, 1), np.float32)


def _gradient(plane: Plane) -> Plane:
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *order, borderType=cv2.BORDER_REFLECT) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _sobel(pixels: NDArray[np.uint8], style: LineStyle) -> Plane:
    """Ink (H,W) 0..1: the length of the gradient of the grey picture."""
    return _inked(_gradient(_blurred(_grey(pixels), style.sigma)), style)


def _soft(pixels: NDArray[np.uint8], style: LineStyle) -> Plane:
    """Ink (H,W) 0..1: the longest gradient of the three channels at three scales, thinned by a local mean."""
    planes = pixels.astype(np.float32) / np.float32(255)
    found = np.zeros(pixels.shape[:2], np.float32)
    for factor in (1, 2, 4):
        sigma = style.sigma * factor
        blurred = _blurred(planes, sigma)
        edge = np.max([_gradient(np.ascontiguousarray(blurred[..., c])) for c in range(3)], axis=0)
        found += np.maximum(edge - 0.6 * _blurred(edge, 2.5 * sigma), 0) / np.sqrt(np.float32(factor))
    return _inked(found, style)


def _inked(strength: Plane, style: LineStyle) -> Plane:
    """Strengths of edges as ink: the strongest of the picture are black, faint ones vanish."""
    most = max(float(np.percentile(strength, 98.5)), 0.05)
    faint = 6 / (style.sharpness + 20)
    return np.asarray(np.clip(strength * np.float32(1.3 / most) - np.float32(faint), 0, 1), np.float32)


def _widened(lines: Plane, pen: float) -> Plane:
    """Lines wider by about `pen` pixels, a share of the last one."""
    whole = int(np.ceil(pen))
    if not whole:
        return lines
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ((whole + 1) // 2) + 1,) * 2)
    share = np.float32(pen / whole)
    return lines + (np.asarray(cv2.dilate(lines, kernel), np.float32) - lines) * share


_FINDERS = {"xdog": _xdog, "canny": _canny, "sobel": _sobel, "soft": _soft}
