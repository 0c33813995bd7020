"""Manual adjustment of the colours that were laid on: warmth, tint, saturation by hue, and skin that is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import UsageError, suggestion

# Hues of CIELAB, in degrees, where each range is at its fullest; it ends where its neighbours are at theirs.
HUES: Mapping[str, float] = {
    "reds": 30, "oranges": 62, "yellows": 98, "greens": 140, "cyans": 205, "blues": 275, "purples": 325,
}  # fmt: skip
_MOST = 3.0  # times a range's chroma
SHIFT = 20.0  # ab units at L* 70 for a warmth or tint of 1
# Skin of all people: its hue (degrees), chroma (ab units) and L*, each as where it begins, is full, is full, ends.
_SKIN_HUE = 22.0, 36.0, 72.0, 84.0
_SKIN_CHROMA = 5.0, 10.0, 36.0, 46.0
_SKIN_LIGHT = 15.0, 30.0, 88.0, 95.0
_PART = re.compile(r"\s*(?P<name>[a-z]+)\s*=\s*(?P<gain>[\d.]+)\s*")


def parse_saturation(text: str) -> dict[str, float]:
    """Hue ranges and what their chroma is multiplied by, from "reds=1.3,blues=0.5". Raises UsageError."""
    found = {}
    for part in filter(str.strip, text.split(",")):
        match = _PART.fullmatch(part.lower())
        if not match:
            raise UsageError(f"saturation must be like reds=1.3,blues=0.5, got {part.strip()!r:.40}")
        name, gain = match["name"], match["gain"]
        if name not in HUES:
            otherwise = f"choose among {', '.join(HUES)}"
            raise UsageError(f"there are no hues {name!r}: {suggestion(name, HUES, otherwise=otherwise)}")
        try:
            found[name] = float(gain)
        except ValueError:
            found[name] = _MOST + 1
        if found[name] > _MOST:
            raise UsageError(f"saturation of {name} must lie in 0..{_MOST:g}, got {gain[:20]}")
    return found


def graded(
    ab: Float,
    lightness: Float,
    *,
    strength: float = 1.0,
    warmth: float = 0.0,
    tint: float = 0.0,
    saturation: str = "",
    protect_skin: float = 0.0,
) -> Float:
    """ab (h,w,2) float32 by the dials, over a lightness (h,w), L* 0..100, on the same grid.

    strength: times the chroma. warmth: -1..1, from blue to yellow; tint: -1..1, from green to magenta. saturation: as
    parse_saturation takes it. protect_skin: 0..1, how much what has the colour of skin keeps it.
    """
    out = ab * np.float32(strength)
    gains = parse_saturation(saturation)
    if gains:
        out *= (1 + _by_hue(out, gains))[..., None]
    if warmth or tint:
        light = np.clip(lightness / np.float32(70), 0, 1.2)[..., None]  # black stays black, as in a warmer light
        out += light * np.array([tint, warmth], np.float32) * np.float32(SHIFT)
    if protect_skin:
        out += (ab - out) * (skin(ab, lightness) * np.float32(protect_skin))[..., None]
    return np.asarray(out, np.float32)


def skin(ab: Float, lightness: Float) -> Float:
    """How much the colour of each place is one of skin, (h,w) float32 0..1."""
    hue = np.degrees(np.arctan2(ab[..., 1], ab[..., 0]))
    parts = ((hue, _SKIN_HUE), (np.hypot(ab[..., 0], ab[..., 1]), _SKIN_CHROMA), (lightness, _SKIN_LIGHT))
    return np.asarray(np.prod([_within(x, *ends) for x, ends in parts], axis=0), np.float32)


def _by_hue(ab: Float, gains: Mapping[str, float]) -> Float:
    """By how much the chroma of each place grows, as a share of it: between two hues, what lies between."""
    hues = np.array([*HUES.values(), min(HUES.values()) + 360])
    change = np.array([gains.get(name, 1.0) - 1 for name in HUES])
    hue = np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360
    hue = np.where(hue < hues[0], hue + 360, hue)
    return np.asarray(np.interp(hue, hues, np.append(change, change[0])), np.float32)


def _within(x: Float, begins: float, full: float, fades: float, ends: float) -> Float:
    t = np.clip(np.minimum((x - begins) / (full - begins), (ends - x) / (ends - fades)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
