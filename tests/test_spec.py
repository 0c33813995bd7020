"""NetworkSpec: what a model file says of itself is read, kept, and refused in a sentence where it lies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photochrom
from photochrom.errors import ModelError
from photochrom.network.models import find_model
from photochrom.network.session import open_network
from photochrom.network.spec import FORMAT, NetworkSpec

from .tiny_model import CENTRES, metadata, write_model


def test_what_is_written_is_read() -> None:
    pairs = tuple((float(a), float(b)) for a, b in CENTRES)
    made = NetworkSpec(
        recipe="mine", inputs=("lightness", "hints"), multiple=32, stride=4, centres=pairs, gain=1.2,
        temperature=0.5, details={"network": {"hints": True}},
    )  # fmt: skip
    assert NetworkSpec.from_metadata(made.to_metadata(), inputs=["lightness", "hints"]) == made
    np.testing.assert_allclose(made.colors, np.array(CENTRES) * 1.2, rtol=1e-6)
    for output in ("ab", "lab"):
        made = NetworkSpec(output=output, multiple=8, stride=1, scale=110.0)
        assert NetworkSpec.from_metadata(made.to_metadata()) == made


def test_files_of_the_first_format_are_read() -> None:
    spec = NetworkSpec.from_metadata(json.dumps(metadata()), inputs=["lightness"])
    assert (spec.output, spec.inputs, spec.multiple, spec.temperature) == ("distribution", ("lightness",), 32, 0.5)
    for info in (info for info in photochrom.models() if info.domain == "photo"):
        read = open_network(info).spec
        assert info.spec is not None and read.hints
        for name in (
            "domain",
            "recipe",
            "licence",
            "inputs",
            "output",
            "multiple",
            "stride",
            "work_size",
            "temperature",
            "gain",
        ):
            assert getattr(info.spec, name) == getattr(read, name), "the table says the same as the file"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"multiple": -32}, "multiple must be a whole number"),
        ({"multiple": 1e9}, "multiple must be a whole number"),
        ({"multiple": "32"}, "multiple must be a whole number"),
        ({"stride": 3}, "multiple must be a multiple of the stride"),
        ({"stride": 0}, "stride must be"),
        ({"work_size": 10**9}, "work_size must be"),
        ({"gain": 1e6}, "gain must be a number in"),
        ({"gain": 10**400}, "gain must be a number in .*a far larger number"),
        ({"gain": float("nan")}, "gain must be a number in"),
        ({"temperature": 0}, "temperature must be"),
        ({"temperature": [1]}, "temperature must be"),
        ({"centres": [[0, 0]]}, "centres must be pairs"),
        ({"centres": [[0, 0, 1], [1, 2, 3]]}, "centres must be pairs"),
        ({"centres": [[0, 0], [1, float("inf")]]}, "centres must be pairs"),
        ({"centres": [[0, 0], [1, 9999]]}, "centres must be pairs"),
        ({"head": "colour"}, "output must be one of"),
        ({"domain": 7}, "domain must be text"),
        ({"format": 99}, "format 99"),
        ({"format": FORMAT, "inputs": ["lightness", "hints"]}, "names the inputs"),
        ({"head": "ab", "scale": 0}, "scale must be"),
    ],
)
def test_lies_are_refused_in_a_sentence(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    path = write_model(tmp_path / "m.onnx", meta=metadata(**changes))
    with pytest.raises(ModelError, match=told) as error:
        photochrom.load_model(path)
    assert "m.onnx" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '"text"', "{}", "null", "[" * 100_000])
def test_what_is_no_metadata(text: str) -> None:
    with pytest.raises(ModelError, match="metadata"):
        NetworkSpec.from_metadata(text)


def test_a_file_of_an_unknown_domain(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", meta=metadata(domain="foto"))
    with pytest.raises(ModelError, match=r"m\.onnx .*no domain 'foto': did you mean 'photo'"):
        photochrom.load_model(path)


def test_lightness_that_would_be_ignored_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", meta=metadata(head="lab"))
    with pytest.raises(ModelError, match="predicts lightness too"):
        photochrom.load_model(path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"centres": [*CENTRES, [9, 9]]}, "where its metadata promises"),
        ({"stride": 8}, "where its metadata promises"),
    ],
)
def test_a_network_that_gives_what_it_did_not_promise(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    network = open_network(find_model(str(write_model(tmp_path / "m.onnx", meta=metadata(**changes)))))
    with pytest.raises(ModelError, match=told):
        network.run(np.zeros((64, 64), np.float32))


def test_numbers_that_are_none(tmp_path: Path) -> None:
    network = open_network(find_model(str(write_model(tmp_path / "m.onnx"))))
    with pytest.raises(ModelError, match="NaN"):
        network.run(np.full((64, 64), np.nan, np.float32))
