"""NetworkSpec: what a model says of itself. Written by the exporter, read by the session, a row of the tables.

It travels as JSON in the metadata of the .onnx file, under METADATA_KEY.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from photochrom.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METADATA_KEY = "photochrom"
FORMAT = 2  # of the JSON; 1 said "head" for `output` and named no inputs
_FORMATS = (1, FORMAT)
Input = Literal["lightness", "intensity", "lab", "hints"]
Output = Literal["distribution", "ab", "lab"]
# What a number of the JSON must lie in: a file beyond it was not exported from a network that colours.
_WHOLE = {"multiple": (1, 1024), "stride": (1, 1024), "work_size": (8, 4096)}
_REAL = {"temperature": (0.01, 10.0), "scale": (1e-3, 1000.0), "gain": (0.1, 10.0)}
_BINS = 2, 4096  # colours of a distribution
_WHOLE_MOST = 10**9  # of any whole number in the JSON; some have hundreds of digits
_FAR = 256.0  # ab units: no colour lies further out


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """What goes into a network, what comes out, and what it was made for.

    domain: the kind of picture, a row of photochrom.domains. recipe: what trained it. licence: of the weights.
    inputs: names of the file's inputs, in order. "lightness" (n,1,h,w) is L* 0..100, "intensity" the same of a picture
    whose brightness is not its lightness; "lab" (n,3,h,w) L* and ab units of a colour picture, for a network that makes
    another kind of picture of it; "hints" (n,3,h,w) holds a and b in ab units, 0 where none is given, and a
    mask of 0 and 1 (Zhang et al., SIGGRAPH 2017).
    output: at 1 / stride of the size, "distribution": logits (n,Q,h,w) over `centres` (Zhang et al., ECCV 2016);
    "ab": a and b (n,2,h,w) in units of `scale`; "lab": the same after a channel of L* 0..100 that the network predicts.
    multiple: both sides of the input are multiples of it, in pixels. work_size: short side it was trained for, pixels.
    centres: (Q,2), a and b of the bins; empty in a table, which only the file itself makes complete.
    temperature: of the annealed mean. scale: ab units to one unit of the output.
    gain: what the centres are stretched by, as the mean of plausible colours is paler than each of them; colours given
    as hints are not stretched. details: what else the file says, which only training reads.

    Raises ModelError, in a sentence, for values that no network of ours could have.
    """

    domain: str = "photo"
    recipe: str = ""
    licence: str = "unspecified"
    inputs: tuple[Input, ...] = ("lightness",)
    output: Output = "distribution"
    multiple: int
    stride: int
    work_size: int = 256
    centres: tuple[tuple[float, float], ...] = field(default=(), repr=False)
    temperature: float = 1.0
    scale: float = 1.0
    gain: float = 1.0
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("domain", "recipe", "licence"):
            _require(isinstance(getattr(self, name), str), name, "text", getattr(self, name))
        _require(self.output in get_args(Output), "output", f"one of {', '.join(get_args(Output))}", self.output)
        plane, *others = self.inputs or ("",)
        known = (plane in ("lightness", "intensity") and others in ([], ["hints"])) or self.inputs == ("lab",)
        _require(known, "inputs", "lightness or intensity, then hints or nothing; or lab", list(self.inputs))
        for name, (low, high) in _WHOLE.items():
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            _require(whole and low <= value <= high, name, f"a whole number in {low}..{high}", value)
        _require(self.multiple % self.stride == 0, "multiple", f"a multiple of the stride {self.stride}", self.multiple)
        for name, (least, most) in _REAL.items():
            value = getattr(self, name)
            _require(_is_real(value) and least <= value <= most, name, f"a number in {least:g}..{most:g}", value)
        if self.centres:
            _require(_BINS[0] <= len(self.centres) <= _BINS[1], "centres", "pairs of a and b", len(self.centres))

    @property
    def hints(self) -> bool:
        """Whether colours that a person gives can be shown to it."""
        return "hints" in self.inputs

    @cached_property
    def colors(self) -> NDArray[np.float32]:
        """(Q,2) float32: a and b of the bins as they are shown, centres times gain."""
        import numpy as np  # the table of models is listed without it

        return np.asarray(self.centres, np.float32).reshape(-1, 2) * np.float32(self.gain)

    def to_metadata(self) -> str:
        """The JSON for the file's metadata."""
        values = {name: getattr(self, name) for name in (f.name for f in fields(self)) if name != "details"}
        if self.output != "distribution":
            for name in ("centres", "temperature", "gain"):
                values.pop(name)
        else:
            values.pop("scale")
        return json.dumps({"format": FORMAT, **values, **self.details})

    @classmethod
    def from_metadata(cls, text: str, *, inputs: Sequence[str] = ()) -> NetworkSpec:
        """Read what to_metadata wrote, or an earlier version did. inputs: the names that the file's graph has.

        Raises ModelError: not JSON, of a later version, incomplete, or at odds with the graph or with reason.
        """
        try:
            meta = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"its metadata is no JSON ({error}): export it again with photochrom") from error
        if not isinstance(meta, dict):
            raise ModelError("its metadata is not an object: export it again with photochrom")
        if (version := meta.pop("format", None)) not in _FORMATS:
            raise ModelError(
                f"its metadata has format {version}, this version reads {_FORMATS[0]} to {FORMAT}: upgrade photochrom"
            )
        if "head" in meta:
            meta["output"] = meta.pop("head")
        meta.setdefault("inputs", list(inputs) or ["lightness"])
        if meta["inputs"] != (list(inputs) or meta["inputs"]):
            raise ModelError(f"its metadata names the inputs {meta['inputs']}, the network has {list(inputs)}")
        wanted = ["domain", "output", "multiple", "stride", "work_size", "recipe", "licence"]
        wanted += ["centres", "temperature"] if meta.get("output") == "distribution" else ["scale"]
        if missing := [name for name in wanted if name not in meta]:
            raise ModelError(f"its metadata is incomplete ({', '.join(missing)}): export it again with photochrom")
        if meta["output"] == "distribution":
            meta["scale"] = 1.0  # of networks that give ab
            meta["centres"] = _pairs(meta["centres"])
        else:
            meta.update(centres=(), temperature=1.0, gain=1.0)
        own = {f.name for f in fields(cls)} - {"details"}
        details = {key: value for key, value in meta.items() if key not in own}
        known = {key: value for key, value in meta.items() if key in own}
        _require(isinstance(known["inputs"], list), "inputs", "a list", known["inputs"])
        return cls(**{**known, "inputs": tuple(known["inputs"])}, details=details)


def _pairs(value: Any) -> tuple[tuple[float, float], ...]:
    fits = isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(_is_real(v) and abs(v) <= _FAR for v in pair)
        for pair in value
    )
    _require(fits and value, "centres", f"pairs of a and b within {_FAR:g}", value)
    return tuple((float(a), float(b)) for a, b in value)


def _is_real(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE_MOST


def _require(fits: object, name: str, what: str, value: object) -> None:
    if not fits:
        got = f"{value!r:.60}" if not isinstance(value, int) or abs(value) < _WHOLE_MOST else "a far larger number"
        raise ModelError(f"its metadata is wrong: {name} must be {what}, got {got}; export it again with photochrom")
