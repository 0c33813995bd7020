"""photochrom: colour for pictures that have none.

import photochrom
photochrom.colorize("old.jpg").save("new.jpg")

model = photochrom.load_model("photo")
array_in_color = model.colorize(array, vividness=1.2)
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from photochrom.errors import (
    ModelError,
    OutputError,
    OutputExistsError,
    PhotochromError,
    PictureError,
    PictureTooLargeError,
    PictureWarning,
    UnknownModelError,
    UsageError,
)
from photochrom.network.models import ModelInfo, models
from photochrom.settings import Guide, Hint, Settings

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # from 1.32 on, onnxruntime tells its makers how it is used

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer
    from photochrom.load import colorize, load_model
    from photochrom.photo import Photo

__version__ = "0.1.0"
__all__ = [
    "Colorizer",
    "Guide",
    "Hint",
    "ModelError",
    "ModelInfo",
    "OutputError",
    "OutputExistsError",
    "Photo",
    "PhotochromError",
    "PictureError",
    "PictureTooLargeError",
    "PictureWarning",
    "Settings",
    "UnknownModelError",
    "UsageError",
    "colorize",
    "load_model",
    "models",
]


# Imported when first asked for, so that `photochrom --help` waits for neither numpy, Pillow nor the network.
_LATER = {"Colorizer": "colorizer", "colorize": "load", "load_model": "load", "Photo": "photo"}


if not TYPE_CHECKING:  # a type checker is to notice a misspelt name

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module 'photochrom' has no attribute {name!r}")
        return getattr(importlib.import_module(f"photochrom.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
