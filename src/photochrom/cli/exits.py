"""How every verb of the command ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

import typer

from photochrom.cli.stop import unwinding
from photochrom.streams import complain, drop

# What only an extra brings; a verb that needs one of them says which.
_EXTRAS = {
    "prepare": {"cv2"},
    "film": {"av", "cv2"},
    "train": {
        "aiohttp", "braceexpand", "fsspec", "jinja2", "kornia", "lightning", "markupsafe", "matplotlib", "onnx",
        "optuna", "safetensors", "scipy", "skimage", "tensorboard", "timm", "torch", "torchmetrics", "torchvision",
    },
    "web": {"fastapi", "prometheus_client", "python_multipart", "starlette", "uvicorn"},
}  # fmt: skip


def leave(verb: Callable[[], int]) -> NoReturn:
    """Run a verb to its exit code; what we refuse is one sentence on stderr, not a traceback."""
    from photochrom.errors import PhotochromError

    try:
        with unwinding():
            code = verb()
    except PhotochromError as error:
        complain(f"photochrom: {error}")
        code = error.exit_code
    except ModuleNotFoundError as error:
        extra = next((extra for extra, names in _EXTRAS.items() if (error.name or "").split(".")[0] in names), None)
        if extra is None:
            raise
        complain(f"photochrom: this verb needs {error.name}, which isn't installed: pip install 'photochrom[{extra}]'")
        code = 2
    except BrokenPipeError:  # the reader of stdout left (`| head`): stop, and say nothing at exit either
        drop(sys.stdout)
        code = 141
    except FileNotFoundError:
        if _is_somewhere():
            raise
        complain("photochrom: the folder that it was started in is gone; change to one that is there")
        code = 1
    except KeyboardInterrupt:
        code = 130
    raise typer.Exit(code)


def _is_somewhere() -> bool:
    """Whether the working folder is there."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True
