"""`photochrom prepare`: what the verbs do once their options are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from photochrom.errors import UsageError, suggestion
from photochrom.pictures.find import find_pictures
from photochrom.pictures.pairs import INPUTS
from photochrom.prepare.align import ALIGNMENTS, Alignment
from photochrom.prepare.infrared import INFRARED_KINDS, InfraredStyle, as_infrared, random_infrared
from photochrom.prepare.lines import LINE_KINDS, LineStyle, draw_lines, random_style
from photochrom.prepare.matching import matched
from photochrom.prepare.run import Make, Pixels, Prepared, Target, join_pairs, make_inputs
from photochrom.prepare.translate import open_translator, translated
from photochrom.progress import Bar

RANDOM = "random"


def _random_drawing(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return draw_lines(pixels, random_style(rng), rng)


def _random_infrared(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return as_infrared(pixels, random_infrared(rng))


def _drawing(style: LineStyle) -> Make:
    return lambda pixels, rng: draw_lines(pixels, style)


def _infrared(style: InfraredStyle) -> Make:
    return lambda pixels, rng: as_infrared(pixels, style)


SKETCHES: Mapping[str, Make] = {
    **{kind: _drawing(LineStyle(kind=kind)) for kind in LINE_KINDS},
    RANDOM: _random_drawing,
}
INFRARED: Mapping[str, Make] = {
    **{kind: _infrared(InfraredStyle(kind=kind)) for kind in INFRARED_KINDS},
    RANDOM: _random_infrared,
}
MADE: Mapping[str, Mapping[str, Make]] = {"sketch": SKETCHES, "ir": INFRARED}
"""By the word of the inputs in pairs, the styles that they can be made in."""


def run_made(kind: str, data: Sequence[str], out: Path, *, style: str, seed: int, alone: bool, overwrite: bool) -> int:
    """Inputs made of colour pictures, of a kind of MADE. Gives the exit code."""
    make = MADE[kind][_known(style, list(MADE[kind]), "--style")]
    pictures = find_pictures(data, commands=True)
    target = Target(folder=out, kind=kind, alone=alone, overwrite=overwrite)
    return _told(lambda bar: make_inputs(pictures, make, target, seed=seed, progress=bar), out)


def run_simulated(
    data: Sequence[str], out: Path, *, model: str, detail: int | None, device: str, alone: bool, overwrite: bool
) -> int:
    """Inputs made of colour pictures by a network, called as its domain is. Gives the exit code."""
    network = open_translator(model, device=device)
    pictures = find_pictures(data, commands=True)
    word = network.spec.domain
    target = Target(folder=out, kind=word if word in INPUTS else "input", alone=alone, overwrite=overwrite)
    return _told(
        lambda bar: make_inputs(pictures, lambda rgb, _: translated(network, rgb, detail), target, progress=bar), out
    )


def run_pairs(color: str, other: str, out: Path, *, align: str, kind: str, overwrite: bool) -> int:
    """Pairs of two folders, laid over each other. Gives the exit code."""
    how = cast(Alignment, _known(align, ALIGNMENTS, "--align"))
    pairs = matched(find_pictures([color], commands=True), find_pictures([other], commands=True))
    target = Target(folder=out, kind=kind, overwrite=overwrite)
    return _told(lambda bar: join_pairs(pairs, target, how=how, progress=bar), out)


def _told(work: Callable[[Bar], Iterable[Prepared]], out: Path) -> int:
    """Do it: what failed is told on stderr, how many there are too, the folder on stdout."""
    done = failed = skipped = 0
    with Bar() as bar:
        for one in work(bar):
            failed += bool(one.error)
            skipped += one.skipped
            done += bool(one.files)
            if one.error:
                bar.write(f"photochrom: {one.error}", sys.stderr)
    counts = {"prepared": done, "there already": skipped, "failed": failed}
    told = [f"{count} {what}" for what, count in counts.items() if count or what == "prepared"]
    sys.stderr.write(", ".join(told) + "\n")
    if done or skipped:
        sys.stdout.write(f"{out}\n")
    return 1 if failed else 0


def _known(word: str, known: Sequence[str], option: str) -> str:
    if word in known:
        return word
    hint = suggestion(word, known, otherwise=f"choose one of {', '.join(known)}")
    raise UsageError(f"{option} {word!r} isn't known: {hint}")
