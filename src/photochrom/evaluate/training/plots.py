"""The plot of a run: a panel for each loss or score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from photochrom.evaluate.training.history import Floats, History

TRAIN, VALIDATION, REFERENCE = "#1b6ca8", "#c4501b", "#6d6d6d"
_SMOOTH_FROM = 60  # points of a curve by the step, from which a moving mean is drawn over them
_PER_STEP = 2000  # points of it that are drawn; more would only make the SVG larger
_TITLES = {
    "loss": "loss",
    "pixel": "pixel loss",
    "ab_error": "ab error (mean distance, ab units)",
    "accuracy": "accuracy (share of pixels with ab error under 10)",
    "accuracy_area": "accuracy area (0..150)",
    "colorfulness": "colourfulness",
    "diversity": "diversity of mean colours (ab units)",
    "ab_mse": "mean squared error of ab/128",
    "rate": "learning rate",
}


@dataclass
class Panel:
    """What is drawn into one pair of axes: label -> logged name, and the names that are there to compare with."""

    title: str
    train: dict[str, str] = field(default_factory=dict)
    validation: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)


def panels(names: Sequence[str]) -> list[Panel]:
    """The panels for what was logged: train and val of one thing together, losses first."""
    by_key: dict[str, Panel] = {}
    # A GAN validates by its pixel loss; beside the weighted total of training it would mislead.
    judged_by = "pixel" if {"train/generator", "train/pixel"} <= set(names) else "loss"

    alternating = "train/discriminator_rate" in names

    def panel(key: str) -> Panel:
        return by_key.setdefault(key, Panel(_TITLES.get(key, key.replace("_", " "))))

    for name in sorted(names, key=lambda name: name.endswith("_fake")):  # real, then fake
        side, slash, thing = name.partition("/")
        if name.startswith("lr-"):
            panel("rate").train[name.removeprefix("lr-")] = name
        elif name in ("train/rate", "train/discriminator_rate"):
            of = "discriminator" if "discriminator" in name else "generator" if alternating else "train"
            panel("rate").train[of] = name
        elif not slash or side not in ("train", "val"):
            continue
        elif side == "val" and thing.endswith(("_truth", "_grey")):
            base, _, what = thing.rpartition("_")
            panel(base).references[what] = name
        elif thing.startswith("discriminator_"):
            kept = panel("discriminator")
            (kept.train if side == "train" else kept.validation)[thing.removeprefix("discriminator_")] = name
        else:
            kept = panel(judged_by if name == "val/loss" else thing)
            (kept.train if side == "train" else kept.validation)["train" if side == "train" else "validation"] = name
    # The loss first, the rate last, what only validation has before it; else in the order in which they were logged.
    order = sorted(by_key, key=lambda key: (key != "loss", key == "rate", not by_key[key].train))
    return [by_key[key] for key in order]


def draw(history: History) -> Figure:
    """All panels of a run as one figure, over steps."""
    shown = panels(history.names)
    columns = min(3, max(1, len(shown)))
    rows = math.ceil(len(shown) / columns)
    with rc_context({"font.size": 9, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4.6 * columns, 3.1 * rows), layout="constrained")
        for n, panel in enumerate(shown):
            _draw_panel(figure.add_subplot(rows, columns, n + 1), panel, history)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, not once for each file
    return figure


def _draw_panel(axes: Axes, panel: Panel, history: History) -> None:
    last = max(float(series.steps[-1]) for series in history.series.values())
    axes.set_xlim(-0.02 * last, 1.02 * last)
    for n, (label, name) in enumerate(panel.train.items()):
        style = ("-", (0, (4, 1.5)), (0, (1, 1)))[n % 3]
        by_step, by_epoch = history.get(name, "step"), history.get(name, "epoch")
        many = by_step is not None and len(by_step.values) >= _SMOOTH_FROM
        if by_step is not None:
            x, y = thinned(by_step.steps, by_step.values)
            axes.plot(x, y, color=TRAIN, lw=0.7 if many else 1.4, alpha=0.3 if many else 1, ls="-" if many else style,
                      label=None if many else label, marker="o" if len(y) == 1 else None, ms=4)  # fmt: skip
            if many:
                x, y = thinned(by_step.steps, smoothed(by_step.values))
                axes.plot(x, y, color=TRAIN, lw=1.6, ls=style, label=label)
        elif by_epoch is not None:
            axes.plot(by_epoch.steps, by_epoch.values, color=TRAIN, lw=1.6, ls=style, marker="o", ms=3, label=label)
    for label, name in panel.validation.items():
        series = history.get(name)
        if series is not None:
            axes.plot(series.steps, series.values, color=VALIDATION, lw=1.6, marker="o", ms=3, label=label)
    for label, name in panel.references.items():
        series = history.get(name)
        if series is not None:
            axes.plot(series.steps, series.values, color=REFERENCE, lw=1.2, ls=":", label=label)
            if len(series.values) == 1:
                axes.axhline(float(series.values[0]), color=REFERENCE, lw=1.2, ls=":")
    finish(axes, panel.title, "step", log=bool(panel.train))


def finish(axes: Axes, title: str, across: str, *, log: bool = False) -> None:
    """Title, grid, and if `log` a logarithmic axis where the values span more than a factor of 50."""
    axes.set_title(title, loc="left")
    axes.set_xlabel(across)
    axes.grid(True, color="#e4e4e4", lw=0.6)
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.lines] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if log and len(values) and values.min() > 0 and values.max() > 50 * values.min():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    if len([line for line in axes.lines if not str(line.get_label()).startswith("_")]) > 0:
        axes.legend(frameon=False, fontsize=8)


def smoothed(values: Floats) -> Floats:
    """Centred moving mean over a fiftieth of the curve; at the ends over what there is. NaN stays out of it."""
    width = max(5, len(values) // 50)
    kernel = np.ones(width)
    there = np.isfinite(values)
    sums = np.convolve(np.where(there, values, 0.0), kernel, "same")
    counts = np.convolve(there.astype(float), kernel, "same")
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most _PER_STEP points, the last among them."""
    stride = max(1, math.ceil(len(x) / _PER_STEP))
    keep = np.unique(np.r_[np.arange(0, len(x), stride), len(x) - 1])
    return x[keep], y[keep]
