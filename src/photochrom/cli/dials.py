"""Options of the command made of photochrom.Settings, which knows their help, range and unit."""

from __future__ import annotations

from collections.abc import Mapping
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


def chosen(options: Mapping[str, Any], *, guide: Guide | None = None) -> Settings:
    """The Settings among the options of a command, each of the setting's own name, and a guide. Raises UsageError."""
    said = {name: options[name] for name in setting_types() if name in options}
    return Settings.from_dict({**said, "guide": guide or Guide()})
