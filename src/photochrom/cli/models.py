"""`photochrom models`: the table of models."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from photochrom.cli.exits import leave


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(models)


def models(as_json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False) -> None:
    """List the models: size, licence, scores."""
    leave(lambda: _print(as_json=as_json))


def _print(*, as_json: bool) -> int:
    """One a row, or as a JSON list of everything known about each."""
    import photochrom

    infos = photochrom.models()
    if as_json:
        sys.stdout.write(json.dumps([info.to_dict() for info in infos], indent=2) + "\n")
        return 0
    rows = [("NAME", "FOR", "SIZE", "LICENCE", "SCORES")]
    for info in infos:
        scores = "  ".join(f"{name} {value:g}" for name, value in info.scores.items())
        rows.append((info.name, info.domain, f"{info.size_bytes / 1e6:.1f} MB", info.licence, scores))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
    return 0
