"""The table of models that ship with the package: weights/models.json, written by the export script."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.errors import ModelError, UnknownModelError

_WEIGHTS = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What is known of a model without loading it.

    domain: the kind of picture it is for, "photo". file: its .onnx. sha256: of the file, "" for one named by its path.
    scores: by the names of the model card, "fid", "lpips_alex"...; empty when not measured.
    work_size: default short side of the network's input, in pixels. head: "distribution" or "ab".
    """

    name: str
    domain: str
    file: Path
    sha256: str = ""
    licence: str = ""
    recipe: str = ""
    head: str = "distribution"
    work_size: int = 256
    size_bytes: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)


@functools.cache
def _table() -> tuple[ModelInfo, ...]:
    path = _WEIGHTS / "models.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(ModelInfo(**{**row, "file": _WEIGHTS / row["file"]}) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the table of models {path} can't be read ({error}): install photochrom again") from error


def models() -> list[ModelInfo]:
    """The models that ship with this version, best first. Raises ModelError if the installation is damaged."""
    return list(_table())


def find_model(name_or_path: str) -> ModelInfo:
    """The model of that name, or the .onnx file at that path.

    Of a file only `file` and `size_bytes` are known here; the session reads the rest from the file's metadata.
    Raises UnknownModelError, naming the nearest, and ModelError for a path that isn't a file.
    """
    for info in _table():
        if info.name == name_or_path:
            return info
    path = Path(name_or_path)
    if path.suffix.lower() == ".onnx":
        if not path.is_file():
            raise ModelError(f"there is no model file {path}: check the path")
        return ModelInfo(name=path.stem, domain="", file=path, size_bytes=path.stat().st_size)
    known = [info.name for info in _table()]
    near = difflib.get_close_matches(name_or_path, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(known)}, or name an .onnx file"
    raise UnknownModelError(f"there is no model {name_or_path!r}: {hint}")
