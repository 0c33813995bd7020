"""Small networks drawn by hand, whose answers can be worked out: bright places one colour, dark places another."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CENTRES = [[0, 0], [60, 40], [-20, -50]]  # grey, orange, blue


def metadata(**changes: Any) -> dict[str, Any]:
    found = {
        "format": 1,
        "domain": "photo",
        "head": "distribution",
        "multiple": 32,
        "stride": 4,
        "work_size": 64,
        "temperature": 0.5,
        "centres": CENTRES,
        "scale": 1.0,
        "recipe": "drawn",
        "licence": "Apache-2.0",
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def write_model(path: Path, *, meta: dict[str, Any] | None = None, head: str = "distribution") -> Path:
    """A network with one 1x1 convolution after a 4x4 mean. Logits: grey 0, orange 0.1 (L-50), blue -0.1 (L-50).

    With head "ab": a = 0.5 (L-50), b = 10.
    """
    if head == "distribution":
        weight, bias = np.array([0, 0.1, -0.1]), np.array([0, -5, 5])
    else:
        weight, bias = np.array([0.5, 0]), np.array([-25, 10])
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node("Conv", ["mean", "w", "b"], ["out"]),
        ],
        "drawn",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", len(weight), "h4", "w4"])],
        [
            numpy_helper.from_array(weight.astype(np.float32).reshape(-1, 1, 1, 1), "w"),
            numpy_helper.from_array(bias.astype(np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if meta is None:
        meta = metadata(head=head)
    if meta:
        model.metadata_props.add(key="photochrom", value=json.dumps(meta))
    onnx.save(model, str(path))
    return path


def write_reverse_model(path: Path, *, domain: str, inputs: str = "lab") -> Path:
    """A network that is given colour pictures: of L*, a, b it makes L* = 100 - 0.8 L* + 0.5 a, without colour."""
    weight = np.array([[-0.8, 0.5, 0], [0, 0, 0], [0, 0, 0]], np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", [inputs, "w", "b"], ["out"])],
        "drawn",
        [helper.make_tensor_value_info(inputs, TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3, "h1", "w1"])],
        [
            numpy_helper.from_array(weight.reshape(3, 3, 1, 1), "w"),
            numpy_helper.from_array(np.array([100, 0, 0], np.float32), "b"),
        ],
    )
    meta = metadata(head="lab", domain=domain, centres=None, temperature=None, stride=1, multiple=4, inputs=[inputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.metadata_props.add(key="photochrom", value=json.dumps(meta))
    onnx.save(model, str(path))
    return path


def write_lab_model(path: Path, *, domain: str, reach: int = 1, **changes: Any) -> Path:
    """A network that gives L* = 20 + 0.5 I, a = 0.4 (I - 50), b = 10 of the mean intensity I over 4 reach x 4 reach px.

    With a reach over 1 it sees zeros beyond the border of its input, as convolutions do.
    """
    weight, bias = np.array([0.5, 0.4, 0]), np.array([20, -20, 10])
    wide, pad = 4 * reach, 2 * (reach - 1)
    pool = helper.make_node(
        "AveragePool",
        ["intensity"],
        ["mean"],
        kernel_shape=[wide] * 2,
        strides=[4, 4],
        pads=[pad] * 4,
        count_include_pad=1,
    )
    graph = helper.make_graph(
        [pool, helper.make_node("Conv", ["mean", "w", "b"], ["out"])],
        "drawn",
        [helper.make_tensor_value_info("intensity", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3, "h4", "w4"])],
        [
            numpy_helper.from_array(weight.astype(np.float32).reshape(-1, 1, 1, 1), "w"),
            numpy_helper.from_array(bias.astype(np.float32), "b"),
        ],
    )
    meta = metadata(head="lab", domain=domain, centres=None, temperature=None, **changes)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.metadata_props.add(key="photochrom", value=json.dumps(meta))
    onnx.save(model, str(path))
    return path
