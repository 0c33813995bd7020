"""What the Markdown and the HTML of a report both say."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from photochrom.domains.table import find_domain
from photochrom.evaluate.painters import JpegPainter, Painter
from photochrom.evaluate.report import plots
from photochrom.evaluate.run import Evaluation

SHOWN = 12  # pictures on the contact sheet
_FEW_NAMES = 20  # of pictures that were left out


def about(evaluation: Evaluation) -> str:
    """What was measured, in plain text; an empty line begins a new paragraph."""
    data = evaluation.results["data"]
    sets = ", ".join(f"{kind} {n:,}" for kind, n in data["sets"].items())
    text = f"{data['n']:,} pictures ({sets}), the centre square of each at {evaluation.settings.size} px. "
    if find_domain(evaluation.settings.domain).keeps_lightness:
        text += (
            "Every model is given the lightness of the truth and nothing else. The row grey has no colour at all, "
            "truth-jpeg is the truth through JPEG of quality 90."
        )
    else:
        text += (
            f"Every model is given the input of each pair ({evaluation.settings.domain}), and says how bright things "
            "are as well as what colour they have; models of photographs keep the input's brightness. The row input is "
            "that input itself."
        )
    left_out = data["left_out"]
    if left_out:
        names = ", ".join(f"{row['set']}/{row['name']}" for row in left_out[:_FEW_NAMES])
        more = f" and {len(left_out) - _FEW_NAMES} more" if len(left_out) > _FEW_NAMES else ""
        text += f"\n\n{len(left_out):,} pictures were left out (not readable, or without colour): {names}{more}."
    return text


def sheet_columns(evaluation: Evaluation) -> list[Painter]:
    """The painters of a contact sheet: all but the JPEG, which nobody can tell from the truth."""
    return [painter for painter in evaluation.numbers.painters if not isinstance(painter, JpegPainter)]


def figures(evaluation: Evaluation) -> list[tuple[Figure, str]]:
    """The plots that there are numbers for, with their captions: spread, distances, calibration."""
    drawn = [
        (
            plots.spread_figure(evaluation.numbers.columns),
            "Each metric over the pictures: quartiles, and whiskers from 5 % to 95 % of them.",
        ),
        (plots.distance_figure(evaluation.results["rows"]), "Frechet distances and their 95 % intervals."),
        (plots.reliability_figure(evaluation.numbers.columns), "Is the network right as often as it says?"),
    ]
    return [(figure, caption) for figure, caption in drawn if figure is not None]


def origin(r: dict[str, Any]) -> list[tuple[str, str]]:
    """What somebody needs to get the results `r` again: command, digests, versions, hardware."""
    models = [(f"model {row['model']}", f"SHA-256 {row['sha256']}") for row in r["rows"] if "sha256" in row]
    return [
        ("command", f"`{r['command']}`" if r["command"] else "–"),
        ("data", f"SHA-256 {r['data']['sha256']}"),
        *models,
        *((f"weights {name}", f"SHA-256 {digest}") for name, digest in r["metric_weights"].items()),
        ("versions", ", ".join(f"{k} {v}" for k, v in r["versions"].items())),
        ("hardware", ", ".join(f"{k} {v}" for k, v in r["hardware"].items())),
        ("begun", f"{r['started']}, {r['seconds']:,} s"),
    ]


def vividness(r: dict[str, Any]) -> str:
    """What stands under the table of even segments."""
    counts = ", ".join(f"{kind['segments']:,} {kind['truth_is']}" for kind in r["rows"][-1]["segments"])
    return (
        "Mean chroma, in ab units, of the segments of all pictures that have one colour in the truth, by the chroma "
        f"that they have there ({counts}). The row truth says what it should be."
    )
