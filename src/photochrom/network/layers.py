"""What the layers of a network answer to a picture: their outputs, by further outputs of the shipped graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import ModelError
from photochrom.network.graph import Node, nodes_of, with_outputs
from photochrom.network.models import ModelInfo

if TYPE_CHECKING:
    import onnxruntime

_PROBE = 128  # px of the plain picture by which the layers' sizes are found
_SEEN = {"Conv", "Add", "Relu", "Clip", "LeakyRelu", "BatchNormalization"}  # what gives maps worth looking at
_WHOLE = 400  # of them at most are asked for: some gigabytes for the largest networks that are read


@dataclass(frozen=True, eq=False)
class Layer:
    """One map of features. name: of the node. output: of it. features: (C,h,w) float32. stride: pixels of the input to
    a place."""

    name: str
    output: str
    features: Float
    stride: int


def encoder_layers(info: ModelInfo, lightness: Float) -> list[Layer]:
    """The last map of each size on the way down, the finest first, of a lightness (h,w) 0..100 without hints.

    A network that looks at several sizes of its input is followed through the first. Of the maps of one size the last
    is taken that more than one later step reads: what a stage hands on. Raises ModelError.
    """
    graph = nodes_of(_bytes(info))
    nodes = _way_down(graph)
    readers = Counter(name for node in graph for name in node.inputs)
    maps = run_with_outputs(info, [node.outputs[0] for node in nodes], lightness)
    found: dict[int, tuple[Node, Float]] = {}
    for node, features in zip(nodes, maps, strict=True):
        if features.ndim != 3 or min(features.shape[1:]) < 2 or features.shape[0] < 4:
            continue
        stride = round(lightness.shape[0] / features.shape[1])
        if found and stride < max(found):
            break  # it grows again: the way up has begun
        shared = readers[node.outputs[0]] > 1 or node is nodes[-1]
        known = found.get(stride)
        if known is None or shared or readers[known[0].outputs[0]] <= 1:
            found[stride] = node, features
    return [Layer(node.name, node.outputs[0], features, stride) for stride, (node, features) in sorted(found.items())]


def encoder_features(info: ModelInfo, lightness: Float) -> list[Float]:
    """The maps (C,h,w) float32 of encoder_layers, the finest first, for a lightness (h,w) 0..100; quick from the second
    picture on. Raises ModelError."""
    names, session = _encoder(info.file, info.sha256)
    return _run(session, info, names, lightness, None)


@lru_cache(maxsize=4)
def _encoder(file: Path, sha256: str) -> tuple[tuple[str, ...], onnxruntime.InferenceSession]:
    """Outputs of the encoder's layers, and a session that gives nothing but them. sha256: of the file, for the cache
    alone."""
    info = ModelInfo(name=file.stem, file=file, sha256=sha256)
    names = tuple(layer.output for layer in encoder_layers(info, np.full((_PROBE, _PROBE), 50, np.float32)))
    return names, _session(info, names)


def run_with_outputs(
    info: ModelInfo, names: Sequence[str], lightness: Float, hints: Float | None = None
) -> list[Float]:
    """What the nodes of these outputs give, without the first axis, float32. hints: (3,h,w), none where left out.

    Raises ModelError.
    """
    return _run(_session(info, names), info, names, lightness, hints)


def _session(info: ModelInfo, names: Sequence[str]) -> onnxruntime.InferenceSession:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(with_outputs(_bytes(info), names), options, providers=["CPUExecutionProvider"])
    except ModelError:
        raise
    except Exception as error:  # onnxruntime's own exceptions share no public base class
        raise ModelError(f"the layers of model {info.name!r} can't be looked at ({error})") from error


def _run(
    session: onnxruntime.InferenceSession,
    info: ModelInfo,
    names: Sequence[str],
    lightness: Float,
    hints: Float | None,
) -> list[Float]:
    height, width = lightness.shape
    first, *others = (node.name for node in session.get_inputs())
    inputs = {first: lightness[None, None]}
    for name in others:
        inputs[name] = (np.zeros((3, height, width), np.float32) if hints is None else hints)[None]
    try:
        outputs = session.run(list(names), inputs)
    except Exception as error:  # as above
        raise ModelError(f"the layers of model {info.name!r} can't be looked at ({error})") from error
    return [np.asarray(output[0], np.float32) for output in outputs]


def _way_down(nodes: Sequence[Node]) -> list[Node]:
    """Nodes of the encoder where they are called so, else all; those of the first of several passes."""
    seen = [node for node in nodes if node.op in _SEEN and node.outputs]
    from_encoder = dropwhile(lambda node: "encoder" not in node.name, seen)
    inside = list(takewhile(lambda node: "encoder" in node.name, from_encoder))
    return (inside or seen)[:_WHOLE]


def _bytes(info: ModelInfo) -> bytes:
    try:
        return info.file.read_bytes()
    except OSError as error:
        raise ModelError(f"the model file {info.file} can't be read ({error.strerror}): install it again") from error
