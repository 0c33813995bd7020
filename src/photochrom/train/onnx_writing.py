"""A torch network as the bytes of an .onnx file, and how far the file's answers are from torch's."""

from __future__ import annotations

import io
import warnings
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from photochrom.errors import ModelError
from photochrom.network.spec import METADATA_KEY, NetworkSpec

PARITY = 1e-3  # largest difference of a probability, or of ab in units of the scale
OPSET = 17


def to_onnx(network: nn.Module, spec: NetworkSpec, *, half: bool = False) -> bytes:
    """The network as a file: the spec's inputs, one output, all but the channels free; the spec in its metadata."""
    inputs = random_inputs(1, *_sizes(spec)[0], spec=spec)
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # of the exporter: that it has a successor, which is several times slower
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.float().eval(),
            tuple(inputs.values()),
            cast("Any", buffer),  # torch writes to a stream as well as to a path
            input_names=list(inputs),
            output_names=["out"],
            dynamic_axes={
                **{name: {0: "n", 2: "h0", 3: "w0"} for name in inputs},
                "out": {0: "n", 2: "h1", 3: "w1"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    if half:
        half_weights(model)
    model.metadata_props.add(key=METADATA_KEY, value=spec.to_metadata())
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def half_weights(model: onnx.ModelProto) -> None:
    """Store every large float32 initialiser as float16 behind a Cast, which onnxruntime folds away when loading."""
    graph = model.graph
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 1024:
            continue
        name = tensor.name
        small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name + "_half")
        graph.initializer.remove(tensor)
        graph.initializer.append(small)
        graph.node.insert(0, helper.make_node("Cast", [small.name], [name], to=TensorProto.FLOAT))


def difference(data: bytes, network: nn.Module, spec: NetworkSpec) -> float:
    """The largest difference between torch and onnxruntime over two sizes; NaN if either gives one.

    Of probabilities for a distribution, else of ab in units of the scale, and of lightness / 100.
    """
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    worst = 0.0
    for count, (high, wide) in enumerate(_sizes(spec), start=1):
        inputs = random_inputs(count, high, wide, spec=spec)
        with torch.no_grad():
            ours = network(*inputs.values())
        theirs = torch.from_numpy(session.run(None, {name: value.numpy() for name, value in inputs.items()})[0])
        wanted = (count, high // spec.stride, wide // spec.stride)
        for output in (ours, theirs):
            if (len(output), *output.shape[2:]) != wanted:
                raise ModelError(
                    f"the network gives {tuple(output.shape)} for {high}x{wide}, not {wanted}: its stride is wrong"
                )
        if spec.output == "distribution":
            ours, theirs = ours.softmax(1), theirs.softmax(1)
        elif spec.output == "lab":
            ours, theirs = (torch.cat([lab[:, :1] / 100, lab[:, 1:]], dim=1) for lab in (ours, theirs))
        worst = float(np.maximum(worst, (ours - theirs).abs().max().item()))  # keeps NaN, as max() doesn't
    return worst


def random_inputs(count: int, high: int, wide: int, *, spec: NetworkSpec) -> dict[str, torch.Tensor]:
    """Random inputs of a network, always the same; hints lie in a tenth of the places."""
    draw = torch.Generator().manual_seed(count)
    inputs: dict[str, torch.Tensor] = {spec.inputs[0]: torch.rand(count, 1, high, wide, generator=draw) * 100}
    if spec.inputs == ("lab",):
        ab = (torch.rand(count, 2, high, wide, generator=draw) * 2 - 1) * 80
        inputs = {"lab": torch.cat([inputs["lab"], ab], dim=1)}
    if spec.hints:
        mask = (torch.rand(count, 1, high, wide, generator=draw) < 0.1).float()
        ab = (torch.rand(count, 2, high, wide, generator=draw) * 2 - 1) * 80
        inputs["hints"] = torch.cat([ab * mask, mask], dim=1)
    return inputs


def _sizes(spec: NetworkSpec) -> list[tuple[int, int]]:
    """Two sizes that the network takes: around 128 pixels, of different shapes."""
    one = spec.multiple * max(1, 128 // spec.multiple)
    return [(one, one + spec.multiple), (max(spec.multiple, one // 2), one)]
