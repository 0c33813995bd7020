"""`photochrom explain PICTURE --run RUN`: how colour came as the network learned, by the checkpoints of its training.

Each checkpoint is exported as `photochrom export` does, so that the picture goes the one road that all pictures go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

import photochrom
from photochrom.errors import UsageError
from photochrom.evaluate.training.history import History, read_history
from photochrom.explain.command import Order, write
from photochrom.explain.drawing import Rgb, chroma_plane
from photochrom.explain.emerging import fitted, paired
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject, subject_of
from photochrom.progress import Bar
from photochrom.settings import Settings
from photochrom.sheet import montage
from photochrom.train.export import export
from photochrom.train.methods.load import read_checkpoint

SHOWN = 12  # checkpoints at most, evenly chosen, the first and the last among them


class Checkpoint(NamedTuple):
    """The weights after so many epochs."""

    epoch: int
    path: Path


class Painted(NamedTuple):
    """The picture by one checkpoint: (H,W,3) in colour, (H,W,3) its colours alone, their mean chroma in ab units."""

    label: str
    colored: Rgb
    plane: Rgb
    chroma: float


def explain_run(run: Path, order: Order, settings: Settings) -> int:
    """The page of explain_with() for a run's last network, with how it learned before it; gives the exit code.

    Raises UsageError for a folder that is no run, or keeps the weights of one epoch alone.
    """
    history, chosen = read_history(run), _spread(checkpoints_of(run))
    with TemporaryDirectory(prefix="photochrom-") as folder:
        painted: list[Painted] = []
        with Bar() as bar:
            for done, checkpoint in enumerate(chosen):
                bar("colouring by each checkpoint", done, len(chosen))
                file = Path(folder) / f"{run.resolve().name}-epoch-{checkpoint.epoch:04d}.onnx"
                export(checkpoint.path, file)
                subject = subject_of(photochrom.load_model(file), order.photo, settings, order.points)
                painted.append(_painted(subject, checkpoint.epoch, history))
        return write(subject, order, before=growing(subject.grey, painted))


def checkpoints_of(run: Path) -> list[Checkpoint]:
    """Those of different epochs that a run kept, in their order. Raises UsageError for fewer than two."""
    found = {read_checkpoint(path).epoch: path for path in sorted((run / "checkpoints").glob("*.ckpt"))}
    if len(found) < 2:
        raise UsageError(
            f"{run} keeps the weights of {'one epoch alone' if found else 'no epoch'}, so nothing is seen to grow: "
            "train with --keep-every 1"
        )
    return [Checkpoint(epoch, found[epoch]) for epoch in sorted(found)]


def growing(grey: Rgb, painted: Sequence[Painted]) -> Iterator[Figure]:
    """The picture by each checkpoint side by side, and as an animation that begins with the grey one."""
    yield Figure(
        "training",
        "From its first epoch to its last",
        "The same picture by the same network, with the weights that it had after so many epochs, which are rounds "
        "through its training pictures; below, the colours alone. A network that has hardly begun paints everything in "
        "one pale tone, the mean of all colours, which errs least where nothing is known. What nearly always has the "
        "same colour usually comes first, sky, grass and skin; things that may have any colour come last, or never. "
        "Chroma is the mean colourfulness in ab units, val/loss the error on pictures that it never learned from: "
        "where that rises again while chroma goes on changing, the network learns its training pictures by heart.",
        montage(
            paired([(one.label, one.colored) for one in painted], [(_chroma(one), one.plane) for one in painted]),
            columns=min(4, max(2, len(painted))),
            wide=300,
        ),
        chapter="How the network learned",
    )
    frames = tuple(fitted(picture) for picture in (grey, *(one.colored for one in painted)))
    yield Figure(
        "training-animation",
        "The same, moving",
        f"From the grey picture through {', '.join(one.label for one in painted)}.",
        frames[-1],
        frames=frames,
    )


def _painted(subject: Subject, epoch: int, history: History) -> Painted:
    loss = history.at_epoch("val/loss", epoch - 1)
    label = f"epoch {epoch}" if loss is None else f"epoch {epoch}: val/loss {loss:.3g}"
    rows, columns = subject.inside
    plane = chroma_plane(subject.chroma, (columns.stop - columns.start, rows.stop - rows.start))
    chroma = float(np.hypot(subject.chroma[..., 0], subject.chroma[..., 1]).mean())
    return Painted(label, subject.colored, plane, chroma)


def _chroma(painted: Painted) -> str:
    return f"chroma {painted.chroma:.1f}"


def _spread(found: Sequence[Checkpoint]) -> list[Checkpoint]:
    if len(found) <= SHOWN:
        return list(found)
    return [found[round(i * (len(found) - 1) / (SHOWN - 1))] for i in range(SHOWN)]
