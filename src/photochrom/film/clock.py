"""Times as people write them."""

from __future__ import annotations

import re

from photochrom.errors import UsageError


def seconds_of(text: str) -> float:
    """Seconds of "83.5", "1:23.5" or "0:01:23.5". Raises UsageError."""
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)", text.strip())
    if match is None:
        raise UsageError(f"a time is given as seconds, 1:23 or 1:02:03.5, got {text!r}")
    hours, minutes, rest = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest)


def clock(seconds: float) -> str:
    """A time as "1:02:03.5", the hours left out where there are none."""
    whole, tenth = divmod(round(max(0.0, seconds) * 10), 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    head = f"{hours}:{minute:02d}" if hours else f"{minute}"
    return f"{head}:{second:02d}.{tenth}"
