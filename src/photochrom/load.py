"""Models by their name, file or domain, and colouring in one call."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from photochrom.auto import AUTO, AutoColorizer
from photochrom.colorizer import Colorizer, P, Path
from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.network.models import ModelInfo, find_model, model_of
from photochrom.network.session import open_network
from photochrom.photo import Photo
from photochrom.settings import Settings, SettingsDict

if sys.version_info >= (3, 11):
    from typing import Unpack
elif TYPE_CHECKING:
    from typing_extensions import Unpack


def load_model(
    model: str | os.PathLike[str] | None = None,
    *,
    domain: str | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> Colorizer:
    """Load a model by name (see `models()`), from an .onnx file, or the best one of a domain; by default `photo`.

    domain: "photo", "sketch", "infrared", "thermal", "satellite": the kind of picture, which a named model must be for.
    "auto" decides it for each picture and says so in its notes; a named model then serves its own domain.
    device: "auto", "cpu", "cuda", "coreml", "directml"...: what this onnxruntime has. threads: CPU threads.
    Raises UnknownModelError, ModelError and UsageError.
    """

    def load(info_of: str | None, kind: str) -> Colorizer:
        info = model_of(kind) if info_of is None else find_model(info_of)
        return Colorizer(open_network(info, device=device, threads=threads))

    name = None if model is None else os.fspath(model)
    if domain == AUTO:
        return AutoColorizer(None if name is None else load(name, ""), lambda kind: load(None, kind))
    wanted = "photo" if domain is None else find_domain(domain, also=(AUTO,)).name
    colorizer = load(name, wanted)
    if domain is not None:
        _check_domain(colorizer.info, domain)
    return colorizer


def _check_domain(info: ModelInfo, domain: str) -> None:
    if info.domain != domain:
        raise UsageError(
            f"model {info.name!r} is for {info.domain} pictures, and the domain asked for is {domain}: leave one of "
            "the two out"
        )


def model_name(model: str | None, domain: str | None) -> str:
    """The name or file of the one model for a run that loads it by itself, on other machines too. See load_model.

    Raises UsageError for "auto", and where model and domain don't fit.
    """
    if domain == AUTO:
        raise UsageError("one model is needed here, and auto chooses among several: name the domain")
    if domain is None:
        return model or "photo"
    if model is None:
        return model_of(find_domain(domain).name).name
    info = find_model(model)
    _check_domain(info if info.spec else load_model(model).info, find_domain(domain).name)  # a file says it when loaded
    return model


@lru_cache(maxsize=2)
def _loaded(model: str | None, domain: str | None) -> Colorizer:
    return load_model(model, domain=domain)


@overload
def colorize(
    picture: Path,
    settings: Settings | None = None,
    *,
    model: Path | None = None,
    domain: str | None = None,
    **keywords: Unpack[SettingsDict],
) -> Photo: ...
@overload
def colorize(
    picture: P,
    settings: Settings | None = None,
    *,
    model: Path | None = None,
    domain: str | None = None,
    **keywords: Unpack[SettingsDict],
) -> P: ...
@overload
def colorize(
    picture: list[Any] | tuple[Any, ...],
    settings: Settings | None = None,
    *,
    model: Path | None = None,
    domain: str | None = None,
    **keywords: Unpack[SettingsDict],
) -> list[Any]: ...
def colorize(
    picture: Any,
    settings: Settings | None = None,
    *,
    model: Path | None = None,
    domain: str | None = None,
    **keywords: Unpack[SettingsDict],
) -> Any:
    """Colour a picture in one call: `colorize("old.jpg").save("new.jpg")`. The model is kept for the next call.

    model, domain: see load_model. Kinds of picture, settings and errors: see Colorizer.
    """
    return _loaded(None if model is None else os.fspath(model), domain).colorize(picture, settings, **keywords)
