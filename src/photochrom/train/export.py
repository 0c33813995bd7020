"""From a trained method to the .onnx that `photochrom --model` and the library take, checked against torch."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from photochrom.atomic import atomic_write
from photochrom.domains.table import find_domain
from photochrom.errors import ModelError
from photochrom.network.spec import METADATA_KEY, NetworkSpec
from photochrom.train.methods import ColorMethod, load_method

PARITY = 1e-3  # largest difference of a probability, or of ab in units of the scale
OPSET = 17


def export(
    run_or_ckpt: str | Path, out: Path, *, domain: str = "photo", licence: str = "unspecified",
    half: bool = False, reverse: bool = False, overwrite: bool = False,
) -> float:  # fmt: skip
    """Write a run (or a .ckpt) as an .onnx, as export_method() does. Raises UsageError (no checkpoint) too."""
    method = load_method(run_or_ckpt)
    return export_method(method, out, domain=domain, licence=licence, half=half, reverse=reverse, overwrite=overwrite)


def export_method(
    method: ColorMethod, out: Path, *, domain: str = "photo", licence: str = "unspecified",
    half: bool = False, reverse: bool = False, overwrite: bool = False,
) -> float:  # fmt: skip
    """Write what a method has learned as an .onnx; gives the largest difference between torch and onnxruntime.

    domain: the kind of picture it is for. half: keep weights as float16, widened on loading: half the file.
    reverse: the network for the way back, of a CycleGAN: from colour pictures (input "lab") to the other domain.
    Raises OutputExistsError, UsageError for an unknown domain, and ModelError when the file doesn't give what torch
    gives.
    """
    find_domain(domain)
    network, spec = method.reverse_exportable() if reverse else method.exportable()
    recipe = method.recipe
    details = {**spec.details, "recipe_sha256": recipe.sha256}
    spec = replace(spec, domain=domain, licence=licence, recipe=recipe.name, details=details)
    data = to_onnx(network, spec, half=half)
    worst = difference(data, network, spec)
    if not worst <= PARITY:
        why = "export it without float16 weights" if half else "its weights may be broken (NaN): train it again"
        raise ModelError(f"the export to {out} differs from torch by {worst:.1e}, over {PARITY:g}: {why}")
    with atomic_write(out, overwrite=overwrite) as stream:
        stream.write(data)
    return worst


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
