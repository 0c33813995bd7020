"""A picture of a film on its way through the stages that give it colours."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.color.lab import Float, Pixels
from photochrom.color.levels import Levels
from photochrom.color.tint import Tint
from photochrom.film.flow import Motion
from photochrom.film.reader import Frame
from photochrom.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Looked:
    """What the network said of a key picture. mass: (h,w,Q) float32, the probability of each bin; or what a network
    that gives no distribution gave, (h,w,2), or (h,w,3) with lightness as `looked_at` says. sure: (h,w,1) float32,
    0..1."""

    prediction: Prediction
    mass: Float
    sure: Float


@dataclass(eq=False)
class Step:
    """frame: the picture; luma: (H,W) of it. small: L* (h',w') float32, 0..100, as the network is shown it; plane: the
    same, as motion is found on.

    motion: from the picture before, None for the first of a shot. flash: lit by a lamp or a fault for a moment, and
    unlike its neighbours. looked: what the network said, None if it wasn't asked. colors: those that it gets, as
    Painter.finished gives them; None for none. levels: by which a network that predicts lightness is shown it. tint: of
    the shot, with its first picture; None where nobody asked.
    """

    frame: Frame
    luma: Pixels
    small: Float
    plane: Float
    motion: Motion | None = None
    flash: bool = False
    looked: Looked | None = None
    colors: Float | None = None
    levels: Levels | None = None
    tint: Tint | None = None
