"""sRGB <-> CIE Lab (D65) for torch tensors, differentiable: the functions of kornia.

rgb_to_lab: (N,3,H,W) sRGB 0..1 -> L 0..100, a and b about -110..110. lab_to_rgb: the inverse, clipped to 0..1 (a
clipped channel has no gradient). They agree with photochrom.color.lab to 0.005 in L, a and b over the whole sRGB cube,
and have finite gradients at black and white; tests/train/test_bins.py checks both.
"""

from kornia.color import lab_to_rgb, rgb_to_lab

__all__ = ["lab_to_rgb", "rgb_to_lab"]
