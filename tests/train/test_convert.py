"""Published weights to .onnx: from a file, from a server, and what is refused."""

import dataclasses
import hashlib
import http.server
import pickle
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import photochrom
from photochrom.errors import ModelError, UsageError
from photochrom.network.models import find_model
from photochrom.network.session import open_network
from photochrom.prediction import Prediction
from photochrom.train.networks.weight_files import read_weights
from photochrom.train.peers import PEERS, Peer, convert, download


def small(name: str, **options: Any) -> Peer:
    """The same class with a smaller encoder, for pictures of 64 px."""
    return dataclasses.replace(PEERS[name], options=options, spec=dataclasses.replace(PEERS[name].spec, work_size=64))


SMALL = {
    "ddcolor": small("ddcolor-tiny", encoder="convnext_atto"),
    "deoldify": small("deoldify-artistic", encoder="resnet18", deep=True),
    "eccv16": small("eccv16", bins=313, width=8),
    "siggraph17": small("siggraph17"),
}


@pytest.fixture(scope="module")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in ECCV16's published layout, an eighth as wide."""
    torch.manual_seed(0)
    network = SMALL["eccv16"].build()
    lengths = (5, 5, 7, 7, 7, 7, 7, 7)
    state: dict[str, Any] = {}
    for key, value in network.state_dict().items():
        _, layer, part = key.split(".")
        n, block = int(layer), 1
        while n >= lengths[block - 1]:
            n -= lengths[block - 1]
            block += 1
        state[f"model{block}.{n}.{part}"] = value
    state["model_out.weight"] = torch.rand(2, 313, 1, 1) - 0.5
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(state, path)
    return path


@pytest.mark.parametrize("name", SMALL)
def test_a_converted_network_colours_at_once(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    peer = SMALL[name]
    made = convert.export_peer(peer, None, tmp_path / "x.onnx")
    model = photochrom.load_model(made.path)
    assert (model.info.spec.output, model.info.work_size, model.info.licence) == (
        peer.spec.output,
        64,
        peer.spec.licence,
    )
    grey = np.tile(np.linspace(30, 220, 80).astype(np.uint8), (70, 1))
    assert model.colorize(grey).shape == (70, 80, 3)


def test_the_file_gives_what_its_authors_get(small_weights: Path, tmp_path: Path) -> None:
    peer = SMALL["eccv16"]
    made = convert.convert(str(small_weights), peer, tmp_path / "x.onnx")
    network = open_network(find_model(str(made.path)))
    state = torch.load(small_weights, weights_only=True)
    np.testing.assert_allclose(network.spec.colors, 110 * state["model_out.weight"][:, :, 0, 0].T, rtol=1e-5)
    lightness = np.random.default_rng(0).uniform(0, 100, (64, 64)).astype(np.float32)
    ours = Prediction(network.spec, lightness, network.run(lightness)).ab()
    built = peer.build()
    peer.load(built, state)
    with torch.no_grad():  # as published: softmax, the 1x1 convolution of the colours, times 110
        probabilities = built(torch.from_numpy(lightness)[None, None]).softmax(1)
        theirs = torch.nn.functional.conv2d(probabilities, state["model_out.weight"])[0] * 110
    np.testing.assert_allclose(ours, theirs.permute(1, 2, 0), atol=1e-2)


def test_safetensors_are_read(small_weights: Path, tmp_path: Path) -> None:
    from safetensors import torch as safetensors

    state = torch.load(small_weights, weights_only=True)
    safetensors.save_file(state, tmp_path / "a.safetensors")
    read = read_weights(tmp_path / "a.safetensors")
    assert read.keys() == state.keys()


def test_files_that_are_no_weights(tmp_path: Path, small_weights: Path) -> None:
    (tmp_path / "code.pth").write_bytes(pickle.dumps(Path("/")))
    (tmp_path / "text.pth").write_text("no weights at all")
    (tmp_path / "short.pth").write_bytes(small_weights.read_bytes()[:5000])
    (tmp_path / "bad.safetensors").write_bytes(b"\0" * 20)
    for name in ("code.pth", "text.pth", "short.pth", "bad.safetensors"):
        with pytest.raises(ModelError, match=name):
            read_weights(tmp_path / name)
    torch.save({"model": Path("/")}, tmp_path / "object.pth")
    with pytest.raises(ModelError, match="can run code"):
        read_weights(tmp_path / "object.pth")
    with pytest.raises(ModelError, match="not the weights of SIGGRAPH17"):
        convert.convert(str(small_weights), SMALL["siggraph17"], tmp_path / "x.onnx")
    broken = torch.load(small_weights, weights_only=True)
    broken["model1.0.weight"] *= float("nan")
    torch.save(broken, tmp_path / "nan.pth")
    with pytest.raises(ModelError, match="NaN"):
        convert.convert(str(tmp_path / "nan.pth"), SMALL["eccv16"], tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


def test_places_that_cannot_be_used(tmp_path: Path, small_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    peer = SMALL["eccv16"]
    with pytest.raises(ModelError, match=r"there is no weight file nothing\.pth"):
        convert.find_weights("nothing.pth", peer)
    with pytest.raises(UsageError, match="https only"):
        convert.find_weights("http://example.org/a.pth", peer)
    with pytest.raises(UsageError, match="https only"):
        convert.find_weights("ftp://localhost/a.pth", peer)
    with pytest.raises(ModelError, match="not abcdef"):
        convert.find_weights(str(small_weights), peer, sha256="abcdef")
    with pytest.raises(UsageError, match="multiple of 8"):
        convert.convert(str(small_weights), peer, tmp_path / "x.onnx", work_size=100)
    with pytest.raises(UsageError, match="ending"):
        convert.run(str(small_weights), name="eccv16", output="x.pth", size=None, sha256="", overwrite=False)


class Server:
    """Answers by path on this machine: bytes, or (status, headers, bytes)."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path, (404, {}, b""))
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_a_download_happens_once_and_is_checked(server: Server, tmp_path: Path) -> None:
    body = b"weights" * 1000
    digest = hashlib.sha256(body).hexdigest()
    server.answers["/a.pth"] = body
    seen: list[tuple[str, float, float]] = []
    for expected in ("", digest, digest[:8].upper()):
        path = download.fetch(f"{server.url}/a.pth", tmp_path, sha256=expected, progress=lambda *x: seen.append(x))
        assert path.read_bytes() == body
    assert server.asked == ["/a.pth"]
    assert seen == [("weights", 7000, 7000)]
    path.write_bytes(b"spoilt")
    assert download.fetch(f"{server.url}/a.pth", tmp_path, sha256=digest).read_bytes() == body
    assert left_in(tmp_path) == ["a.pth"]


def test_what_is_not_the_file_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.answers["/a.pth"] = b"something else"
    server.answers["/short.pth"] = (200, {"Content-Length": "100", "Connection": "close"}, b"only this")
    server.answers["/chunked.pth"] = (200, {"Content-Length": "", "Connection": "close"}, b"x" * 2000)
    server.answers["/away"] = (302, {"Location": "http://example.org/a.pth"}, b"")
    for place, options, error, words in (
        ("/a.pth", {"sha256": "0" * 64}, ModelError, "not the file that was expected"),
        ("/a.pth", {"limit": 5}, ModelError, "more than the"),
        ("/short.pth", {}, ModelError, "cut short|can't be reached"),
        ("/chunked.pth", {"limit": 500}, ModelError, "more than the"),
        ("/none.pth", {}, ModelError, "404"),
        ("/away", {}, UsageError, "https only"),
    ):
        with pytest.raises(error, match=words):
            download.fetch(server.url + place, tmp_path, **options)
    assert left_in(tmp_path) == []
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ModelError, match="can't be reached"):
        download.fetch(f"{server.url}/b.pth", tmp_path)


def test_the_hub_and_its_hash(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    body = b"weights of the hub"
    digest = hashlib.sha256(body).hexdigest()
    server.answers["/someone/net/resolve/main/pytorch_model.bin"] = (
        302,
        {"Location": f"{server.url}/storage", "X-Linked-ETag": f'"{digest}"'},
        b"",
    )
    server.answers["/storage"] = body
    assert download.fetch_from_hub("someone/net", tmp_path).read_bytes() == body
    assert server.asked[0].endswith("/model.safetensors")  # asked for first, and not there
    server.answers["/storage"] = b"other weights"
    server.answers["/someone/net/resolve/v2/w.pth"] = server.answers["/someone/net/resolve/main/pytorch_model.bin"]
    with pytest.raises(ModelError, match="not the file that was expected"):
        download.fetch_from_hub("someone/net@v2:w.pth", tmp_path)
    with pytest.raises(ModelError, match="the hub has no"):
        download.fetch_from_hub("someone/else", tmp_path)


def test_the_verb_with_an_address(
    server: Server,
    small_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    peer: Peer = dataclasses.replace(SMALL["eccv16"], source=f"{server.url}/w-{'0' * 8}.pth", sha256="")
    monkeypatch.setitem(PEERS, "eccv16", peer)
    server.answers[f"/w-{'0' * 8}.pth"] = small_weights.read_bytes()
    out = tmp_path / "x.onnx"
    assert convert.run("", name="eccv16", output=str(out), size=128, sha256="", overwrite=False) == 0
    assert "parameters" in capsys.readouterr().out
    assert photochrom.load_model(out).info.work_size == 128
    with pytest.raises(UsageError, match="there already"):
        convert.run("", name="eccv16", output=str(out), size=None, sha256="", overwrite=False)


@pytest.mark.parametrize("name", PEERS)
def test_what_is_fetched_is_pinned_by_a_whole_digest(name: str) -> None:
    peer = PEERS[name]
    assert re.fullmatch("[0-9a-f]{64}", peer.sha256)
    if download.is_hub_id(peer.source):  # a branch of the hub may hold another file tomorrow
        assert re.search("@[0-9a-f]{40}:", peer.source)
