"""The rows of an evaluation: what a model, or one of the three that are always there, makes of a grey picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.colorizer import Colorizer
from photochrom.evaluate.arrays import Rgb
from photochrom.network.models import find_model
from photochrom.network.session import Network, open_network
from photochrom.settings import Settings

JPEG_QUALITY = 90


class Painter(Protocol):
    """name: of the row. key: what its pictures depend on, for the memory of earlier runs."""

    name: str
    key: str

    def paint(self, grey: NDArray[np.uint8], truth: Rgb) -> Rgb:
        """(H,W) uint8 of the right lightness (or the input of a pair, which may have colours) and the (H,W,3) truth,
        which models don't look at -> (H,W,3) uint8.
        """
        ...


@dataclass(eq=False)
class GreyPainter:
    """No colour at all: what every model has to beat, and what pixel scores are kind to.

    name: "grey", or "input" where that isn't the truth's lightness.
    """

    name: str = "grey"
    key: str = "grey"

    def paint(self, grey: NDArray[np.uint8], truth: Rgb) -> Rgb:
        """(H,W) uint8 -> the same grey as (H,W,3) uint8; what has three channels as it is."""
        return grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)


class TruthPainter:
    """The truth itself: the other end of every scale."""

    name, key = "truth", "truth"

    def paint(self, grey: NDArray[np.uint8], truth: Rgb) -> Rgb:
        """The truth (H,W,3) uint8 as it is."""
        return truth


class JpegPainter:
    """The truth through JPEG of quality 90, 4:2:0: differences below this row's are not worth arguing about."""

    name, key = "truth-jpeg", f"truth-jpeg-{JPEG_QUALITY}"

    def paint(self, grey: NDArray[np.uint8], truth: Rgb) -> Rgb:
        """The truth (H,W,3) uint8, encoded and decoded."""
        memory = io.BytesIO()
        Image.fromarray(truth).save(memory, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
        return np.asarray(Image.open(memory).convert("RGB"))


@dataclass(eq=False)  # a row is itself and no other: it is a key of dicts
class ModelPainter:
    """A model behind the one road from lightness to colour, with its settings."""

    name: str
    network: Network
    settings: Settings

    def __post_init__(self) -> None:
        self.colorizer = Colorizer(self.network)
        self.key = f"{self.network.info.sha256} {self.settings}"

    def paint(self, grey: NDArray[np.uint8], truth: Rgb) -> Rgb:
        """The grey picture (H,W) uint8 in colour, (H,W,3) uint8."""
        return np.asarray(self.colorizer.colorize(grey, self.settings))


def open_models(
    names: Sequence[str],
    *,
    details: Sequence[int | None] = (None,),
    vividness: Sequence[float] = (1.0,),
    device: str = "auto",
    threads: int | None = None,
) -> list[ModelPainter]:
    """One row for each model, detail and vividness; a row's name says what is not the default.

    Raises UnknownModelError, ModelError (a file without our metadata, scaling included) and UsageError.
    """
    infos = list({info.file.resolve(): info for info in map(find_model, names)}.values())
    stems = [info.name for info in infos]
    made = []
    for info in infos:
        network = open_network(info, device=device, threads=threads)
        name = info.name if stems.count(info.name) == 1 else f"{info.file.resolve().parent.name}-{info.name}"
        for detail in details:
            for vivid in vividness:
                row = name + (f"-d{detail}" if detail else "") + (f"-v{vivid:g}" if vivid != 1 else "")
                made.append(ModelPainter(row, network, Settings(detail=detail, vividness=vivid)))
    return _with_own_names(made)


def _with_own_names(painters: list[ModelPainter]) -> list[ModelPainter]:
    taken = {"grey", "input", "truth", "truth-jpeg"}
    kept: dict[str, ModelPainter] = {}
    for painter in painters:
        if painter.key in kept:
            continue  # the same model under the same settings, named twice
        if painter.name in taken:
            painter.name += f"-{painter.network.info.sha256[:8]}"
        taken.add(painter.name)
        kept[painter.key] = painter
    return list(kept.values())
