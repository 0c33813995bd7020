"""What a network is shown of the pictures that it trains on, in domains where that is not their lightness.

A pair brings its input; of a picture without one it is made: an infrared picture or a drawing, in another style in each
round. Either way it goes through the domain's own preparation, as a picture that is to be coloured does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.lab import Float
from photochrom.domains.domain import Domain
from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.pictures.picture import Pixels

Simulation = Callable[[Pixels, np.random.Generator | None], NDArray[np.uint8]]


def _infrared(pixels: Pixels, rng: np.random.Generator | None) -> NDArray[np.uint8]:
    from photochrom.prepare.infrared import InfraredStyle, as_infrared, random_infrared

    return as_infrared(pixels, random_infrared(rng) if rng else InfraredStyle())


def _drawing(pixels: Pixels, rng: np.random.Generator | None) -> NDArray[np.uint8]:
    from photochrom.prepare.lines import LineStyle, draw_lines, random_style  # OpenCV

    return draw_lines(pixels, random_style(rng) if rng else LineStyle(), rng)


SIMULATIONS: Mapping[str, Simulation] = {"infrared": _infrared, "sketch": _drawing}
"""By the domain's name; without a generator always in the same style."""


@dataclass(frozen=True)
class Inputs:
    """domain: whose preparation. simulation: makes the input of a picture without one. varied: otherwise each time."""

    domain: Domain
    simulation: Simulation | None
    seed: int = 0
    varied: bool = False

    def split(self, squares: Tensor, epoch: int, indices: Sequence[int], *, squeeze: bool = False) -> dict[str, Tensor]:
        """uint8 (N,3 or 6,S,S), as a View takes them -> "rgb" (N,3,S,S) and "plane" (N,1,S,S) float32, 0..100.

        squeeze: of one picture, without the first axis. Raises UsageError for a picture without an input where none
        can be made.
        """
        rgb = squares[:, :3]
        pixels = squares.permute(0, 2, 3, 1).cpu().numpy()
        planes = np.stack([self._plane(square, epoch, i) for square, i in zip(pixels, indices, strict=True)])
        parts = {"rgb": rgb, "plane": torch.from_numpy(planes)[:, None]}
        return {name: part[0] for name, part in parts.items()} if squeeze else parts

    def others(self, squares: Tensor, epoch: int, indices: Sequence[int]) -> Tensor:
        """What a network is shown of pictures that are taken without their pair, (N,1,S,S) float32, 0..100.

        squares: uint8 (N,3 or 6,S,S): the inputs of pairs, or pictures of the domain itself where there are only 3.
        """
        if squares.shape[1] > 3:
            return self.split(squares, epoch, indices)["plane"]
        pixels = squares.permute(0, 2, 3, 1).cpu().numpy()
        return torch.from_numpy(np.stack([self._shown(np.ascontiguousarray(square)) for square in pixels]))[:, None]

    def _plane(self, square: Pixels, epoch: int, index: int) -> Float:
        truth, given = np.ascontiguousarray(square[..., :3]), np.ascontiguousarray(square[..., 3:])
        if not given.any():
            if self.simulation is None:
                raise UsageError(
                    f"a picture has no input, and none can be made for the domain {self.domain.name!r}: give pairs, as "
                    "in KEY.rgb.png and KEY.ir.png"
                )
            rng = np.random.default_rng((self.seed, epoch, index)) if self.varied else None
            given = self.simulation(truth, rng)
        return self._shown(given)

    def _shown(self, given: Pixels) -> Float:
        plane = self.domain.prepare(given, (given.shape[1], given.shape[0]))
        return np.asarray(self.domain.show(plane) if self.domain.show else plane, np.float32)


def inputs_of(name: str, *, seed: int = 0, varied: bool = False, paired: bool = False) -> Inputs | None:
    """Of a domain; None where pictures are shown as they are. Raises UsageError for a domain that isn't there, or one
    that needs pairs where there are none."""
    domain = find_domain(name)
    if domain.keeps_lightness:
        return None
    simulation = SIMULATIONS.get(name)
    if simulation is None and not paired:
        raise UsageError(
            f"the domain {name!r} is trained on pairs, and none of these pictures has an input: name them as in "
            "KEY.rgb.png and KEY.ir.png"
        )
    return Inputs(domain, simulation, seed, varied)
