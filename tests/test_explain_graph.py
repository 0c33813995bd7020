"""The graph of a model file is read, and given further outputs, without the package onnx."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import photochrom
from photochrom.errors import ModelError
from photochrom.network.graph import nodes_of, with_outputs
from photochrom.network.layers import encoder_layers
from photochrom.network.models import find_model
from tests.tiny_model import write_model


def shipped(name: str) -> bytes:
    return find_model(name).file.read_bytes()


@pytest.mark.parametrize("name", [info.name for info in photochrom.models()])
def test_nodes_are_those_that_onnx_reads(name: str) -> None:
    theirs = onnx.load_from_string(shipped(name)).graph.node
    assert [(n.name, n.op_type, tuple(n.input), tuple(n.output)) for n in theirs] == list(nodes_of(shipped(name)))


def test_further_outputs_come_after_its_own_and_change_nothing(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.onnx").read_bytes()
    more = with_outputs(model, ["mean"])
    before, after = onnx.load_from_string(model), onnx.load_from_string(more)
    assert [o.name for o in after.graph.output] == ["out", "mean"]
    assert after.graph.node == before.graph.node and after.metadata_props == before.metadata_props
    x = np.random.default_rng(0).uniform(0, 100, (1, 1, 8, 12)).astype(np.float32)
    out, mean = ort.InferenceSession(more).run(None, {"lightness": x})
    assert np.allclose(mean, x.reshape(1, 1, 2, 4, 3, 4).mean((3, 5)), atol=1e-4)
    assert np.array_equal(out, ort.InferenceSession(model).run(None, {"lightness": x})[0])


@pytest.mark.parametrize("data", [b"\x3a\xff\xff", b"\x3a\x05abc", b"PK\x03\x04 no model at all", b"\xff" * 40])
def test_other_bytes_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        nodes_of(data)


def test_layers_of_the_shipped_network_are_those_of_its_encoder() -> None:
    light = np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)
    layers = encoder_layers(find_model("photo-fast"), light)
    assert [layer.stride for layer in layers] == [2, 4, 8, 16, 32]
    assert [layer.features.shape[0] for layer in layers[1:]] == [24, 40, 112, 320]  # EfficientNet-lite0's
    assert all(layer.features.shape[1:] == (64 // layer.stride, 96 // layer.stride) for layer in layers)
    assert all(layer.features.std() > 0 for layer in layers)
