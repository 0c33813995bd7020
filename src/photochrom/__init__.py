"""photochrom: colour for pictures that have none.

import photochrom
photochrom.colorize("old.jpg").save("new.jpg")

model = photochrom.load_model("photo")
array_in_color = model.colorize(array, vividness=1.2)
"""

import os

TYPE_CHECKING = False  # as type checkers read it; typing itself would be the slowest import here
if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer
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
    from photochrom.load import colorize, load_model
    from photochrom.network.models import ModelInfo, models
    from photochrom.photo import Photo
    from photochrom.settings import Guide, Hint, Settings

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # from 1.32 on, onnxruntime tells its makers how it is used

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


# Where each name is imported from when it is first asked for (PEP 562): `photochrom --help` waits for neither numpy,
# Pillow nor the network, and Ctrl-C meets nothing but the command's own start.
_MODULES = {
    "Colorizer": "colorizer",
    "Guide": "settings",
    "Hint": "settings",
    "ModelInfo": "network.models",
    "Photo": "photo",
    "Settings": "settings",
    "colorize": "load",
    "load_model": "load",
    "models": "network.models",
}


if not TYPE_CHECKING:  # a type checker is to notice a misspelt name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'photochrom' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"photochrom.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
