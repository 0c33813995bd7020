"""Back from a shipped .onnx to the torch network that it was exported from, so that training can go on.

An export folds each batch norm into the convolution before it and keeps no names of weights; what it does keep is the
order. So convolutions are matched in the order in which they run, every shape is checked, and the network has to give
what the file gives.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from photochrom.errors import ModelError
from photochrom.network.spec import METADATA_KEY, NetworkSpec
from photochrom.train.networks.efficientnet import fold_norms
from photochrom.train.networks.multiscale import MultiScale, exported_scale_weights
from photochrom.train.networks.photo import LabOutput, PhotoNet
from photochrom.train.onnx_writing import random_inputs
from photochrom.train.start.norms import statistics

PARITY = 1e-3  # largest difference of a probability, or of Lab in units of L* and of the scale
LAB_CHANNELS = 3
_COPYING = ("Cast", "Identity")  # what an exporter puts between a constant and its use
_RESHAPING = (*_COPYING, "Reshape", "Unsqueeze", "Squeeze")  # and between a group norm and the next convolution

Values = NDArray[np.float32]


class _Graph:
    """An ONNX graph: its nodes in order, which of them makes a value, and which values are constant."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.nodes = list(graph.node)
        self.maker = {out: node for node in graph.node for out in node.output}
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)

    def constant(self, name: str) -> Values | None:
        """The value of a constant as float32, or None for one that is computed."""
        while name not in self.constants:
            node = self.maker.get(name)
            if node is None or node.op_type not in _COPYING:
                return None
            name = node.input[0]
        return self.constants[name].astype(np.float32)

    def affine(self, name: str) -> tuple[Values | None, Values | None]:
        """Scale and shift of the group norm that made this value, which an exporter may write as Mul and Add."""
        scale = shift = None
        while (node := self.maker.get(name)) is not None:
            values = [self.constant(i) for i in node.input]
            if node.op_type == "GroupNormalization":
                return values[1], values[2]
            if node.op_type in ("Add", "Mul") and any(v is not None for v in values):
                fixed = next(v for v in values if v is not None)
                scale, shift = (scale, fixed) if node.op_type == "Add" else (fixed, shift)
                name = next(i for i, v in zip(node.input, values, strict=True) if v is None)
            elif node.op_type in _RESHAPING:
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
        weights = exported_scale_weights(spec.details)
        settings = dict(spec.details.get("network", {}))
        if spec.output == "ab":
            raise ValueError(spec.output)
        net = PhotoNet(len(spec.centres) or LAB_CHANNELS, **settings).eval()
        fold_norms(net.encoder)
    except (OSError, ValueError, StopIteration, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is no export of the photo network with a distribution or with Lab: name another file"
        ) from error
    except ModelError as error:
        raise ModelError(f"{path} can't be used: {error}") from error
    except Exception as error:  # protobuf's own exceptions share no public base class
        raise ModelError(f"{path} is not a usable ONNX model: name one that photochrom export wrote") from error
    _fill(net, _Graph(model.graph), len(weights), path)
    lab = spec.output == "lab"
    _check(net, LabOutput(net) if lab else MultiScale(net, weights, spec.details.get("smoothing", 0.0)), spec, path)
    return net, spec


def photo_weights(net: PhotoNet) -> dict[str, Tensor]:
    """The network's weights, under the names that a run of the recipe has for them."""
    return {f"network.{name}": value for name, value in net.state_dict().items()}


def _fill(net: PhotoNet, graph: _Graph, scales: int, path: Path) -> None:
    """Put the file's constants into the network's convolutions and norms."""
    layers = _matched(net, graph, scales, path)
    for i, (conv, node) in enumerate(layers):
        if not isinstance(conv, nn.Conv2d) or node is None:
            continue
        before = layers[i - 1][0] if i else None
        after = layers[i + 1][0] if i + 1 < len(layers) else None
        weight, *biases = (graph.constant(name) for name in node.input[1:])
        bias = biases[0] if biases else None
        _copy(path, conv.weight, weight)
        if isinstance(after, nn.BatchNorm2d):  # it was folded into the convolution: now it is the identity and a bias
            mean, variance = statistics(after)
            mean.zero_()
            variance.fill_(1 - after.eps)
            nn.init.ones_(after.weight)
            _copy(path, after.bias, bias)
        elif conv.bias is not None:
            _copy(path, conv.bias, bias)
        if isinstance(before, nn.GroupNorm):
            scale, shift = graph.affine(node.input[0])
            _copy(path, before.weight, scale)
            _copy(path, before.bias, shift)


def _matched(net: PhotoNet, graph: _Graph, scales: int, path: Path) -> list[tuple[nn.Module, onnx.NodeProto | None]]:
    """The network's layers in the order in which the file runs them: convolutions with its nodes, norms with None.

    A network that runs at several scales has its convolutions in the file once for each, but for those that make the
    logits (the head, and what adds the hints' part), which run once, at the end. In files of earlier versions these
    run at each scale too, and the head before the hints are spread.
    """
    head, hints = net.decoder.head, net.decoder.hints
    order = _in_order(net)
    last = 2 if hints else 1
    nodes = [node for node in graph.nodes if node.op_type == "Conv"]
    count = sum(isinstance(layer, nn.Conv2d) for layer in order)
    chosen = nodes[: count - last] + nodes[-last:]
    if len(nodes) == count * scales:  # of an earlier version, or of one scale
        earlier = [layer for layer in order if layer is not head]
        earlier.insert(earlier.index(hints.mix) if hints else len(earlier), head)
        place = [layer for layer in earlier if isinstance(layer, nn.Conv2d)].index(head)
        weight = graph.constant(nodes[place].input[1])
        if weight is not None and weight.shape[1] == head.in_channels:
            order, chosen = earlier, nodes[:count]
    elif len(nodes) != (count - last) * scales + last:
        raise ModelError(f"{path} is not an export of the photo network: it has {len(nodes)} convolutions")
    following = iter(chosen)
    return [(layer, next(following) if isinstance(layer, nn.Conv2d) else None) for layer in order]


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


def _copy(path: Path, target: Tensor, value: Values | None) -> None:
    """A constant of the file into a weight of ours. Raises ModelError where it is none or of another shape."""
    if value is None or value.size != target.numel() or (value.ndim == 4 and value.shape != target.shape):
        got = "nothing" if value is None else str(value.shape)
        raise ModelError(f"{path} is not an export of the photo network: {got} where {tuple(target.shape)} belongs")
    with torch.no_grad():
        target.copy_(torch.from_numpy(value.reshape(target.shape)))


def _check(net: PhotoNet, exported: nn.Module, spec: NetworkSpec, path: Path) -> None:
    """See that the network gives what the file itself gives."""
    inputs = random_inputs(1, 64, 128, spec=spec)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = torch.from_numpy(session.run(None, {name: value.numpy() for name, value in inputs.items()})[0])
    with torch.no_grad():
        ours = exported(*inputs.values())
        if spec.output == "distribution":
            ours, theirs = ours.softmax(1), theirs.softmax(1)
        worst = float((ours - theirs).abs().max())
    if not worst <= PARITY:
        raise ModelError(
            f"the network read from {path} differs from the file by {worst:.1e}: it was made by another version"
        )
