"""Settings as fields of a form or query, and what a form has to know of each: all from photochrom.Settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from photochrom.auto import AUTO
from photochrom.color.eras import ERAS
from photochrom.errors import UsageError, suggestion
from photochrom.network.models import models
from photochrom.settings import Guide, Settings, dial_of, setting_types

_WORDS = {**dict.fromkeys(("true", "1", "on", "yes"), True), **dict.fromkeys(("false", "0", "off", "no"), False)}


def settings_of(given: Mapping[str, str], *, besides: tuple[str, ...] = ()) -> Settings:
    """From text fields: one a setting, and `settings`, JSON of any of them, which the others win over.

    besides: names that are no settings. Raises UsageError, for an unknown name with the nearest.
    """
    known = (*setting_types(), "settings", *besides)
    for name in given:
        if name not in known:
            otherwise = f"choose among {', '.join(known)}"
            raise UsageError(f"there is no field {name!r}: {suggestion(name, known, otherwise=otherwise)}")
    values = _from_json("settings", given["settings"]) if given.get("settings") else {}
    if not isinstance(values, dict):
        raise UsageError(f"settings must be a JSON object, got {type(values).__name__}")
    values |= {name: _value(name, given[name]) for name in setting_types() if given.get(name, "") != ""}
    for name, value in values.items():
        _check_word(name, value)
    settings = Settings.from_dict(values)
    if settings.guide.reference_files:
        raise UsageError(
            "references are files of the computer that photochrom runs on, which can't be named from here: send the "
            "picture itself, as a file named reference"
        )
    return settings


def is_on(given: Mapping[str, str], name: str) -> bool:
    """Whether a field that isn't a setting says yes; no where it is missing. Raises UsageError for another word."""
    word = given.get(name, "").strip().lower()
    if word and word not in _WORDS:
        raise UsageError(f"{name} must be true or false, got {word[:60]!r}")
    return _WORDS.get(word, False)


def domains() -> tuple[str, ...]:
    """The kinds of picture that there is a model for, and `auto` where there are several."""
    kinds = tuple(dict.fromkeys(info.domain for info in models()))
    return (*kinds, AUTO) if len(kinds) > 1 else kinds


def choices_of(name: str) -> tuple[str, ...]:
    """What a setting of text may be here. On the command line it may be a file too; no path of a client is opened."""
    return tuple(ERAS) if name == "era" else dial_of(name).words


def described() -> list[dict[str, Any]]:
    """What a form needs to know of each setting, for JSON: name, kind, help, default, low, high, unit, choices."""
    made = []
    defaults = {f.name: f.default for f in fields_of(Settings)}
    for name, kinds in setting_types().items():
        dial = dial_of(name)
        plain: dict[str, Any] = {"name": name, "kind": kind_of(kinds), "help": dial.help}
        plain |= {"low": dial.low, "high": dial.high, "unit": dial.unit}
        plain["default"] = None if plain["kind"] == "object" else defaults[name]
        plain["choices"] = list(choices_of(name))
        made.append(plain)
    return made


def kind_of(kinds: tuple[type, ...]) -> str:
    """JSON Schema's name of a setting's type."""
    for kind, name in ((bool, "boolean"), (float, "number"), (int, "integer"), (str, "string")):
        if kind in kinds:
            return name
    return "object"


def schema_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of one such description, for OpenAPI."""
    schema: dict[str, Any] = {"type": plain["kind"], "description": plain["help"]}
    schema |= {key: plain[name] for key, name in (("minimum", "low"), ("maximum", "high")) if plain[name] is not None}
    if plain["choices"]:
        schema["enum"] = plain["choices"]
    if plain["default"] is not None:
        schema["default"] = plain["default"]
    return schema


def _check_word(name: str, value: Any) -> None:
    """Let a setting of text be a word that is offered, and nothing else: it might be a path.

    `saturation` holds hues with numbers, which Settings reads. Raises UsageError, with the nearest word.
    """
    if str not in setting_types().get(name, ()) or name == "saturation":
        return
    words = [word for word in choices_of(name) if word]
    if value not in ("", *words):
        told = suggestion(str(value)[:60], words, otherwise=f"choose one of {', '.join(words)}")
        raise UsageError(f"there is no {name} {str(value)[:60]!r}: {told}")


def _value(name: str, text: str) -> Any:
    """What a text means for that setting; text that means nothing is left for Settings to refuse."""
    kinds = setting_types()[name]
    if bool in kinds:
        return _WORDS.get(text.strip().lower(), text)
    if Guide in kinds:
        return _from_json(name, text)
    if str in kinds:
        return text
    try:
        return float(text) if float in kinds else int(text)
    except ValueError:
        return text


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} must be JSON, and this isn't ({error})") from error
