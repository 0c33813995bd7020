"""A batch of pictures, as the steps of a method take it."""

from __future__ import annotations

from typing import TypedDict

from torch import Tensor


class Batch(TypedDict, total=False):
    """N pictures. What comes from the data: `rgb`, or a cache's features and all else that a step needs."""

    rgb: Tensor
    """sRGB (N,3,H,W), uint8."""
    other: Tensor
    """The same of data.other."""
    plane: Tensor
    """What the network is given in a domain whose brightness is not lightness: (N,1,H,W), 0..100."""
    other_plane: Tensor
    """The same of pictures that are no pairs of `rgb`."""
    lightness: Tensor
    """What the network is given: (N,1,H,W), L* 0..100, perhaps aged; or `plane`, varied."""
    true_lightness: Tensor
    """(N,1,H,W), L* 0..100, of the clean pictures."""
    ab: Tensor
    """(N,2,H,W), ab units; of a cache (N,2,H/4,W/4)."""
    other_lightness: Tensor
    """(N,1,H,W), L* 0..100, of `other`."""
    other_ab: Tensor
    """(N,2,H,W), ab units, of `other`."""
    f4: Tensor
    """A frozen encoder's features at stride 4 (N,C,H/4,W/4); the next at 8, 16 and 32."""
    f8: Tensor
    f16: Tensor
    f32: Tensor
