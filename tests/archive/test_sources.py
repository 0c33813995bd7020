"""Sources are streamed, and the key of a picture is the same in every run and no other's."""

import io
import os
import tarfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from photochrom.archive.sources import check, items
from photochrom.batch.find import PassedOver
from photochrom.errors import PictureError, UsageError


def keys(*places: object) -> list[str]:
    return sorted(item.key for item in items([str(place) for place in places], PassedOver()))


def test_a_folder_gives_paths_and_passes_over_what_is_none(tmp_path: Path, draw: Callable[..., Path]) -> None:
    for name in ("s/a/x.jpg", "s/b/x.jpg", "s/x.color.jpg", "s/.hidden.jpg", "s/.folder/x.jpg"):
        draw(name)
    (tmp_path / "s" / "x.dng").write_bytes(b"raw")
    (tmp_path / "s" / "notes.txt").write_bytes(b"text")
    os.mkfifo(tmp_path / "s" / "pipe.jpg")
    (tmp_path / "s" / "loop").symlink_to(tmp_path / "s")
    passed = PassedOver()
    found = list(items([str(tmp_path / "s")], passed))
    assert sorted(item.key for item in found) == ["a/x.jpg", "b/x.jpg"]
    assert passed.unreadable == {".dng": 1} and passed.why == {"hidden": 2, "results": 1, "not_pictures": 1}
    assert found[0].read().startswith(b"\xff\xd8") and found[0].size and found[0].stamp


def test_nothing_is_listed_before_the_first_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(50):
        (tmp_path / f"{n}.jpg").write_bytes(b"x")
    seen = 0

    class Counted:
        def __init__(self, entries) -> None:
            self.entries = entries

        def __enter__(self):
            return self

        def __exit__(self, *error) -> None:
            self.entries.close()

        def __iter__(self):
            nonlocal seen
            for entry in self.entries:
                seen += 1
                yield entry

    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: Counted(real(path)))
    list(islice(items([str(tmp_path)], PassedOver()), 3))
    assert seen == 3


def test_several_places_of_one_name_keep_apart(draw: Callable[..., Path]) -> None:
    first, second = draw("one/scans/x.jpg"), draw("two/scans/x.jpg")
    assert keys(first.parent, second.parent) == ["scans/x.jpg", "scans~2/x.jpg"]


def tar(path: Path, *names: str) -> bytes:
    with tarfile.open(path, "w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(name[:4].ljust(4).encode()))
    return path.read_bytes()


def test_shards_give_their_pictures_and_never_lead_out(tmp_path: Path) -> None:
    tar(tmp_path / "s-0.tar", "a.jpg", "a.json", "../../etc/b.png", "/c.webp")
    found = {item.key: item.read() for item in items([str(tmp_path / "s-0.tar")], PassedOver())}
    assert found == {"s-0/a.jpg": b"a.jp", "s-0/etc/b.png": b"../.", "s-0/c.webp": b"/c.w"}


def test_a_shard_that_ends_early_gives_what_there_is(tmp_path: Path) -> None:
    whole = tar(tmp_path / "s.tar", "a.jpg", "b.jpg")
    (tmp_path / "s.tar").write_bytes(whole[:700])
    found = list(items([str(tmp_path / "s.tar")], PassedOver()))
    assert [item.key for item in found if not item.error] == ["s/a.jpg"]
    with pytest.raises(PictureError, match="whole copy"):
        found[-1].read()


def test_a_list_names_files_folders_and_what_is_gone(tmp_path: Path, draw: Callable[..., Path]) -> None:
    file, folder = draw("one/x.jpg"), draw("two/y.jpg").parent
    (tmp_path / "list.txt").write_text(f"# mine\n{file}\n\n{folder}\n{tmp_path}/gone.jpg\n")
    inside = str(tmp_path).strip("/")
    assert keys(f"@{tmp_path}/list.txt") == [f"{inside}/gone.jpg", f"{inside}/one/x.jpg", f"{inside}/two/y.jpg"]
    gone = next(i for i in items([f"@{tmp_path}/list.txt"], PassedOver()) if i.key.endswith("gone.jpg"))
    with pytest.raises(PictureError, match="is gone"):
        gone.read()


def test_storage_is_walked_and_read() -> None:
    fsspec = pytest.importorskip("fsspec")
    storage = fsspec.filesystem("memory")
    for name in ("a/x.jpg", "b/y.tif", "b/y.color.tif", "b/z.pdf", "b/.h.jpg"):
        storage.pipe_file(f"/scans/{name}", name.encode())
    passed = PassedOver()
    found = {item.key: item for item in items(["memory://scans"], passed)}
    assert sorted(found) == ["a/x.jpg", "b/y.tif"] and found["b/y.tif"].read() == b"b/y.tif"
    assert passed.unreadable == {".pdf": 1} and found["a/x.jpg"].stamp
    storage.rm("/scans", recursive=True)


@pytest.mark.parametrize("place", ["nowhere", "@nowhere.txt"])
def test_a_place_that_is_not_there_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="there is no nowhere"):
        check([place])


@pytest.mark.parametrize("place", ["zip://x::https://evil.example/x", "https://museum.example/scans"])
def test_addresses_of_other_kinds_are_refused(place: str) -> None:
    with pytest.raises(UsageError, match="use an address of"):
        keys(place)
