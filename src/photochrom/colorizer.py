"""Colorizer: THE road from lightness to colour. The command, the library and everything later call it."""

from __future__ import annotations

import functools
import math
import os
import warnings
from collections.abc import Sequence
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.distribution import annealed_mean, leaning, temperature_for
from photochrom.color.lab import Float
from photochrom.color.lightness import shrink_lightness
from photochrom.color.paper import even_paper
from photochrom.color.resample import resize
from photochrom.color.tint import describe, tint_ab
from photochrom.color.upsample import paint
from photochrom.errors import PictureWarning, UsageError
from photochrom.network.models import ModelInfo, find_model
from photochrom.network.session import Network, open_network
from photochrom.photo import Photo

Array = NDArray[Any]
Path = str | os.PathLike[str]
Picture = Path | bytes | Image.Image | Array | Photo
P = TypeVar("P", bytes, Image.Image, Array, Photo)

_MOST_DETAIL = 2048  # px on the short side
_MOST_ASPECT = 8  # a longer picture is squeezed for the network, so that a 30000x3 strip costs no more than 8 squares


class Colorizer:
    """A loaded model that colours pictures; may be used from several threads at once.

    Every call takes a path, the bytes of a file, a Pillow image, a Photo or an array, or a list or tuple of them:
    (H,W), (H,W,1..4), sRGB-encoded, uint8, uint16 or floats 0..1. The same kind comes back, with bytes in the same
    format and arrays of the same dtype as (H,W,3), or (H,W,4) with alpha; for a path a Photo, which can be saved.
    The lightness of every pixel stays as it was; the network only says a* and b*.

    Options of every call:
        detail: short side of the network's input, 64..2048 px, rounded to what the network takes; None: as trained.
        strength: 0..1.5 times the chroma.
        vividness: 0..2; how boldly the network chooses where it is unsure; 1 is as trained.
        keep_tint: lay a tinted scan's own tint (sepia, say) over the colours instead of dropping it.
        seed: None for the likeliest colours, a number for another plausible version.

    Raises UsageError for options out of range, PictureError for pictures that can't be read, ModelError if the
    network fails. Gives a PictureWarning when a picture has colour already.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def info(self) -> ModelInfo:
        return self._network.info

    @overload
    def colorize(
        self,
        picture: Path,
        *,
        detail: int | None = None,
        strength: float = 1.0,
        vividness: float = 1.0,
        keep_tint: bool = False,
        seed: int | None = None,
    ) -> Photo: ...
    @overload
    def colorize(
        self,
        picture: P,
        *,
        detail: int | None = None,
        strength: float = 1.0,
        vividness: float = 1.0,
        keep_tint: bool = False,
        seed: int | None = None,
    ) -> P: ...
    @overload
    def colorize(
        self,
        picture: list[Any] | tuple[Any, ...],
        *,
        detail: int | None = None,
        strength: float = 1.0,
        vividness: float = 1.0,
        keep_tint: bool = False,
        seed: int | None = None,
    ) -> list[Any]: ...
    def colorize(
        self,
        picture: Picture | list[Any] | tuple[Any, ...],
        *,
        detail: int | None = None,
        strength: float = 1.0,
        vividness: float = 1.0,
        keep_tint: bool = False,
        seed: int | None = None,
    ) -> Any:
        """The picture in colour, as the same kind as given; a list for a list or tuple. Options: see the class."""
        self._check(detail, strength, vividness, seed)
        if isinstance(picture, (list, tuple)):
            return [
                self.colorize(
                    one, detail=detail, strength=strength, vividness=vividness, keep_tint=keep_tint, seed=seed
                )
                for one in picture
            ]
        return self._several(picture, [seed], detail, strength, vividness, keep_tint)[0]

    def variants(
        self,
        picture: Picture,
        count: int,
        *,
        detail: int | None = None,
        strength: float = 1.0,
        vividness: float = 1.0,
        keep_tint: bool = False,
        seed: int = 0,
    ) -> list[Any]:
        """`count` plausible versions, the likeliest first; the network runs once. Options: see the class."""
        self._check(detail, strength, vividness, seed)
        if count < 1:
            raise UsageError(f"the number of variants must be 1 or more, got {count}")
        if count > 1 and self.info.head != "distribution":
            raise UsageError(f"model {self.info.name!r} predicts one colour, not a distribution: it has no variants")
        seeds = [None, *(seed + i for i in range(1, count))]
        return self._several(picture, seeds, detail, strength, vividness, keep_tint)

    def _several(
        self,
        picture: Picture,
        seeds: Sequence[int | None],
        detail: int | None,
        strength: float,
        vividness: float,
        keep_tint: bool,
    ) -> list[Any]:
        photo = _as_photo(picture)
        tint = describe(photo.pixels)
        if tint.kind == "colour":
            warnings.warn(
                f"{photo.name} has colour already: its own colours are replaced", PictureWarning, stacklevel=4
            )
        size = self.work_size(photo.size, detail)
        guide = shrink_lightness(photo.pixels, size)
        output = self._network.run(guide)
        results = []
        for seed in seeds:
            ab = self._ab(output, guide, vividness, seed) * np.float32(strength)
            if keep_tint and tint.kind == "tinted":
                ab += tint_ab(tint, resize(guide, (ab.shape[1], ab.shape[0])))
            results.append(_as_given(photo.with_pixels(paint(photo.pixels, ab, guide=guide)), picture))
        return results

    def work_size(self, size: tuple[int, int], detail: int | None = None) -> tuple[int, int]:
        """(width, height) of the network's input for a picture of `size`: short side `detail`, about the same shape."""
        multiple = self._network.multiple
        short = max(1, round((detail or self.info.work_size) / multiple)) * multiple
        aspect = min(max(size) / min(size), _MOST_ASPECT)
        long = max(1, round(short * aspect / multiple)) * multiple
        return (long, short) if size[0] >= size[1] else (short, long)

    def _ab(self, output: Float, guide: Float, vividness: float, seed: int | None) -> Float:
        network = self._network
        if network.info.head == "distribution":
            logits = output if seed is None else leaning(output, network.centres, seed)
            ab = annealed_mean(logits, network.centres, temperature_for(vividness, network.temperature))
        else:
            ab = np.ascontiguousarray(output.transpose(1, 2, 0)) * np.float32(network.scale)
        if network.info.domain != "photo":  # what is drawn on paper is as white as the paper
            return ab
        return even_paper(ab, guide)

    def _check(self, detail: int | None, strength: float, vividness: float, seed: int | None) -> None:
        if detail is not None and not 64 <= detail <= _MOST_DETAIL:
            raise UsageError(f"detail must lie in 64..{_MOST_DETAIL} px, got {detail}")
        for name, value, most in (("strength", strength, 1.5), ("vividness", vividness, 2.0)):
            if not (math.isfinite(value) and 0 <= value <= most):
                raise UsageError(f"{name} must lie in 0..{most:g}, got {value:g}")
        if seed is not None and seed < 0:
            raise UsageError(f"seed must be 0 or more, got {seed}")


def load_model(
    model: str | os.PathLike[str] = "photo", *, device: str = "auto", threads: int | None = None
) -> Colorizer:
    """Load a model by name (see `models()`) or from an .onnx file.

    device: "auto", "cpu", "cuda", "coreml", "directml"...: what this onnxruntime has. threads: CPU threads.
    Raises UnknownModelError, ModelError and UsageError.
    """
    return Colorizer(open_network(find_model(os.fspath(model)), device=device, threads=threads))


def _as_photo(picture: Any) -> Photo:
    if isinstance(picture, Photo):
        return picture
    if isinstance(picture, (str, os.PathLike, bytes)):
        return Photo.open(picture)
    if isinstance(picture, Image.Image):
        return Photo.from_pil(picture)
    if isinstance(picture, np.ndarray):
        return Photo.from_array(picture)
    raise UsageError(
        f"can't colour a {type(picture).__name__}: give a path, bytes, a Pillow image, a Photo or a numpy array"
    )


def _as_given(photo: Photo, picture: Any) -> Any:
    if isinstance(picture, bytes):
        return photo.encode()
    if isinstance(picture, Image.Image):
        return photo.to_pil()
    if isinstance(picture, np.ndarray):
        return photo.to_array(dtype=picture.dtype)
    return photo


@functools.lru_cache(maxsize=2)
def _loaded(model: str) -> Colorizer:
    return load_model(model)


@overload
def colorize(
    picture: Path,
    *,
    model: str | os.PathLike[str] = "photo",
    detail: int | None = None,
    strength: float = 1.0,
    vividness: float = 1.0,
    keep_tint: bool = False,
    seed: int | None = None,
) -> Photo: ...
@overload
def colorize(
    picture: P,
    *,
    model: str | os.PathLike[str] = "photo",
    detail: int | None = None,
    strength: float = 1.0,
    vividness: float = 1.0,
    keep_tint: bool = False,
    seed: int | None = None,
) -> P: ...
@overload
def colorize(
    picture: list[Any] | tuple[Any, ...],
    *,
    model: str | os.PathLike[str] = "photo",
    detail: int | None = None,
    strength: float = 1.0,
    vividness: float = 1.0,
    keep_tint: bool = False,
    seed: int | None = None,
) -> list[Any]: ...
def colorize(
    picture: Any,
    *,
    model: str | os.PathLike[str] = "photo",
    detail: int | None = None,
    strength: float = 1.0,
    vividness: float = 1.0,
    keep_tint: bool = False,
    seed: int | None = None,
) -> Any:
    """Colour a picture in one call: `colorize("old.jpg").save("new.jpg")`. The model is kept for the next call.

    Kinds of picture, options and errors: see Colorizer.
    """
    return _loaded(os.fspath(model)).colorize(
        picture, detail=detail, strength=strength, vividness=vividness, keep_tint=keep_tint, seed=seed
    )
