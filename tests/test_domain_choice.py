"""A kind of picture is chosen in Python and on the command line, with its own model or a named one."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom import UnknownModelError, UsageError
from photochrom.cli.main import app
from photochrom.color.lab import rgb_to_lab
from photochrom.load import model_name
from photochrom.network import models as table

from .tiny_model import write_lab_model


def row(name: str, domain: str, output: str = "distribution") -> dict[str, object]:
    spec = {"domain": domain, "inputs": ["lightness"], "output": output, "multiple": 32, "stride": 4}
    return {"name": name, "file": f"{name}.onnx", "sha256": "", "size_bytes": 1, "spec": spec, "scores": {}}


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of models with photo and infrared in it."""
    folder = tmp_path / "weights"
    folder.mkdir()
    write_lab_model(folder / "nir.onnx", domain="infrared")
    real = json.loads((table.WEIGHTS / "models.json").read_text())
    fast = next(r for r in real if r["name"] == "photo-fast")
    fast["file"] = str(table.WEIGHTS / fast["file"])
    (folder / "models.json").write_text(json.dumps([fast, row("nir", "infrared", "lab")]))
    monkeypatch.setattr(table, "WEIGHTS", folder)
    return folder


def test_a_domain_has_its_model(shipped: Path) -> None:
    assert photochrom.load_model(domain="infrared").info.name == "nir"
    assert photochrom.load_model(domain="photo").info.name == "photo-fast"
    assert photochrom.load_model().info.domain == "photo"
    assert photochrom.load_model("nir").info.domain == "infrared"


def test_a_domain_without_a_model_is_told(shipped: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"no model for thermal pictures: name an \.onnx .*photo, infrared"):
        photochrom.load_model(domain="thermal")


def test_model_and_domain_must_agree(shipped: Path) -> None:
    assert photochrom.load_model("nir", domain="infrared").info.name == "nir"
    with pytest.raises(UsageError, match="'photo-fast' is for photo pictures, and the domain asked for is sketch"):
        photochrom.load_model("photo-fast", domain="sketch")


@pytest.mark.parametrize(("word", "near"), [("infared", "infrared"), ("atuo", "auto"), ("scetch", "sketch")])
def test_a_misspelt_domain(word: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no domain '{word}': did you mean '{near}'"):
        photochrom.load_model(domain=word)


def test_the_command(shipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*args: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            app([*args], prog_name="photochrom")
        return int(left.value.code or 0), "".join(capsys.readouterr())

    grey = tmp_path / "leaf.png"
    Image.fromarray(np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)).save(grey)
    assert run(str(grey), "--domain", "infrared")[0] == 0
    light = rgb_to_lab(np.asarray(Image.open(tmp_path / "leaf.color.png")) / 255)[32, :, 0]
    assert 18 < light[2] < 30 and 60 < light[-3] < 72  # the drawn network says 20 + 0.5 I
    code, said = run(str(grey), "--domain", "infrared", "--keep-lightness", "1", "--overwrite")
    assert code == 0 and rgb_to_lab(np.asarray(Image.open(tmp_path / "leaf.color.png")) / 255)[32, 1, 0] < 8
    code, said = run(str(grey), "--domain", "thermal", "--overwrite")
    assert code == 2 and said.count("\n") == 1 and "no model for thermal" in said
    code, said = run(str(grey), "--domain", "sketch", "--model", "nir", "--overwrite")
    assert code == 2 and "is for infrared pictures" in said
    code, said = run("models")
    assert code == 0 and [line.split()[1] for line in said.splitlines()[1:]] == ["photo", "infrared"]


def test_one_call(shipped: Path) -> None:
    colored = photochrom.colorize(np.full((40, 40), 90, np.uint8), domain="infrared")
    assert colored.shape == (40, 40, 3)


def test_verbs_that_cannot_say_so(shipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An archive is coloured by one model."""
    grey = tmp_path / "leaf.png"
    Image.fromarray(np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)).save(grey)
    for args, told in (
        (["batch", str(tmp_path), "-o", str(tmp_path / "out"), "--domain", "auto"], "auto chooses among several"),
        (
            ["batch", str(tmp_path), "-o", str(tmp_path / "out"), "--domain", "sketch", "--model", "nir"],
            "is for infrared",
        ),
    ):
        with pytest.raises(SystemExit) as left:
            app(args, prog_name="photochrom")
        said = "".join(capsys.readouterr())
        assert left.value.code == 2 and told in said and said.count("\n") == 1


def test_one_model_for_a_whole_archive(shipped: Path) -> None:
    assert model_name(None, None) == "photo"
    assert model_name(None, "infrared") == "nir"
    assert model_name("nir", "infrared") == model_name("nir", None) == "nir"
