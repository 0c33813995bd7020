import json
from pathlib import Path

import pytest

import photochrom
from photochrom import ModelError, UnknownModelError, UsageError
from photochrom.network import models as table
from photochrom.network.session import open_network

from .tiny_model import metadata, write_model


def test_shipped_models_are_whole_and_described() -> None:
    for info in photochrom.models():
        network = open_network(info)  # checks the SHA-256
        assert network.info.sha256 == info.sha256
        assert info.size_bytes == info.file.stat().st_size < 25e6
        assert network.info.work_size == info.work_size
        assert info.licence and info.recipe and info.scores
        assert network.spec.output == "lab" or len(network.spec.centres) > 100
        assert (info.file.parent / f"{info.name}.md").read_text(encoding="utf-8").count(info.sha256) == 1


def test_its_threads_wait_without_taking_cpu_time(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    write_model(path)
    options = open_network(table.find_model(str(path))).session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UnknownModelError, match="did you mean 'photo'") as caught:
        photochrom.load_model("foto")
    assert caught.value.exit_code == 2


def test_model_from_a_path(tmp_path: Path) -> None:
    info = photochrom.load_model(write_model(tmp_path / "mine.onnx")).info
    assert (info.name, info.domain, info.work_size) == ("mine", "photo", 64)
    assert len(info.sha256) == 64


def test_missing_model_file_and_a_folder_are_wrong_use(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.onnx", "no model file"), (tmp_path, "is a folder, not a model")):
        with pytest.raises(UnknownModelError, match=told) as caught:
            photochrom.load_model(path)
        assert caught.value.exit_code == 2


def test_tampered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = photochrom.models()[0].file.parent
    row = json.loads((folder / "models.json").read_text())[0]
    data = bytearray((folder / row["file"]).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / row["file"]).write_bytes(data)
    (tmp_path / "models.json").write_text(json.dumps([row]))
    monkeypatch.setattr(table, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="SHA-256"):
        photochrom.load_model(row["name"])


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ({}, "lacks our metadata"),
        (metadata(centres=None), "incomplete"),
        (metadata(centres=[1, 2, 3]), "centres must be pairs"),
        (metadata(format=99), "format 99"),
        (metadata(head="ab", scale=None), "incomplete"),
    ],
)
def test_foreign_or_incomplete_metadata(tmp_path: Path, meta: dict[str, object], told: str) -> None:
    path = write_model(tmp_path / "m.onnx", meta=meta)
    with pytest.raises(ModelError, match=told):
        photochrom.load_model(path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 50])
def test_not_an_onnx_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"not a usable ONNX model|lacks our metadata") as caught:
        photochrom.load_model(path)
    assert "ONNXRuntimeError" not in str(caught.value)
    assert caught.value.exit_code == 2  # whoever named it can name another


@pytest.mark.parametrize(("device", "told"), [("abacus", "no device 'abacus'"), ("rocm", "not available")])
def test_devices_that_are_not_there(tmp_path: Path, device: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        photochrom.load_model(write_model(tmp_path / "m.onnx"), device=device)
