"""Time stamps that rise, of a stream whose own may be missing, repeat or run backwards."""

from __future__ import annotations

from fractions import Fraction

_JUMP = 0.5  # seconds: by so much time only goes backwards where films were put together, and goes on from there


class Rising:
    """Takes the time stamps of a stream one after the other, in units of `unit` seconds.

    first: of a stream that begins without one. step: usual distance of two.
    """

    def __init__(self, unit: Fraction, *, first: int = 0, step: int = 1) -> None:
        self._jump = _JUMP / float(unit)
        self._first, self._step = first, step
        self._last: int | None = None
        self._shift = 0

    def next(self, time: int | None, *, step: int = 0) -> tuple[int, bool]:
        """The time stamp that stands for `time`, and whether it is another. Those in order stay as they are.

        step: distance from the one before, if it is another; 0 for the usual.
        """
        step = step or self._step
        if self._last is None:
            self._last = self._first if time is None else time
            return self._last, time is None
        if time is None:
            self._last += step
            return self._last, True
        if time + self._shift < self._last - self._jump:
            self._shift = self._last + step - time
        mended = time + self._shift
        self._last = mended if mended > self._last else self._last + step
        return self._last, self._last != time
