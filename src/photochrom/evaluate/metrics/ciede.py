"""CIEDE2000 in float32, for whole pictures: the colour difference of Sharma, Wu & Dalal, Color Res. Appl. 30 (2005).

scikit-image has it too (the tests compare the two); this one takes half of its time, which lets the evaluation use
every pixel.
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float

_25_7 = np.float32(25.0**7)


def ciede2000(lab: Float, other: Float) -> Float:
    """Colour difference (...) of two arrays (..., 3) of CIE L*a*b*, with kL = kC = kH = 1; 1 is just visible."""
    one, two = (np.moveaxis(np.asarray(x, np.float32), -1, 0) for x in (lab, other))
    chroma = (np.hypot(one[1], one[2]) + np.hypot(two[1], two[2])) / 2
    stretch = 1 + (1 - _seventh(chroma)) / 2
    a1, a2 = one[1] * stretch, two[1] * stretch
    c1, c2 = np.sqrt(a1 * a1 + one[2] ** 2), np.sqrt(a2 * a2 + two[2] ** 2)
    h1, h2 = np.arctan2(one[2], a1), np.arctan2(two[2], a2)
    grey = c1 * c2 == 0

    turn = h2 - h1
    turn -= np.float32(2 * np.pi) * np.rint(turn / np.float32(2 * np.pi))  # the short way round
    turn = np.where(grey, np.float32(0), turn)
    d_light, d_chroma, d_hue = two[0] - one[0], c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)

    hue = np.where(grey, h1 + h2, h1 + turn / 2)  # a grey has no hue: the other's counts
    mean_chroma = (c1 + c2) / 2
    cosine, sine = np.cos(hue), np.sin(hue)
    # The four cosines of Sharma's T, by the addition theorems: one pair of them costs as much as all the rest.
    cos2, sin2 = 2 * cosine * cosine - 1, 2 * sine * cosine
    cos3, sin3 = cos2 * cosine - sin2 * sine, sin2 * cosine + cos2 * sine
    cos4, sin4 = 2 * cos2 * cos2 - 1, 2 * sin2 * cos2
    t = (
        1
        - 0.17 * _shifted(cosine, sine, 30)
        + 0.24 * cos2
        + 0.32 * _shifted(cos3, sin3, -6)
        - 0.20 * _shifted(cos4, sin4, 63)
    )
    light = ((one[0] + two[0]) / 2 - 50) ** 2
    s_light = 1 + 0.015 * light / np.sqrt(20 + light)
    s_chroma = 1 + 0.045 * mean_chroma
    s_hue = 1 + 0.015 * mean_chroma * t
    degrees = np.degrees(hue) % 360
    turned = np.radians(60 * np.exp(-(((degrees - 275) / 25) ** 2)))
    rotation = -2 * _seventh(mean_chroma) * np.sin(turned)

    x, y, z = d_light / s_light, d_chroma / s_chroma, d_hue / s_hue
    out: Float = np.sqrt(np.maximum(x * x + y * y + z * z + rotation * y * z, 0), dtype=np.float32)
    return out


def _seventh(chroma: Float) -> Float:
    """sqrt(C^7 / (C^7 + 25^7))."""
    cube = chroma * chroma * chroma
    power = cube * cube * chroma
    out: Float = np.sqrt(power / (power + _25_7))
    return out


def _shifted(cosine: Float, sine: Float, degrees: float) -> Float:
    """cos(x - degrees) from cos(x) and sin(x)."""
    angle = np.radians(degrees)
    out: Float = np.float32(np.cos(angle)) * cosine + np.float32(np.sin(angle)) * sine
    return out
