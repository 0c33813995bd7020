"""atomic_write: all of a file or nothing."""

import errno
import os
import sys
from pathlib import Path

import pytest

from photochrom import atomic
from photochrom.atomic import atomic_write
from photochrom.errors import OutputError, OutputExistsError


def test_writes_with_the_usual_permissions(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a") as out:
        out.write(b"x")
        assert not (tmp_path / "a").exists(), "not before it is whole"
    (tmp_path / "b").touch()
    assert (tmp_path / "a").read_bytes() == b"x"
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("problem", [ValueError("x"), KeyboardInterrupt()])
def test_nothing_is_left_when_the_block_raises(tmp_path: Path, problem: BaseException) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(type(problem)), atomic_write(tmp_path / "a", overwrite=True) as out:
        out.write(b"half")
        raise problem
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "denied"), (errno.EIO, "another place")]
)
def test_any_os_error_is_an_output_error(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(OutputError, match=words), atomic_write(tmp_path / "a") as out:
        out.write(b"half")
        raise OSError(number, os.strerror(number))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full's cousin, a limit on file size")
def test_a_real_full_disk(tmp_path: Path) -> None:
    """A file-size limit makes write() fail as a full disk does, in a child process so that the limit ends with it."""
    import subprocess

    code = (
        "import resource, signal, numpy as np, sys\n"
        "from photochrom.photo import Photo; from photochrom.errors import OutputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n"
        "photo = Photo.from_array(np.random.default_rng(0).integers(0, 65536, (300, 300, 3)).astype('u2'))\n"
        "for name in ('a.tif', 'a.png', 'a.jpg', 'a.bmp', 'a.webp'):\n"
        "    try:\n        photo.save(sys.argv[1] + '/' + name)\n"
        "    except OutputError as error:\n        print(name, error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=environment, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 5 and all("can't write" in line for line in lines), done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_missing_folder_folder_as_target_and_unwritable_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"), atomic_write(tmp_path / "no" / "a"):
        pass
    with pytest.raises(OutputExistsError), atomic_write(tmp_path):
        pass
    with pytest.raises(OutputError, match="folder"), atomic_write(tmp_path, overwrite=True):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OutputError), atomic_write(tmp_path / "file" / "a"):
        pass
    if hasattr(os, "geteuid") and os.geteuid() != 0:  # root may write anywhere
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        with pytest.raises(OutputError, match="denied"), atomic_write(locked / "a"):
            pass


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def no_links(*_: object) -> None:
            raise OSError(errno.EPERM, "no links on exFAT")

        monkeypatch.setattr(atomic.os, "link", no_links)
        with atomic_write(tmp_path / "b") as out:
            out.write(b"works all the same")
        assert (tmp_path / "b").read_bytes() == b"works all the same"
        (tmp_path / "b").unlink()
    with pytest.raises(OutputExistsError), atomic_write(tmp_path / "a") as out:
        out.write(b"ours")
        (tmp_path / "a").write_bytes(b"theirs")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"theirs")]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="Linux's /proc alone answers so")
def test_a_folder_that_is_there_is_not_called_missing() -> None:
    with pytest.raises(OutputError, match="nothing can be written to the folder /proc;"), atomic_write("/proc/x.png"):
        pass


def test_longest_names_work(tmp_path: Path) -> None:
    with atomic_write(tmp_path / ("n" * 251 + ".png")) as out:
        out.write(b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_links_are_written_through_and_a_dangling_one_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link", overwrite=True) as out:
        out.write(b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(OutputExistsError), atomic_write(tmp_path / "dangling"):
        pass
