"""`photochrom models`: the table of models."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import photochrom


def run(*, as_json: bool) -> int:
    """Print the models, one a row, or as a JSON list of everything known about each."""
    infos = photochrom.models()
    if as_json:
        sys.stdout.write(json.dumps([asdict(info) for info in infos], indent=2, default=str) + "\n")
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
