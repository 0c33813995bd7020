"""Options of the command made of photochrom.Settings, which knows their help, range and unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import typer

from photochrom.settings import Guide, Settings, dial_of, setting_types


def setting(name: str, *, help: str = "") -> Any:
    """The typer option of that setting. help: in place of its own, where it means several values, say."""
    dial, kinds = dial_of(name), setting_types()[name]
    if bool in kinds:
        return typer.Option(f"--{name.replace('_', '-')}", help=help or dial.help)
    if str in kinds:
        words = "|".join(word for word in dial.words if word)
        return typer.Option(help=help or dial.help, metavar=words or "NAME", show_default=False)
    whole = float not in kinds
    low, high = (None if end is None else int(end) if whole else end for end in (dial.low, dial.high))
    metavar = "PIXELS" if dial.unit == "px" else "N" if whole else "X"
    return typer.Option(help=help or dial.help, min=low, max=high, metavar=metavar)


def said(ctx: typer.Context) -> dict[str, Any]:
    """The options that were given on the command line, not those that have their defaults."""
    given = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name: ctx.params[name] for name, source in given.items() if source is not None and source.name != "DEFAULT"}


def chosen(options: Mapping[str, Any], *, guide: Guide | None = None, base: Settings | None = None) -> Settings:
    """The Settings among the options of a command, each of the setting's own name, and a guide, on those of `base`.

    What the guide leaves out is base's. Raises UsageError.
    """
    base = base or Settings()
    chosen = {name: options[name] for name in setting_types() if name in options}
    usual = Guide()
    own = {
        f.name: value for f in fields(Guide) if guide and (value := getattr(guide, f.name)) != getattr(usual, f.name)
    }
    return Settings.from_dict({**base.to_dict(), **chosen, "guide": replace(base.guide, **own)})
