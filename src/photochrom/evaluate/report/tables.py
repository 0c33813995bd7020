"""Tables of a report: as rows for a page, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from photochrom.evaluate.report.cells import show
from photochrom.evaluate.summary import METRICS

_SHARES = {"tinted_share", "accuracy", "accuracy_area", "coverage_5", "ece"}  # shown in percent
_DIGITS = {
    "lpips_alex": 4,
    "lpips_vgg": 4,
    "best_of_5_lpips": 4,
    "diversity_5": 4,
    "ssim": 4,
    "ab_mse": 5,
    "edges_kept": 4,
}


def number(name: str, value: float) -> str:
    """With the digits that mean something: 0.2091, 23.06, 42.1 %."""
    if name in _SHARES:
        return f"{100 * value:.1f} %"
    return f"{value:.{_DIGITS.get(name, 2)}f}"


def result_rows(rows: Sequence[Mapping[str, Any]], *, intervals: bool = False) -> list[dict[str, str]]:
    """A line for each row of results.json, every metric that one of them has a column; the order of METRICS."""
    names = [name for name in METRICS if any(name in row["metrics"] for row in rows)]
    lines = []
    for row in rows:
        line = {"Set": str(row["set"])} if "set" in row else {}
        line |= {"Model": row["model"], "n": show(row["n"])}
        for name in names:
            value, ends = row["metrics"].get(name), row["intervals"].get(name) if intervals else None
            cell = "–" if value is None else number(name, value)
            if ends and ends[0] != ends[1]:
                cell += f" ({number(name, ends[0])} to {number(name, ends[1])})"
            line[METRICS[name].label] = cell
        lines.append(line)
    return lines


def vividness_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A line for each row of results.json: the mean chroma of even segments, by what it is in the truth."""
    lines = []
    for row in rows:
        line = {"Set": str(row["set"])} if "set" in row else {}
        line |= {"Model": row["model"]}
        for kind in row["segments"]:
            line[f"Truth {kind['truth_is']}"] = "–" if kind["chroma"] is None else f"{kind['chroma']:.1f}"
        lines.append(line)
    return lines


def meanings(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What each column is, for those that are there."""
    better = {"low": "lower", "high": "higher", "": "–"}
    return [
        {"Metric": metric.label, "In results.json": name, "Better": better[metric.better], "What it is": metric.meaning}
        for name, metric in METRICS.items()
        if any(name in row["metrics"] for row in rows)
    ]


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """A Markdown table, padded so that it reads well as text too; numbers to the right."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [[show(row.get(name)).replace("|", "\\|") for name in names] for row in rows]
    widths = [max(3, len(name), *(len(line[i]) for line in lines)) for i, name in enumerate(names)]
    right = [all(re.fullmatch(r"[-–]|[-\d,.]+( ?%)?( \(.*\))?", line[i]) for line in lines) for i in range(len(names))]

    def joined(cells: Sequence[str]) -> str:
        padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True))
        return "| " + " | ".join(padded) + " |"

    ruler = "|" + "|".join("-" * (w + 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True)) + "|"
    return "\n".join([joined(names), ruler, *(joined(line) for line in lines)]) + "\n"
