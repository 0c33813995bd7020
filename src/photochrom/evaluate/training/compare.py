"""`photochrom compare RUN_A RUN_B`: curves, scores, settings and pictures of several runs, as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from photochrom.errors import UsageError
from photochrom.evaluate.report.html import Page
from photochrom.evaluate.training.compare_plots import accuracy_figure, curves_figure
from photochrom.evaluate.training.nearness import (
    AbErrors,
    in_color,
    in_grey,
    keras_accuracy_of_one_tone,
    predicted_ab,
    true_ab,
    validation_squares,
    work_device,
)
from photochrom.evaluate.training.past_runs import Run, differences, facts_of, read_run
from photochrom.sheet import LEGIBLE, contact_sheet
from photochrom.train.methods import ColorMethod, load_method

SHOWN = 8  # pictures on the sheet
ABOUT_ACCURACY = (
    "Accuracy is the share of pixels whose predicted colour lies within a radius of the true one, measured in the ab "
    "plane of CIE Lab: the tables give it for a radius of 10. The area under that curve from 0 to 150, divided by 150, "
    "sums all radii up; 1 is perfect. Both follow Zhang et al., ECCV 2016. An area near 0.9 is no feat: many pixels of "
    "photographs are nearly grey, so the row of the grey picture is what to compare with."
)
ABOUT_KERAS = (
    'What Keras prints as "accuracy" for such networks is not used. With two output channels it means categorical '
    "accuracy: whether the larger of a and b is the same one in the prediction as in the truth, however far off the "
    "colours are. On these pictures a network that paints everything in one and the same yellowish tone would be "
    "{share:.0%} accurate by it."
)


def compare(
    runs: Sequence[Path],
    out: Path,
    *,
    data: Sequence[str | Path] = (),
    count: int = 64,
    monitor: str = "val/loss",
    load: Callable[[Path], ColorMethod] = load_method,
) -> Path:
    """Write the report of two or more runs.

    data: pictures to colour, by default those the first run was trained on. All networks see the same `count`
    validation pictures of the first run's split, each at the size that it was trained at, and are scored at the largest
    of those sizes. load: gives the trained network of a run's folder.

    Raises UsageError where a folder is no run or the pictures aren't to be found.
    """
    if len(runs) < 2:
        raise UsageError(f"a comparison needs two runs or more, got {len(runs)}: name their folders")
    compared = [read_run(folder, name) for folder, name in zip(runs, _names(runs), strict=True)]
    first = compared[0]
    size = max(run.recipe.data.size for run in compared)
    squares = validation_squares(
        data or _data_of(first),
        size=size,
        share=first.recipe.data.validation,
        limit=0 if data else first.recipe.data.limit,
        count=count,
        commands=bool(data),  # a run's files may be somebody else's
    )
    methods = [load(run.folder) for run in compared]
    device = work_device(methods)
    errors = {name: AbErrors() for name in ["grey", *(run.name for run in compared)]}
    of_truth = AbErrors()
    rows, truths = [], []
    for square in squares:
        truth = true_ab(square)
        errors["grey"].add(np.zeros_like(truth), truth)
        of_truth.add(truth, truth)
        row = [in_grey(square)]
        for run, method in zip(compared, methods, strict=True):
            ab = predicted_ab(method, square, run.recipe.data.size, device)
            errors[run.name].add(ab, truth)
            row.append(in_color(square, ab))
        truths.append(truth)
        rows.append([*row, square])

    page = Page(f"Comparison of {_listed([run.name for run in compared])}")
    page.text(
        f"{len(squares)} validation pictures at {size} px; each network worked at the size that it was trained at."
    )
    page.heading("Scores on the same pictures")
    page.table([{"": name, **of_row.scores()} for name, of_row in [*errors.items(), ("truth", of_truth)]])
    page.text(f"{ABOUT_ACCURACY}\n\n{ABOUT_KERAS.format(share=keras_accuracy_of_one_tone(truths))}")
    page.figure(accuracy_figure(errors), "Share of pixels whose ab error is under a radius; at the right up to 150")
    page.heading("Side by side")
    page.picture(
        contact_sheet(rows[:SHOWN], [*errors, "truth"], least=LEGIBLE),
        "Validation pictures",
    )
    page.heading("Curves")
    page.figure(curves_figure(compared), "By epoch: validation solid, training dashed")
    page.heading("What each run logged at its best")
    page.table([_best_row(run, monitor) for run in compared], caption=f"The epoch in which {monitor} was best")
    page.heading("Settings that differ")
    differing = differences([run.recipe.flat() for run in compared], [run.name for run in compared])
    page.table(differing) if differing else page.text("None: the recipes are the same, key for key.")
    page.heading("The runs")
    page.table([{"run": run.name, "folder": str(run.folder), **facts_of(run)} for run in compared])
    return page.save(out)


def _names(folders: Sequence[Path]) -> list[str]:
    """The folders' own names, or as much of their paths as tells them apart."""
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise UsageError("a run was named twice: name different folders")
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    common = os.path.commonpath(paths)
    return [os.path.relpath(path, common) for path in paths]


def _data_of(run: Run) -> list[str]:
    places = run.facts.get("data", {}).get("places", [])
    if not places:
        raise UsageError(f"{run.folder}/run.json doesn't say what it was trained on: name pictures with --data")
    return [str(place) for place in places]


def _best_row(run: Run, monitor: str) -> dict[str, object]:
    best = run.history.best_epoch(monitor)
    if best is None:
        return {"run": run.name}
    names = [name for name in run.history.names if name.startswith("val/")]
    return {"run": run.name, "epoch": best + 1, **{name: run.history.at_epoch(name, best) for name in names}}


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
