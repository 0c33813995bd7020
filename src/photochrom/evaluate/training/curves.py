"""`photochrom curves RUN`: the curves of a run as PNG, SVG and one HTML file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context

from photochrom.atomic import atomic_write
from photochrom.evaluate.report.html import Page
from photochrom.evaluate.training.history import History, read_history
from photochrom.evaluate.training.plots import draw


def curves(run: Path, out: Path | None = None) -> list[Path]:
    """Write curves.png, curves.svg and curves.html into `out` (default RUN/curves) and give their paths.

    Raises UsageError where `run` is no folder of a run.
    """
    history = read_history(run)
    folder = out or run / "curves"
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(history)
    written = []
    for kind in ("png", "svg"):
        written.append(folder / f"curves.{kind}")
        with atomic_write(written[-1], overwrite=True) as stream, rc_context({"svg.fonttype": "none"}):
            figure.savefig(stream, format=kind, dpi=120, facecolor="white")
    page = Page(f"Training curves of {run.resolve().name}")
    page.text("Blue: training, thin as it came and thick smoothed. Orange: validation. Dotted: what to compare with.")
    page.figure(figure)
    page.table(_summary(history), caption="First, least and last value of each curve")
    warnings = run / "warnings.log"
    if warnings.is_file() and (lines := warnings.read_text(encoding="utf-8").splitlines()):
        page.heading("Warnings of the run")
        page.text("\n\n".join(lines))
    written.append(page.save(folder / "curves.html"))
    return written


def _summary(history: History) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in history.names:
        series = history.get(name) or history.get(name, "step")
        if series is None or not np.isfinite(series.values).any():
            continue
        least = int(np.nanargmin(np.where(np.isfinite(series.values), series.values, np.nan)))
        rows.append(
            {
                "value": name,
                "first": float(series.values[0]),
                "least": float(series.values[least]),
                "at step": int(series.steps[least]),
                "last": float(series.values[-1]),
            }
        )
    return rows
