"""A first guess, by simple rules, at what went wrong with a coloured picture; a person has the last word."""

from __future__ import annotations

from collections.abc import Mapping

from photochrom.evaluate.metrics.picture import TINTED

KINDS = {
    "grey": "much less colour than the truth has",
    "tint": "one wrong tone over the whole picture",
    "bleed": "wrong mostly along the borders between colours",
    "wrong object colour": "something large has another colour",
    "slight": "none of these",
}


def classify(values: Mapping[str, float], truth_colorfulness: float) -> str:
    """One of KINDS, from what metrics.measure found for the picture and the colourfulness of its truth.

    In this order: grey, where the truth is in colour and the picture has under 45 % of it; tint, where the picture's
    mean is off by more than 12 ab units and that shift explains half of the squared error; bleed, where pixels near
    the truth's colour edges err twice as much as the others; wrong object colour, where 5 % of the picture errs by
    more than 36 units or the mean error is over 12.
    """
    if truth_colorfulness >= 15 and values["colorfulness"] < 0.45 * truth_colorfulness:
        return "grey"
    if values["tint_distance"] > TINTED and values["shift_share"] > 0.5:
        return "tint"
    if values["edge_error"] > max(TINTED, 2 * values["flat_error"]):
        return "bleed"
    if values["worst_area"] > 0.05 or values["ab_error"] > TINTED:
        return "wrong object colour"
    return "slight"
