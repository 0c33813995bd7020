"""CIFAR-10 in the two forms it is found in: torchvision's pickles, and PNGs with one picture a row.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009: 32x32 pixels, 50,000 and 10,000 of them.
"""

from __future__ import annotations

import functools
import hashlib
import io
import pickle
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import PictureError
from photochrom.pictures.picture import Part, Picture, Pixels

SIDE = 32
_BATCH = re.compile(r"(data_batch_\d|test_batch)(\.png)?")
# All that a pickled dictionary with a numpy array needs; anything else in the file is refused, not run.
_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


def is_cifar(path: Path) -> bool:
    """Whether a file has the name, and a PNG the size too, of a batch of CIFAR-10."""
    if not _BATCH.fullmatch(path.name):
        return False
    if path.suffix != ".png":
        return True
    with open(path, "rb") as stream:
        head = stream.read(24)
    return head[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(head[16:20], "big") == SIDE * SIDE


def cifar_pictures(path: Path) -> list[Picture]:
    """The pictures of one batch; those of the test batch are for validation. Raises PictureError if it is broken."""
    part: Part = "validation" if path.name.startswith("test_batch") else "train"
    return [
        Picture(
            where=f"{path}:{i}",
            set_name=path.resolve().parent.name,
            name=f"{path.stem}/{i}",
            digest=hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest(),
            load=partial(_picture, path, i),
            part=part,
        )
        for i, pixels in enumerate(_batch(path))
    ]


def _picture(path: Path, row: int) -> Pixels:
    pixels: Pixels = _batch(path)[row]
    return pixels


@functools.lru_cache(maxsize=8)  # a batch is 31 MB
def _batch(path: Path) -> NDArray[np.uint8]:
    """(N,32,32,3)"""
    try:
        if path.suffix == ".png":
            rows = np.array(Image.open(path).convert("RGB"))
            return rows.reshape(len(rows), SIDE, SIDE, 3)
        planes = _Careful(io.BytesIO(path.read_bytes()), encoding="bytes").load()[b"data"]
        return np.ascontiguousarray(np.asarray(planes, np.uint8).reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))
    except (OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, pickle.UnpicklingError) as error:
        raise PictureError(f"{path} is no batch of CIFAR-10 ({error}): fetch the data set again") from error


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no picture needs")
