"""The plots of a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib import colormaps
from matplotlib.figure import Figure

from photochrom.evaluate.training.nearness import RADII, AbErrors
from photochrom.evaluate.training.past_runs import Run
from photochrom.evaluate.training.plots import finish

_SCALARS = ("loss", "ab_error", "accuracy", "accuracy_area", "ab_mse", "colorfulness", "diversity")


def accuracy_figure(errors: Mapping[str, AbErrors]) -> Figure:
    """Accuracy over the radius, for small ones and for all."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    close, whole = figure.subplots(1, 2)
    for n, (name, of_row) in enumerate(errors.items()):
        color = "#6d6d6d" if name == "grey" else _color(n - 1)
        for axes in (close, whole):
            axes.plot(RADII, of_row.curve, color=color, ls=":" if name == "grey" else "-", lw=1.6, label=name)
    finish(close, "accuracy, small radii", "radius (ab units)")
    finish(whole, "accuracy, 0..150", "radius (ab units)")
    close.set_xlim(0, 30)
    whole.set_xlim(0, 150)
    for axes in (close, whole):
        axes.set_ylim(0, 1)
    return figure


def curves_figure(runs: Sequence[Run]) -> Figure:
    """A panel for each score that the runs logged, by epoch."""
    logged = {name for run in runs for name in run.history.names}
    shown = [thing for thing in _SCALARS if f"val/{thing}" in logged] or ["loss"]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.0 * rows), layout="constrained")
    for n, thing in enumerate(shown):
        axes = figure.add_subplot(rows, columns, n + 1)
        for i, run in enumerate(runs):
            # A GAN's total is no match for what it validates by, its pixel loss.
            gan = "train/generator" in run.history.names
            for side, style in (("val", "-"), ("train", "--")):
                same = "pixel" if gan and (side, thing) == ("train", "loss") else thing
                series = run.history.get(f"{side}/{same}")
                if series is not None:
                    label = run.name if side == "val" else None
                    axes.plot(
                        series.epochs + 1, series.values, color=_color(i), ls=style, marker="o", ms=3, label=label
                    )
        finish(axes, thing.replace("_", " "), "epoch", log=thing == "loss")
    return figure


def _color(n: int) -> tuple[float, float, float, float]:
    return colormaps["tab10"](n % 10)
