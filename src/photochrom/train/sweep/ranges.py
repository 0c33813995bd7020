"""What a sweep varies: "optimiser.rate=1e-5..1e-2", "train.batch=8,16,32"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from photochrom.errors import UsageError

if TYPE_CHECKING:
    import optuna

_LOG_FROM = 100.0  # a range that spans this factor is drawn evenly over its orders of magnitude


@dataclass(frozen=True)
class Range:
    """A key of the recipe and what it may be: from low to high, whole numbers or not, or one of `choices`."""

    key: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that have to be possible."""
        return self.choices or ((int(self.low), int(self.high)) if self.whole else (self.low, self.high))

    def suggest(self, trial: optuna.Trial) -> Any:
        if self.choices:
            return trial.suggest_categorical(self.key, self.choices)
        if self.whole:
            return trial.suggest_int(self.key, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, log=self.log)

    def setting(self, value: Any) -> str:
        """As what follows --set."""
        return f"{self.key}={json.dumps(value)}"

    def __str__(self) -> str:
        if self.choices:
            return f"{self.key}={','.join(json.dumps(c) for c in self.choices)}"
        low, high = self.ends
        return f"{self.key}={low}..{high}:{'log' if self.log else 'linear'}"


def parse_range(text: str) -> Range:
    """section.key=LOW..HIGH, with :log or :linear behind it, or section.key=A,B,C.

    Without :log or :linear, a range over a factor of 100 or more is logarithmic. Raises UsageError.
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not key or not equals or not value:
        raise UsageError(f"--set-range {text!r} can't be read: write section.key=LOW..HIGH or section.key=A,B,C")
    if ".." not in value:
        choices = tuple(_value(part) for part in value.split(","))
        if len(choices) < 2:
            raise UsageError(f"--set-range {text!r} names one value only: use --set, or give a range LOW..HIGH")
        return Range(key, choices=choices)
    span, _, scale = value.partition(":")
    ends = [_value(part) for part in span.split("..", 1)]
    if scale not in ("", "log", "linear") or not all(isinstance(end, (int, float)) for end in ends):
        raise UsageError(f"--set-range {text!r} can't be read: write it as optimiser.rate=1e-5..1e-2:log")
    low, high = ends
    if not low < high:
        raise UsageError(f"--set-range {text!r} is empty: the first number has to be the smaller one")
    if scale == "log" and low <= 0:
        raise UsageError(f"--set-range {text!r} can't be logarithmic: it has to begin above 0")
    log = scale == "log" or (scale == "" and low > 0 and high / low >= _LOG_FROM)
    return Range(key, float(low), float(high), log, whole=isinstance(low, int) and isinstance(high, int))


def _value(text: str) -> Any:
    text = text.strip()
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return float(text)  # 1e-5 without a dot, .5
    except ValueError:
        return text
