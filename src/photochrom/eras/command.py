"""`photochrom era list` and `photochrom era learn`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import photochrom
from photochrom.atomic import atomic_write
from photochrom.color.eras import ERAS
from photochrom.eras.learn import learn, leave_one_out, pairs_of
from photochrom.errors import UsageError
from photochrom.pictures.find import find_pictures
from photochrom.progress import Bar
from photochrom.streams import complain


def show() -> int:
    """The rows of the table, each with what it is based on."""
    for era in ERAS.values():
        lines = textwrap.wrap(era.basis, 84)
        sys.stdout.write(f"{era.name:<13}{lines[0]}\n" + "".join(f"{'':13}{line}\n" for line in lines[1:]))
    return 0


def run(places: Sequence[str], out: Path, *, agree: float, model: str, overwrite: bool) -> int:
    """Learn an era, say what it is worth on pictures that it was not learned from, and write it."""
    if out.suffix.lower() != ".json":
        raise UsageError(f"an era is written as JSON, got {out}: name it like {out.with_suffix('.json')}")
    pictures = find_pictures(places)
    colorizer = photochrom.load_model(model)
    with Bar() as bar:
        pairs, left_out = pairs_of(pictures, colorizer, progress=bar)
    for why in left_out:
        complain(f"photochrom: left out: {why}")
    trial = leave_one_out(pairs, agree=agree)
    basis = f"Learned from {len(pairs)} pictures with the model {colorizer.info.name}."
    era = learn(pairs, name=out.stem, basis=basis, agree=agree)
    with atomic_write(out, overwrite=overwrite) as stream:
        stream.write(era.to_json().encode())
    sys.stdout.write(
        f"{out}: learned from {len(pairs)} pictures. Of each, left out in turn: error {trial.error_before:.1f} -> "
        f"{trial.error_after:.1f}, chroma {trial.chroma_before:.1f} -> {trial.chroma_after:.1f} of "
        f"{trial.chroma_truth:.1f} (ab units)\n"
    )
    return 0
