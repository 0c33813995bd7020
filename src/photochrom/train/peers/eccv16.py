"""The published names of ECCV16's weights; the network itself is one that photochrom also trains."""

from __future__ import annotations

import re

_LENGTHS = (5, 5, 7, 7, 7, 7, 7)  # layers of the first seven of their eight blocks; ours are in one row


def rename(key: str) -> str | None:
    """A published name -> ours; None for the colours of the bins, which the file's metadata takes."""
    if match := re.match(r"model([1-8])\.(\d+)\.", key):
        layer = sum(_LENGTHS[: int(match[1]) - 1]) + int(match[2])
        return f"layers.{layer}." + key[match.end() :]
    return None if key.startswith("model_out.") else key
