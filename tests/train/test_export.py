"""From a checkpoint to the file that colours; needs the train extra."""

import json
from pathlib import Path

import lightning
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import photochrom
from photochrom.color.lab import rgb_to_lab
from photochrom.errors import ModelError, OutputExistsError, UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train import export as exporting
from photochrom.train.export import export
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import build_method
from photochrom.train.recipe.sections import Recipe

BINS = Bins(np.array([[0, 0], [60, 40], [-20, -50]], np.float32), np.array([0.6, 0.3, 0.1], np.float32))
METHODS = {
    "regression": {"kind": "cifar-cnn", "width": 8},
    "distribution": {"kind": "eccv16", "width": 8},
    "cgan": {"kind": "unet", "levels": 5, "width": 4},
    "cyclegan": {"kind": "cyclegan", "width": 4, "blocks": 1},
}


def checkpoint(path: Path, method: str = "regression", **network: object) -> Path:
    """A .ckpt as Lightning writes it, of fresh weights that have some colour."""
    torch.manual_seed(0)
    values = {"name": method, "method": method, "data": {"size": 64}, "network": {**METHODS[method], **network}}
    recipe = Recipe.from_dict({**values, "loss": {"adversarial": "lsgan"}})
    made = build_method(recipe, BINS if method == "distribution" else None)
    saved = {"state_dict": made.state_dict(), "hyper_parameters": dict(made.hparams)}
    torch.save({**saved, "pytorch-lightning_version": lightning.__version__}, path)
    return path


@pytest.mark.parametrize("method", METHODS)
def test_an_export_colours_pictures(method: str, tmp_path: Path) -> None:
    out = tmp_path / "net.onnx"
    assert export(checkpoint(tmp_path / "x.ckpt", method), out) < 1e-3
    model = photochrom.load_model(out)
    assert (model.info.recipe, model.info.work_size, model.info.domain) == (method, 64, "photo")
    assert model.info.spec.output == ("distribution" if method == "distribution" else "ab")
    grey = np.linspace(0, 255, 70 * 90).reshape(70, 90).astype(np.uint8)
    for detail in (64, 96):
        colored = model.colorize(grey, detail=detail)
        assert colored.shape == (70, 90, 3) and colored.dtype == np.uint8
    if method == "distribution":
        assert len(model.variants(grey, 2)) == 2


@pytest.mark.parametrize("kind", ["lightness", "intensity", "color"])
def test_both_ways_of_a_cyclegan_are_exported(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    values = {"method": "cyclegan", "network": METHODS["cyclegan"], "loss": {"adversarial": "lsgan"}}
    method = build_method(Recipe.from_dict({**values, "data": {"size": 64, "other_kind": kind}})).eval()
    forth, back = tmp_path / "forth.onnx", tmp_path / "back.onnx"
    assert exporting.export_method(method, forth) < 1e-3 and exporting.export_method(method, back, reverse=True) < 1e-3
    ways = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (forth, back)]
    first = {"lightness": "lightness", "intensity": "intensity", "color": "lab"}[kind]
    assert [way.get_inputs()[0].name for way in ways] == [first, "lab"]
    lab = np.concatenate([np.full((1, 1, 32, 32), 60), np.full((1, 2, 32, 32), 20)], axis=1).astype(np.float32)
    (out,) = ways[1].run(None, {"lab": lab})
    with torch.no_grad():
        ours = method.to_grey(
            torch.from_numpy(lab) / torch.tensor([50, 110, 110]).view(1, 3, 1, 1) - torch.eye(3)[0, :, None, None]
        )
    np.testing.assert_allclose(out[0, 0], (ours[0, 0].numpy() + 1) * 50, atol=1e-2)


def test_only_a_cyclegan_has_a_way_back(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave out --reverse"):
        export(checkpoint(tmp_path / "x.ckpt"), tmp_path / "back.onnx", reverse=True)
    assert not (tmp_path / "back.onnx").exists()


def test_the_scale_comes_out_as_ab_units(tmp_path: Path) -> None:
    """A network that says 0.25 everywhere gives 0.25 * 128 ab units of chroma: 32, 32."""
    path = checkpoint(tmp_path / "x.ckpt")
    saved = torch.load(path, weights_only=True)
    last = [key for key in saved["state_dict"] if key.startswith("network.decoder")][-2:]
    saved["state_dict"][last[0]].zero_()
    saved["state_dict"][last[1]].fill_(np.arctanh(0.25))
    torch.save(saved, path)
    export(path, tmp_path / "net.onnx")
    colored = photochrom.load_model(tmp_path / "net.onnx").colorize(np.full((64, 64), 128, np.uint8))
    lab = rgb_to_lab(colored[32, 32].astype(np.float32) / 255)
    np.testing.assert_allclose(lab[1:], [32, 32], atol=1)


def test_the_metadata_names_the_recipe_and_its_hash(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "x.ckpt")
    with pytest.raises(UsageError, match="no domain 'foto': did you mean 'photo'"):
        export(path, tmp_path / "net.onnx", domain="foto")
    assert not (tmp_path / "net.onnx").exists()
    export(path, tmp_path / "net.onnx", domain="photo", licence="CC0-1.0")
    model = onnx.load(tmp_path / "net.onnx")
    meta = json.loads(model.metadata_props[0].value)
    recipe = Recipe.from_dict(torch.load(path, weights_only=True)["hyper_parameters"]["recipe"])
    assert meta["recipe_sha256"] == recipe.sha256
    assert (meta["domain"], meta["licence"], meta["scale"], meta["multiple"]) == ("photo", "CC0-1.0", 128.0, 8)
    free = [d.dim_param != "" for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert free == [True, False, True, True]


def test_half_the_weights_are_half_the_file(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "x.ckpt", width=32)
    export(path, tmp_path / "full.onnx")
    assert 0 < export(path, tmp_path / "half.onnx", half=True) < 1e-3
    assert (tmp_path / "half.onnx").stat().st_size < 0.6 * (tmp_path / "full.onnx").stat().st_size


def test_an_export_that_differs_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = exporting.to_onnx

    def spoilt(network: torch.nn.Module, spec: NetworkSpec, *, half: bool = False) -> bytes:
        data = real(network, spec, half=half)
        with torch.no_grad():
            list(network.parameters())[-1].add_(0.5)  # torch's is another network now
        return data

    monkeypatch.setattr(exporting, "to_onnx", spoilt)
    with pytest.raises(ModelError, match=r"differs from torch by .* over 0\.001"):
        export(checkpoint(tmp_path / "x.ckpt"), tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "x.ckpt")
    saved = torch.load(path, weights_only=True)
    saved["state_dict"]["network.encoder.0.weight"].fill_(float("nan"))
    torch.save(saved, path)
    with pytest.raises(ModelError, match="NaN"):
        export(path, tmp_path / "net.onnx")


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path, out = checkpoint(tmp_path / "x.ckpt"), tmp_path / "net.onnx"
    out.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        export(path, out)
    export(path, out, overwrite=True)
    assert out.stat().st_size > 1000
