"""The plots of a benchmark, as matplotlib figures that no window is opened for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

_OURS, _PEER, _TORCH = "#b3541e", "#4c6a92", 0.45  # colours, and how light a torch bar is
_STEPS = {"decode": "#9aa5b1", "predict": "#b3541e", "render": "#e0894f", "encode": "#6b7785"}


def figures(results: Mapping[str, Any]) -> dict[str, Figure]:
    """Name -> figure, of those that there are numbers for."""
    drawn = {"networks": _networks(results["networks"]), "road": _road(results["road"])}
    if len({row["threads"] for row in results["threads"]}) > 1:
        drawn["threads"] = _threads(results["threads"])
    return drawn


def _networks(rows: list[dict[str, Any]]) -> Figure:
    """A panel for each size: bars from the fastest to the slowest, their spread, time on a logarithmic axis."""
    sizes = sorted({row["size"] for row in rows})
    figure = Figure(figsize=(5.2 * len(sizes), 0.9 + 0.32 * len(rows) / len(sizes)), layout="constrained")
    for n, size in enumerate(sizes):
        axis = figure.add_subplot(1, len(sizes), n + 1)
        here = sorted((row for row in rows if row["size"] == size), key=lambda row: -row["ms"]["median"])
        for place, row in enumerate(here):
            ms = row["ms"]
            axis.barh(
                place,
                ms["median"],
                color=_OURS if row["ours"] else _PEER,
                alpha=_TORCH if row["runtime"] == "torch" else 1,
                xerr=[[ms["median"] - ms["min"]], [ms["max"] - ms["median"]]],
                error_kw={"ecolor": "#444", "elinewidth": 0.8},
            )
            axis.annotate(f" {ms['median']:.0f} ms", (ms["max"], place), va="center", fontsize=8)
        axis.set_yticks(range(len(here)), [f"{row['model']}, {row['runtime']}" for row in here], fontsize=8)
        axis.set_xscale("log")
        axis.set_xlim(min(row["ms"]["min"] for row in here) / 3, 4 * max(row["ms"]["max"] for row in here))
        axis.set_title(f"{size} x {size}", fontsize=10)
        axis.set_xlabel("ms a picture (logarithmic)", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def _threads(rows: list[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axis = figure.add_subplot()
    for name in dict.fromkeys(row["model"] for row in rows):
        here = [row for row in rows if row["model"] == name]
        axis.plot([row["threads"] for row in here], [row["speedup"]["median"] for row in here], "o-", label=name)
    counts = sorted({row["threads"] for row in rows})
    axis.plot(counts, [n / counts[0] for n in counts], ":", color="#888", label="as many times as threads")
    axis.set_xticks(counts)
    axis.set_xlabel("threads", fontsize=8)
    axis.set_ylabel("times faster", fontsize=8)
    axis.legend(fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def _road(rows: list[dict[str, Any]]) -> Figure:
    """For each size of file the floor, and the road's steps on top of each other; each size on its own scale."""
    figure = Figure(figsize=(2.4 * len(rows), 3.2), layout="constrained")
    for n, row in enumerate(rows):
        axis = figure.add_subplot(1, len(rows), n + 1)
        seconds = {name: values["median"] for name, values in row["seconds"].items()}
        axis.bar(0, seconds["floor"], color="#c9cdd2", label="decode + encode alone")
        height = 0.0
        for name, color in _STEPS.items():
            axis.bar(1, seconds[name], bottom=height, color=color, label=name)
            height += seconds[name]
        axis.set_xticks([0, 1], ["floor", "road"], fontsize=8)
        axis.set_title(f"{row['megapixels']:g} MP: {row['ratio']['median']:.2f} times", fontsize=9)
        axis.set_ylabel("seconds", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        if n == 0:
            figure.legend(
                *axis.get_legend_handles_labels(),
                loc="outside lower center",
                ncols=6 if len(rows) > 3 else 2,
                fontsize=7,
            )
    return figure
