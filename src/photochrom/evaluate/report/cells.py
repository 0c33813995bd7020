"""How a value is shown in a table."""

from __future__ import annotations

import numpy as np


def show(value: object) -> str:
    """A cell: floats with four significant digits, whole numbers with their thousands apart, None as a dash."""
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"
    return str(value)


def is_number(value: object) -> bool:
    """True for what goes to the right of its column: numbers, and None where there is none."""
    return value is None or (isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool))
