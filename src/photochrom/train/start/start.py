"""The weights that a run begins with: of another run or of an exported file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from photochrom.errors import UsageError
from photochrom.pictures.picture import Picture
from photochrom.pictures.split import Split
from photochrom.train.data.counting import count_bins
from photochrom.train.data.module import PictureData
from photochrom.train.data.pictures import Squares, collate
from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import METHODS, ColorMethod, read_checkpoint
from photochrom.train.recipe.sections import Recipe
from photochrom.train.start.norms import measure_norms

MEASURED = 128  # pictures by which the norms of an exported network are measured


@dataclass(frozen=True)
class Start:
    """What a run begins with. weights: by the names that its method has for them. bins: if any, to learn with.

    exported: whether they come from an .onnx, whose batch norms are folded into the convolutions.
    """

    weights: Mapping[str, torch.Tensor]
    bins: Bins | None = None
    exported: bool = False

    @classmethod
    def read(cls, path: Path, pictures: Sequence[Picture], recipe: Recipe, bins: Bins | None = None) -> Start:
        """Of a run, a checkpoint or an exported photo model, with these bins or its own.

        An export has no prior: it is counted in `pictures`, which are to be trained on.
        """
        if path.suffix == ".onnx":
            from photochrom.train.start.from_onnx import photo_from_onnx, photo_weights

            net, spec = photo_from_onnx(path)
            if METHODS[recipe.method].needs_bins:
                bins = bins or bins_on(spec.centres, pictures, recipe)
            return cls(photo_weights(net), bins, exported=True)
        saved = read_checkpoint(path)
        return cls(saved.weights, bins or saved.bins)

    def load_into(self, method: ColorMethod, pictures: Sequence[Picture]) -> None:
        """Put the weights into the method's networks. Raises UsageError where they don't fit."""
        try:
            method.load_state_dict(method.fitting_weights(self.weights))
        except RuntimeError as error:  # torch lists every name that is missing or of another shape
            lines = [line.strip() for line in str(error).splitlines()]
            raise UsageError(
                "the weights to start with belong to another network or other bins "
                f"({lines[min(1, len(lines) - 1)]}): start with the same network settings and --bins"
            ) from error
        if self.exported and not method.recipe.network.fixed_norms:
            measure_norms(method.network, _inputs(pictures, method.recipe))
            method.train()


def bins_on(centres: Sequence[Sequence[float]], pictures: Sequence[Picture], recipe: Recipe) -> Bins:
    """Bins with these centres (Q,2) and the prior of the pictures."""
    fixed = np.asarray(centres, np.float32)
    return Bins(fixed, prior_on(fixed, count_bins(pictures, recipe)))


def prior_on(centres: NDArray[np.float32], counted: Bins) -> NDArray[np.float32]:
    """The prior of counted bins on other centres (Q,2): each share goes to the nearest."""
    distance = ((counted.centres[:, None] - centres[None]) ** 2).sum(-1)
    shares = np.bincount(distance.argmin(1), weights=counted.prior, minlength=len(centres))
    prior: NDArray[np.float32] = (shares / shares.sum()).astype(np.float32)
    return prior


def _inputs(pictures: Sequence[Picture], recipe: Recipe) -> list[torch.Tensor]:
    """What the network is given, (N,1,size,size) 0..100, of batches of pictures as they are trained on."""
    chosen = sorted(pictures, key=lambda picture: picture.digest)[:MEASURED]
    data = PictureData(recipe, Split(chosen, []))
    squares = Squares({"rgb": chosen}, data.views["train"], inputs=data.inputs["train"])
    numbers = (range(i, min(i + 16, len(chosen))) for i in range(0, len(chosen), 16))
    batches = [collate([squares[0, i] for i in batch]) for batch in numbers]
    return [batch["plane"] if "plane" in batch else rgb_to_lab(batch["rgb"].float() / 255)[:, :1] for batch in batches]
