"""The weights that are on this machine: in the user's cache folder, under the names of the table."""

from __future__ import annotations

from pathlib import Path

from photochrom.pictures.remote import cache_folder
from photochrom.train.weights.table import TABLE, Weights


def place_of(weights: Weights) -> Path:
    """Where its file is kept, whether it is there or not."""
    return cache_folder() / "weights" / weights.file


def stored(encoder: str) -> Path | None:
    """The file for an encoder, by timm's name, if it has been fetched."""
    for weights in TABLE.values():
        if weights.encoder == encoder and place_of(weights).is_file():
            return place_of(weights)
    return None


def row_of(encoder: str) -> Weights | None:
    """The table's row for an encoder, by timm's name."""
    return next((weights for weights in TABLE.values() if weights.encoder == encoder), None)
