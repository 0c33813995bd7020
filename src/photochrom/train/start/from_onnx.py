"""Back from a shipped .onnx to the torch network that it was exported from, so that training can go on.

An export folds each batch norm into the convolution before it and keeps no names; what it does keep is the order.
Convolutions are matched in the order in which they run, every shape is checked, and the result has to give the
file's own output.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from torch import nn

from photochrom.errors import ModelError
from photochrom.network.spec import METADATA_KEY, NetworkSpec
from photochrom.train.export import random_inputs
from photochrom.train.networks.efficientnet import fold_norms
from photochrom.train.networks.multiscale import MultiScale, exported_scale_weights
from photochrom.train.networks.photo import PhotoNet

PARITY = 1e-3  # largest difference of a probability
_SAME = ("Cast", "Identity")  # nodes that hand a constant on
_SHAPING = ("Reshape", "Cast", "Identity", "Unsqueeze", "Squeeze")


class _Graph:
    """What is asked of an ONNX graph here: its nodes in order, who made a value, and what is constant."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.nodes = list(graph.node)
        self.maker = {out: node for node in graph.node for out in node.output}
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)

    def constant(self, name: str) -> np.ndarray | None:
        """The value of a constant as float32, or None for one that is computed."""
        while name not in self.constants:
            node = self.maker.get(name)
            if node is None or node.op_type not in _SAME:
                return None
            name = node.input[0]
        return self.constants[name].astype(np.float32)

    def affine(self, name: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Scale and shift of the group norm that made this value."""
        scale = shift = None
        while (node := self.maker.get(name)) is not None:
            values = [self.constant(i) for i in node.input]
            if node.op_type == "GroupNormalization":
                return values[1], values[2]
            if node.op_type in ("Add", "Mul") and any(v is not None for v in values):
                fixed = next(v for v in values if v is not None)
                scale, shift = (scale, fixed) if node.op_type == "Add" else (fixed, shift)
                name = next(i for i, v in zip(node.input, values, strict=True) if v is None)
            elif node.op_type in _SHAPING:
                name = node.input[0]
            else:
                break
        return scale, shift


def photo_from_onnx(path: Path) -> tuple[PhotoNet, NetworkSpec]:
    """The network of an exported `photo` model, in evaluation mode, and what the file says of it.

    Raises ModelError where the file is not an export of this network.
    """
    try:
        model = onnx.load(path)
        text = next(prop.value for prop in model.metadata_props if prop.key == METADATA_KEY)
        spec = NetworkSpec.from_metadata(text, inputs=[value.name for value in model.graph.input])
        scale_weights = exported_scale_weights(spec.details)
        settings = dict(spec.details.get("network", {}))
        if spec.output != "distribution":
            raise ValueError(spec.output)
        net = PhotoNet(len(spec.centres), **settings).eval()
        fold_norms(net.encoder)
    except (OSError, ValueError, StopIteration, KeyError, TypeError) as error:
        raise ModelError(f"{path} is no photochrom model with a distribution over colour: name another file") from error
    except ModelError as error:
        raise ModelError(f"{path} can't be used: {error}") from error
    except Exception as error:  # protobuf's own exceptions share no public base class
        raise ModelError(f"{path} is not a usable ONNX model ({error}): export it again with photochrom") from error
    graph = _Graph(model.graph)
    for i, (layer, node) in enumerate(layers := _matched(net, graph, len(scale_weights), path)):
        if node is not None:
            after = layers[i + 1][0] if i + 1 < len(layers) else None
            values = [graph.constant(name) for name in node.input[1:]]
            _fill(path, layer, after if isinstance(after, nn.BatchNorm2d) else None, *values)
            before = layers[i - 1][0] if i else None
            if isinstance(before, nn.GroupNorm):
                scale, shift = graph.affine(node.input[0])
                _copy(path, before.weight, scale)
                _copy(path, before.bias, shift)
    _check(net, MultiScale(net, scale_weights, spec.details.get("smoothing", 0.0)), spec, path)
    return net, spec


def photo_weights(net: PhotoNet) -> dict[str, torch.Tensor]:
    """The network's weights, under the names that a run of the recipe has for them."""
    return {f"network.{name}": value for name, value in net.state_dict().items()}


def _matched(net: PhotoNet, graph: _Graph, scales: int, path: Path) -> list[tuple[nn.Module, onnx.NodeProto | None]]:
    """The network's convolutions with the file's, and its norms between them, in the order in which the file has them.

    A network asked at several scales has its convolutions once for each. What makes the logits runs once, at the end;
    in files older than that the head ran before what spreads hints, and all of it for each scale.
    """
    head, hints = net.decoder.head, net.decoder.hints
    order = _in_order(net)
    older = [layer for layer in order if layer is not head]
    older.insert(older.index(hints.mix) if hints else len(older), head)
    ends = 2 if hints else 1
    theirs = [node for node in graph.nodes if node.op_type == "Conv"]
    count = sum(isinstance(layer, nn.Conv2d) for layer in order)
    layers, found = order, theirs[: count - ends] + theirs[-ends:]
    if len(theirs) == count * scales:
        at = [layer for layer in older if isinstance(layer, nn.Conv2d)].index(head)
        weight = graph.constant(theirs[at].input[1])
        if weight is not None and weight.shape[1] == head.in_channels:
            layers, found = older, theirs[:count]
    elif len(theirs) != (count - ends) * scales + ends:
        raise ModelError(f"{path} is not an export of the photo network: it has {len(theirs)} convolutions")
    nodes = iter(found)
    return [(layer, next(nodes) if isinstance(layer, nn.Conv2d) else None) for layer in layers]


def _in_order(net: PhotoNet) -> list[nn.Module]:
    """Convolutions and norms in the order in which they run."""
    order: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.GroupNorm)
    hooks = [
        layer.register_forward_hook(lambda layer, _in, _out: order.append(layer))
        for layer in net.modules()
        if isinstance(layer, kinds)
    ]
    with torch.no_grad():
        net(torch.zeros(1, 1, 32, 32), *([torch.zeros(1, 3, 32, 32)] if net.settings["hints"] else []))
    for hook in hooks:
        hook.remove()
    return order


def _fill(
    path: Path, conv: nn.Conv2d, norm: nn.BatchNorm2d | None, weight: np.ndarray | None, bias: np.ndarray | None = None
) -> None:
    """The file's convolution into ours; a batch norm that was folded into it becomes the identity plus the bias."""
    _copy(path, conv.weight, weight)
    if norm is None:
        if conv.bias is not None:
            _copy(path, conv.bias, bias)
        return
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    nn.init.ones_(norm.weight)
    _copy(path, norm.bias, bias)


def _copy(path: Path, target: torch.Tensor, value: np.ndarray | None) -> None:
    if value is None or value.size != target.numel() or (value.ndim == 4 and value.shape != target.shape):
        got = "nothing" if value is None else str(value.shape)
        raise ModelError(f"{path} is not an export of the photo network: {got} where {tuple(target.shape)} belongs")
    with torch.no_grad():
        target.copy_(torch.from_numpy(value.reshape(target.shape)))


def _check(net: PhotoNet, exported: nn.Module, spec: NetworkSpec, path: Path) -> None:
    """Ours has to give the file's own output."""
    inputs = random_inputs(1, 64, 128, spec=spec)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = torch.from_numpy(session.run(None, {name: value.numpy() for name, value in inputs.items()})[0])
    with torch.no_grad():
        worst = float((exported(*inputs.values()).softmax(1) - theirs.softmax(1)).abs().max())
    if not worst <= PARITY:
        raise ModelError(
            f"the network read from {path} differs from the file by {worst:.1e}: it was made by another version"
        )
