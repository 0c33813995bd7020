"""The table of models that ship with the package: weights/models.json, written by the export script."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from photochrom.errors import ModelError, UnknownModelError, suggestion
from photochrom.network.spec import NetworkSpec

WEIGHTS = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What is known of a model without loading it.

    file: its .onnx. spec: what it says of itself, None for a file named by its path until it is loaded.
    sha256: of the file, "" for one named by its path. size_bytes: of the file.
    scores: by the names of the model card, "fid", "lpips_alex"...; empty when not measured.
    """

    name: str
    file: Path
    spec: NetworkSpec | None = None
    sha256: str = ""
    size_bytes: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The kind of picture it is for, "photo"; "" while nothing is known."""
        return self.spec.domain if self.spec else ""

    @property
    def licence(self) -> str:
        """Of the weights; "" while nothing is known."""
        return self.spec.licence if self.spec else ""

    @property
    def recipe(self) -> str:
        """What trained it; "" while nothing is known."""
        return self.spec.recipe if self.spec else ""

    @property
    def work_size(self) -> int:
        """Short side of the network's input in pixels if nothing else is asked for; 0 while nothing is known."""
        return self.spec.work_size if self.spec else 0

    def to_dict(self) -> dict[str, Any]:
        """Everything known, flat, fit for JSON; not the centres, which are hundreds of numbers."""
        values = {**asdict(self), "file": str(self.file)}
        spec = values.pop("spec") or {}
        return {**values, **{key: value for key, value in spec.items() if key not in ("centres", "details")}}


@functools.cache
def load_table(folder: Path) -> tuple[ModelInfo, ...]:
    """The rows of models.json in `folder`. Raises ModelError if it is missing or damaged."""
    path = folder / "models.json"
    try:
        return tuple(_row(row, folder) for row in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, ModelError) as error:
        raise ModelError(f"the table of models {path} can't be read ({error}): install photochrom again") from error


def _row(row: dict[str, Any], folder: Path) -> ModelInfo:
    spec = NetworkSpec(**{**row["spec"], "inputs": tuple(row["spec"]["inputs"])})
    return ModelInfo(**{**row, "file": folder / row["file"], "spec": spec})


def models() -> list[ModelInfo]:
    """The models that ship with this version, best first. Raises ModelError if the installation is damaged."""
    return list(load_table(WEIGHTS))


def model_of(domain: str) -> ModelInfo:
    """The best model for pictures of that kind that ships with this version. Raises UnknownModelError if none does."""
    for info in models():
        if info.domain == domain:
            return info
    raise UnknownModelError(
        f"this version has no model for {domain} pictures: name an .onnx file of your own with --model, or choose one "
        f"of the domains {', '.join(dict.fromkeys(info.domain for info in models()))}"
    )


def find_model(name_or_path: str) -> ModelInfo:
    """The model of that name, or the .onnx file at that path.

    Of a file only `file` and `size_bytes` are known here; the session reads the rest from the file's metadata.
    Raises UnknownModelError, naming the nearest; also for a path that isn't a file.
    """
    shipped = models()
    for info in shipped:
        if info.name == name_or_path:
            return info
    path = Path(name_or_path)
    if path.is_dir():
        raise UnknownModelError(f"{path} is a folder, not a model: name an .onnx file, or a model that ships")
    if path.suffix.lower() == ".onnx":
        if not path.is_file():
            raise UnknownModelError(f"there is no model file {path}: check the path")
        return ModelInfo(name=path.stem, file=path, size_bytes=path.stat().st_size)
    known = [info.name for info in shipped]
    otherwise = f"choose one of {', '.join(known)}, or name an .onnx file"
    raise UnknownModelError(
        f"there is no model {name_or_path!r}: {suggestion(name_or_path, known, otherwise=otherwise, cutoff=0.4)}"
    )
