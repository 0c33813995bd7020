"""Shards that are far away, fetched once into the cache. Nothing leaves this machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from photochrom.errors import PictureError, UsageError
from photochrom.pictures.find import find_pictures
from tests.test_pictures import png, write_shard


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two shards of a picture each; the cache is empty."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "far"
    folder.mkdir()
    for n in range(2):
        write_shard(folder / f"s-{n}.tar", {f"{n}.png": png(n)})
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def host(shards: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shards))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_host(shards: Path, host: str, tmp_path: Path) -> None:
    pictures = find_pictures([f"{host}/s-{{0..1}}.tar"])
    assert [(p.where, p.set_name, p.name) for p in pictures] == [
        (f"{host}/s-0.tar:0.png", "s", "0.png"),
        (f"{host}/s-1.tar:1.png", "s", "1.png"),
    ]
    assert tuple(pictures[1].pixels()[0, 0]) == (1, 100, 50)
    (shards / "s-0.tar").unlink()
    assert find_pictures([f"{host}/s-{{0..1}}.tar"]) == pictures, "what was fetched is kept"
    with pytest.raises(PictureError, match=r"s-9\.tar can't be fetched"):
        find_pictures([f"{host}/s-9.tar"])
    assert len(list((tmp_path / "cache" / "shards").iterdir())) == 2, "nothing half-fetched is left"


def test_a_file_and_memory(shards: Path) -> None:
    assert len(find_pictures([f"file://{shards}/s-{{0..1}}.tar"])) == 2
    fsspec.filesystem("memory").pipe("/far/m-0.tar", (shards / "s-0.tar").read_bytes())
    (picture,) = find_pictures(["memory://far/m-0.tar"])
    assert (picture.set_name, picture.name) == ("m", "0.png")


def test_a_command(shards: Path) -> None:
    place = f"pipe:cat {shards}/s-{{0..1}}.tar | cat"
    assert [p.set_name for p in find_pictures([place], commands=True)] == ["s", "s"]
    with pytest.raises(PictureError, match="exit code 3"):
        find_pictures([f"pipe:cat {shards}/s-0.tar; exit 3"], commands=True)


def test_a_package_that_is_missing(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(scheme: str) -> None:
        raise ImportError(f"Install s3fs to access {scheme}")

    monkeypatch.setattr(fsspec, "filesystem", absent)
    with pytest.raises(PictureError, match=r"a\.tar can't be fetched without the package s3fs: pip install"):
        find_pictures(["s3://bucket/a.tar"])


@pytest.mark.parametrize(
    "place",
    ["zip://x.tar::file://y.zip", "reference://x.tar", "file::http://x/y.tar", "git://x/y.tar", "FILE://x.tar", "://"],
)
def test_addresses_that_do_more_than_fetch(place: str, shards: Path) -> None:
    with pytest.raises(UsageError, match="use an address of https"):
        find_pictures([place])


def test_braces_that_do_not_close(shards: Path) -> None:
    with pytest.raises(UsageError, match="a brace too many or too few"):
        find_pictures(["https://host/{0..9.tar"])
