"""Sidecars: every setting that made a result, in a .json beside it, from which the same bytes can be made again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import photochrom
from photochrom.atomic import atomic_write
from photochrom.digest import sha256_of
from photochrom.errors import UsageError
from photochrom.settings import Settings

if TYPE_CHECKING:
    from photochrom.batch.run import Options

SUFFIX = ".json"  # after the whole name of the result: old.color.jpg.json
FORMAT = 1
_MOST = 16 << 20  # bytes
_WRITING = (
    "quality",
    "max_megapixels",
    "salvage",
    "strip_location",
    "origin",
    "bands",
)  # those of Options that change a result


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What made one result.

    picture, result: files, as paths that can be opened from here. sha256: of the picture.
    model: its name, or the path of its .onnx, and domain, where they were named; model_sha256: of that file.
    settings: hints in shares of the picture. writing: the options of the run that change the file, by name.
    files: hashes of other files that the settings name.
    """

    picture: Path
    result: Path
    sha256: str
    model: str | None
    domain: str | None
    model_sha256: str
    settings: Settings
    writing: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def changed(self) -> list[str]:
        """What isn't any more as it was, a sentence each; then the bytes may differ."""
        told = []
        for path, digest in {os.fspath(self.picture): self.sha256, **self.files}.items():
            try:
                same = sha256_of(Path(path)) == digest
            except OSError:
                continue  # whoever opens it says so
            if not same:
                told.append(f"{path} has changed since {self.result} was made: the colours may differ")
        return told


def described(picture: Path, result: Path, *, settings: Settings, options: Options, digest: str) -> Sidecar:
    """The sidecar of a result. settings: as they were placed on the picture; digest: SHA-256 of the model's file."""
    model = options.model
    references = tuple(os.path.abspath(one) if isinstance(one, str) else one for one in settings.guide.references)
    era = os.path.abspath(settings.era) if settings.era in settings.files else settings.era
    settings = replace(settings, guide=replace(settings.guide, references=references), era=era)
    return Sidecar(
        picture=picture, result=result, sha256=sha256_of(picture), settings=settings,
        model=os.path.abspath(model) if model and model.lower().endswith(".onnx") else model,
        domain=options.domain, model_sha256=digest,
        writing={name: getattr(options, name) for name in _WRITING},
        files={name: sha256_of(Path(name)) for name in settings.files},
    )  # fmt: skip


def write_sidecar(sidecar: Sidecar, path: Path, *, overwrite: bool) -> None:
    """Write it as JSON. Raises OutputError."""
    with atomic_write(path, overwrite=overwrite) as stream:
        stream.write(encoded(sidecar, path))


def encoded(sidecar: Sidecar, path: Path) -> bytes:
    """The sidecar as JSON; places of files are told from `path`, where it is to lie."""
    values = {
        "photochrom": photochrom.__version__,
        "format": FORMAT,
        "picture": _from(path, sidecar.picture),
        "sha256": sidecar.sha256,
        "result": sidecar.result.name,
        "model": sidecar.model,
        "domain": sidecar.domain,
        "model_sha256": sidecar.model_sha256,
        "settings": sidecar.settings.to_dict(),
        "writing": dict(sidecar.writing),
        "files": dict(sidecar.files),
    }
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def read_sidecar(path: str) -> Sidecar:
    """The sidecar at that path, or that of the result at that path. Raises UsageError."""
    place = Path(path)
    if place.suffix.lower() != SUFFIX and place.with_name(place.name + SUFFIX).is_file():
        place = place.with_name(place.name + SUFFIX)
    values = _read(place)
    if "result" not in values:
        raise UsageError(f"{place} is no sidecar: --sidecar writes one beside a result")
    texts = {name: values.get(name) for name in ("picture", "sha256", "result", "model_sha256")}
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    model, domain = values.get("model"), values.get("domain")
    wrong += [name for name in ("model", "domain") if not isinstance(values.get(name), (str, type(None)))]
    writing, files = values.get("writing", {}), values.get("files", {})
    if wrong or not isinstance(writing, dict) or not isinstance(files, dict) or not set(writing) <= set(_WRITING):
        raise UsageError(f"{place} is no sidecar as photochrom writes them: {', '.join(wrong) or 'writing'} is damaged")
    return Sidecar(
        picture=place.parent / str(texts["picture"]), result=place.parent / Path(str(texts["result"])).name,
        sha256=str(texts["sha256"]), model=model, domain=domain, model_sha256=str(texts["model_sha256"]),
        settings=_settings(values["settings"], place), writing=writing, files=files,
    )  # fmt: skip


def read_settings(path: str) -> tuple[Settings, str | None]:
    """The settings of a sidecar, to be used for other pictures, and its model; or those of a .json of settings alone.

    Raises UsageError.
    """
    place = Path(path)
    values = _read(place)
    model = values.get("model") if "settings" in values else None
    return _settings(values.get("settings", values), place), model if isinstance(model, str) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            text = stream.read(_MOST + 1)
        values = json.loads(text) if len(text) <= _MOST else None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}; name a .json that --sidecar wrote") from error
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError(f"{path} is no JSON of settings: name a .json that --sidecar wrote")
    if values.get("format", FORMAT) != FORMAT:
        version = values.get("photochrom", "another version")
        raise UsageError(
            f"{path} was written by photochrom {version!s:.20} in a form ({values['format']!s:.20}) that "
            f"{photochrom.__version__} doesn't read: use that version, or write it anew with --sidecar"
        )
    return values


def _settings(values: Any, path: Path) -> Settings:
    try:
        return Settings.from_dict(values)
    except UsageError as error:
        raise UsageError(f"the settings in {path} can't be used: {error}") from error


def _from(path: Path, other: Path) -> str:
    """Where another file lies, as seen from the folder of `path`; absolute on another drive."""
    try:
        return Path(os.path.relpath(os.path.abspath(other), os.path.abspath(path.parent))).as_posix()
    except ValueError:
        return os.path.abspath(other)
