"""Prediction: what a network said of one picture. Small: what is carried, mixed, explained or measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.distribution import annealed_mean, leaning, temperature_for
from photochrom.color.frame import Frame
from photochrom.color.lab import Float, Pixels
from photochrom.color.overlay import Overlay
from photochrom.color.product import product
from photochrom.color.tint import Tint
from photochrom.color.transfer import Likeness
from photochrom.network.spec import NetworkSpec
from photochrom.settings import Hint, Settings

NEAR = 20.0  # ab units: confidence is the probability that a shown colour errs by no more than this


@dataclass(frozen=True, eq=False)
class Prediction:
    """What Colorizer.predict gives and Colorizer.render takes.

    spec: of the network. shown: (h',w') float32 0..100, the plane that it was shown, by which its colours are finished.
    output: (C,h,w) float32, what it gave: logits, ab, or L* and ab, as spec.output says.
    tint: whether the picture itself is grey, tinted or in colour; None where its domain doesn't ask.
    guide: (h',w') float32 0..100, the picture's own intensity, which guides the upsampling; None where it was shown.
    frame: what is round the picture, where all of the above is of what lies inside, or lies on it; None where there is
    nothing.
    hints: colours that a person gave, in shares of what was shown. unhinted: (C,h,w), what the network said without
    them; None where there are none. For another picture they may be moved with `dataclasses.replace`.
    likeness: to the references that a person named; None where there are none.
    repaired: (H,W) grey pixels of the whole picture, which are coloured in place of its own; None for its own.
    notes: what was decided about the picture, a sentence each.
    """

    spec: NetworkSpec
    shown: Float
    output: Float
    tint: Tint | None = None
    guide: Float | None = None
    frame: Frame | Overlay | None = None
    hints: tuple[Hint, ...] = ()
    unhinted: Float | None = None
    likeness: Likeness | None = None
    notes: tuple[str, ...] = ()
    repaired: Pixels | None = None

    @property
    def intensity(self) -> Float:
        """The picture's own, (h',w') float32 0..100, which guides the upsampling: the guide, or else what was shown."""
        return self.shown if self.guide is None else self.guide

    def ab(self, settings: Settings | None = None) -> Float:
        """The chroma that the network means, (h,w,2) float32 in ab units, by the settings' vividness and seed."""
        settings = settings or Settings()
        spec = self.spec
        if spec.output == "distribution":
            logits = self.output if settings.seed is None else leaning(self.output, spec.colors, settings.seed)
            return annealed_mean(logits, spec.colors, temperature_for(settings.vividness, spec.temperature))
        return np.ascontiguousarray(self.output[-2:].transpose(1, 2, 0)) * np.float32(spec.scale)

    def lightness(self) -> Float | None:
        """The L* that the network predicts, (h,w) float32 0..100; None where the picture's own counts."""
        return self.output[0] if self.spec.output == "lab" else None

    def confidence(self, ab: Float, *, near: float = NEAR) -> Float | None:
        """The probability, (h,w) float32 0..1, that the truth lies within `near` ab units of `ab` (h,w,2).

        It is the mass of the bins there; 20 units are two of our bins, the disc then holds about a dozen of them.
        None for a network that gives one colour and no distribution.
        """
        if self.spec.output != "distribution":
            return None
        bins, height, width = self.output.shape
        flat = self.output.reshape(bins, -1)
        mass = flat - flat.max(axis=0)
        np.exp(mass, out=mass)
        whole = mass.sum(axis=0)
        colors, places = self.spec.colors, np.ascontiguousarray(ab.reshape(-1, 2), np.float32)
        gap = product(colors, places.T)  # squared distances, as |c|^2 + |p|^2 - 2 c.p
        gap *= np.float32(-2)
        gap += (colors * colors).sum(axis=1)[:, None]
        gap += (places * places).sum(axis=1)
        mass *= gap <= near * near
        inside: Float = (mass.sum(axis=0) / whole).reshape(height, width)
        return inside
