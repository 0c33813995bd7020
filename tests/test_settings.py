"""Settings: one place says how a picture may be coloured; the command and the keywords follow it."""

import dataclasses
import inspect
import json
import sys
from typing import Any, get_type_hints

import numpy as np
import pytest
from typer.main import get_command

import photochrom
from photochrom import Guide, Hint, Settings, UsageError
from photochrom.cli.group import COLOR
from photochrom.cli.main import app
from photochrom.color.lab import rgb_to_lab
from photochrom.color.named import ab_of
from photochrom.settings import SettingsDict, dial_of, resolve

NAMES = [f.name for f in dataclasses.fields(Settings)]
LIMITED = [name for name in NAMES if dial_of(name).low is not None]


def options() -> dict[str, Any]:
    return {p.name: p for p in get_command(app).commands[COLOR].params}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_said_once_and_known_everywhere(name: str) -> None:
    dial = dial_of(name)
    assert dial.help.endswith(".") and f"{name}:" in (Settings.__doc__ or "")
    assert get_type_hints(SettingsDict)[name] == get_type_hints(Settings)[name]
    if name == "guide":  # of the command it is --hint and --hints
        return
    option = options()[name]
    assert option.help == dial.help and option.default == getattr(Settings(), name)
    assert (getattr(option.type, "min", None), getattr(option.type, "max", None)) == (dial.low, dial.high)


def test_the_keywords_are_the_settings() -> None:
    assert list(get_type_hints(SettingsDict)) == NAMES
    for call in (photochrom.colorize, photochrom.Colorizer.colorize, photochrom.Colorizer.variants):
        assert inspect.signature(call).parameters["keywords"].annotation == "Unpack[SettingsDict]"


@pytest.mark.parametrize("name", LIMITED)
def test_ranges(name: str) -> None:
    dial = dial_of(name)
    kind = int if name in ("detail", "seed") else float
    for end in (dial.low, dial.high):
        if end is not None:
            assert getattr(Settings(**{name: kind(end)}), name) == end
    beyond = [kind((dial.low or 0) - 1), *([kind(dial.high + 1)] if dial.high is not None else [])]
    for value in beyond:
        with pytest.raises(UsageError, match=name):
            Settings(**{name: value})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"vividnes": 1}, "did you mean 'vividness'"),
        ({"colour": 1}, "choose one of|did you mean"),
        ({"strength": "strong"}, "strength must be a number, got 'strong'"),
        ({"strength": True}, "strength must be a number"),
        ({"strength": None}, "strength must be a number"),
        ({"strength": 10**400}, "strength must lie in 0..1.5, got 1000"),
        ({"strength": float("nan")}, "strength must be a number, got nan"),
        ({"seed": float("inf")}, "seed must be a whole number, got inf"),
        ({"detail": 256.5}, "detail must be a whole number"),
        ({"keep_tint": "yes"}, "keep_tint must be True or False"),
        ({"guide": {"hint": []}}, "guide has no 'hint': did you mean 'hints'"),
        ({"guide": {"hints": [{"x": 1, "y": 2}]}}, "a hint needs color"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": "reed"}]}}, "did you mean 'red'"),
        ({"guide": {"hints": [{"x": -1, "y": 2, "color": "red"}]}}, "x of a hint"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": [1, 2, 300]}]}}, "a colour must be like"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": "red", "radius": 0}]}}, "radius of a hint"),
        ({"guide": {"hints": [{"x": 10**400, "y": 2, "color": "red"}]}}, "x of a hint"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": None}]}}, "a colour must be like"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": {"r": 1}}]}}, "a colour must be like"),
        ({"guide": {"hints": [{"x": 1.5, "y": 0, "color": "red", "unit": "share"}]}}, r"x of a hint must be in 0\.\.1"),
        ({"guide": {"hints": [{"x": 1, "y": 2, "color": "red", "unit": "cm"}]}}, 'unit of a hint must be "px"'),
        ({"guide": 3}, r"guide must be a Guide, like photochrom\.Guide\(hints="),
        ({"guide": {"hints": 3}}, "hints must be a list"),
    ],
)
def test_what_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Settings.from_dict(values)


@pytest.mark.parametrize("hints", [Hint(1, 2, "red"), None, [(1, 2, "red")], iter(())])
def test_what_is_no_list_of_hints(hints: Any) -> None:
    with pytest.raises(UsageError, match="hint"):
        Guide(hints=hints)


def test_numbers_of_any_kind() -> None:
    """numpy's too: a seed from a generator, a place from argwhere, a colour from a picture's pixel."""
    given = Settings(
        detail=np.int64(256), strength=np.float32(0.5), seed=np.uint8(5), keep_tint=np.bool_(True),
        guide=Guide(hints=[Hint(np.int64(3), np.float32(4), np.array([9, 8, 7], np.uint8), np.int32(2))]),
    )  # fmt: skip
    plain = Settings(
        detail=256, strength=0.5, seed=5, keep_tint=True, guide=Guide(hints=(Hint(3, 4, (9.0, 8.0, 7.0), 2),))
    )
    assert given == plain and hash(given) == hash(plain)
    assert json.dumps(given.to_dict()) == json.dumps(plain.to_dict())
    assert Settings(detail=256.0) == Settings(detail=256)
    assert Settings(seed=10**400).seed == 10**400


@pytest.mark.parametrize("settings", [{"strength": 1}, 3, "vivid"])
def test_settings_of_another_kind(settings: Any) -> None:
    with pytest.raises(UsageError, match=r"Settings\.from_dict"):
        resolve(settings, {})


@pytest.mark.skipif(sys.version_info < (3, 11), reason="typing has no Unpack")
def test_the_types_can_be_asked_for() -> None:
    assert get_type_hints(photochrom.Colorizer.colorize)["settings"] == Settings | None


def test_they_travel_as_json() -> None:
    settings = Settings(detail=320, strength=0.5, seed=3, guide=Guide(hints=(Hint(3, 4, "olive"), Hint(1, 2, (9, 8)))))
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert Settings.from_dict({}) == Settings()
    assert len({settings, Settings(), Settings.from_dict({})}) == 2  # they can be keys


def test_versions() -> None:
    assert Settings(seed=7).versions(1) == [Settings(seed=7)]
    assert [s.seed for s in Settings().versions(3)] == [None, 1, 2]
    assert [s.seed for s in Settings(seed=7, strength=0.5).versions(3)] == [None, 8, 9]
    with pytest.raises(UsageError, match="1 or more"):
        Settings().versions(0)


def test_colours_as_people_write_them() -> None:
    red = tuple(rgb_to_lab(np.array([1.0, 0, 0]))[1:])
    for color in ("red", "#ff0000", "#F00", "rgb(255, 0, 0)", (255, 0, 0), red):
        np.testing.assert_allclose(ab_of(color), red, atol=1e-6)
