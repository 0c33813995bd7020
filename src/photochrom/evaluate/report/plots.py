"""The plots of a report, as matplotlib figures without any global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from photochrom.evaluate.arrays import Columns
from photochrom.evaluate.metrics.calibration import STEPS
from photochrom.evaluate.summary import METRICS
from photochrom.prediction import NEAR

_COLORS = ("#0b6e99", "#c8553d", "#5b8c5a", "#8e5572", "#b08900", "#4f5d75", "#2a9d8f", "#7b2d26")


def spread_figure(columns: Mapping[str, Columns]) -> Figure:
    """One small plot for each metric that every picture has: the quartiles and the 5 % ends of each row's pictures."""
    rows = [row for row in columns if row != "truth"]
    names = [name for name in METRICS if any(name in columns[row] for row in rows)]
    wide = min(3, len(names))
    high = -(-len(names) // wide)
    figure = Figure(figsize=(4.2 * wide, (0.9 + 0.34 * len(rows)) * high), layout="constrained")
    axes = figure.subplots(high, wide, squeeze=False).ravel()
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    for ax, name in zip(axes, names, strict=False):
        shown = ["truth", *rows[::-1]] if name == "colorfulness" else rows[::-1]
        shown = [row for row in shown if name in columns[row]]
        boxes = ax.boxplot(
            [np.asarray(columns[row][name], np.float64) for row in shown],
            orientation="horizontal",
            whis=(5, 95),
            widths=0.6,
            showfliers=False,
            patch_artist=True,
            medianprops={"color": "white", "linewidth": 1.6},
        )
        for box, row in zip(boxes["boxes"], shown, strict=True):
            box.set(facecolor=_color(row, rows), edgecolor="none")
        ax.set_yticks(range(1, len(shown) + 1), shown)
        ax.set_ylim(0.4, max(len(shown), len(rows)) + 0.6)  # boxes are equally high in all plots
        arrow = {"low": " (lower is better)", "high": " (higher is better)", "": ""}[METRICS[name].better]
        ax.set_title(METRICS[name].label + arrow, fontsize=10)
        _plain(ax)
    return figure


def distance_figure(rows: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Bars of the Frechet distances with their intervals; None if there are none."""
    names = [n for n in ("fid", "fid_torchvision", "fd_dinov2") if any(n in row["metrics"] for row in rows)]
    shown = [row for row in rows if row["model"] != "truth"][::-1]
    if not names:
        return None
    figure = Figure(figsize=(4.2 * len(names), 0.9 + 0.34 * len(shown)), layout="constrained")
    models = [row["model"] for row in shown]
    for ax, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        values = np.array([row["metrics"].get(name, np.nan) for row in shown])
        ends = np.array([row["intervals"].get(name, (v, v)) for row, v in zip(shown, values, strict=True)])
        errors = np.abs(ends.T - values)
        colors = [_color(model, models[::-1]) for model in models]
        ax.barh(models, values, xerr=errors, color=colors, height=0.6, error_kw={"ecolor": "#333", "lw": 1})
        for y, (value, error) in enumerate(zip(values, errors[1], strict=True)):
            ax.annotate(f"{value:.2f}", (value + error, y), (4, 0), textcoords="offset points", va="center", fontsize=9)
        ax.margins(x=0.15)
        ax.set_title(f"{METRICS[name].label} (lower is better)", fontsize=10)
        _plain(ax)
    return figure


def reliability_figure(columns: Mapping[str, Columns]) -> Figure | None:
    """Per row that has a distribution: how often the colour is right, against how sure the network was of it."""
    rows = [row for row in columns if "reliability" in columns[row]]
    if not rows:
        return None
    figure = Figure(figsize=(5, 4.4), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color="#999", lw=1, ls="--", label="honest")
    models = [row for row in columns if row != "truth"]
    for row in rows:
        n, said, right = np.asarray(columns[row]["reliability"], np.float64).sum(axis=0).T
        used = n > 0
        ax.plot(said[used] / n[used], right[used] / n[used], color=_color(row, models), lw=1.2, label=row)
        ax.scatter(
            said[used] / n[used], right[used] / n[used], s=8 + 400 * n[used] / n.sum(), color=_color(row, models), lw=0
        )
    ax.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="confidence of the network",
        ylabel=f"share of places within {NEAR:g} ab units",
        title=f"Calibration in {STEPS} steps (area of a dot: number of places)",
    )
    ax.title.set_fontsize(10)
    ax.legend(frameon=False, loc="upper left")
    _plain(ax)
    return figure


def _color(row: str, rows: Sequence[str]) -> str:
    if row in ("grey", "truth", "truth-jpeg"):
        return {"grey": "#9a9a9a", "truth": "#222222", "truth-jpeg": "#bdb76b"}[row]
    models = [name for name in rows if name not in ("grey", "truth", "truth-jpeg")]
    return _COLORS[models.index(row) % len(_COLORS)]


def _plain(ax: Any) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9)
