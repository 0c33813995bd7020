"""Nothing about one file ends a run of many, and a second run does only what is missing."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from photochrom.network.models import ModelInfo
from photochrom.photo import Photo
from tests.test_cli import Cli, FakeModel, cli, is_colored

Draw = Callable[..., Path]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
__all__ = ["cli"]  # the fixture


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_suffix_of_a_format_goes_through(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    jpeg = draw("in/a.jpg").read_bytes()
    for name in ("b.jfif", "c.jpe", "d.JPE"):
        (tmp_path / "in" / name).write_bytes(jpeg)
    run = cli("in", "-r")
    assert (run.code, run.err) == (0, "4 done, 0 failed\n")
    for name in ("b.color.jfif", "c.color.jpe", "d.color.JPE"):
        with Image.open(tmp_path / "in" / name) as image:
            assert image.format == "JPEG"
    assert cli("in/a.jpg", "-o", "x.jfif").code == 0
    assert cli("in/a.jpg", "--format", "jfif", "-o", "y/").code == 0


def test_kinds_that_are_not_read_are_counted_and_named(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg")
    for name in ("a.pdf", "b.PDF", "c.dng", "deep/d.psd", "e.tga", "f.pcx", "notes.txt"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"whatever")
    run = cli("in", "-r")
    assert (run.code, run.out) == (0, "in/a.jpg -> in/a.color.jpg\n")
    first, last = run.err.splitlines()
    assert first.startswith("6 files are of kinds that photochrom doesn't read: .pdf, ") and ".psd" in first
    assert last == "1 done, 0 failed"
    (summary,) = cli("in", "-r", "--json", "--skip-done").records[1:]
    assert summary["unreadable"] == {".dng": 1, ".pcx": 1, ".pdf": 2, ".psd": 1, ".tga": 1}
    assert summary["skipped"] == {"done": 1, "hidden": 0, "not_pictures": 1, "results": 1}


def test_a_picture_of_an_unread_kind_that_is_named_fails_alone(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), (tmp_path / "b.psd").write_bytes(b"8BPS whatever")
    run = cli("b.psd", "a.jpg")
    assert run.code == 1 and run.out == "a.jpg -> a.color.jpg\n" and "b.psd" in run.err


@posix
def test_names_that_are_too_long_for_a_result(cli: Cli, draw: Draw) -> None:
    draw("n" * 248 + ".jpg"), draw("z.jpg")
    run = cli(".", "-r")
    assert run.code == 1 and "z.jpg -> z.color.jpg" in run.out
    assert "too long" in run.err and "Traceback" not in run.err and "1 done, 1 failed" in run.err


def test_what_an_encoder_can_not_write_is_that_pictures_failure(
    cli: Cli, draw: Draw, model: FakeModel, tmp_path: Path
) -> None:
    draw("a.jpg"), draw("b.jpg")

    def spoil(photo: Photo) -> None:
        if photo.name == "a.jpg":
            photo.xmp = 7  # type: ignore[assignment]

    model.before = spoil
    run = cli("a.jpg", "b.jpg")
    assert run.code == 1 and run.out == "b.jpg -> b.color.jpg\n"
    assert run.err.startswith("photochrom: can't write a.jpg as JPEG") and "Traceback" not in run.err
    assert files(tmp_path) == ["a.jpg", "b.color.jpg", "b.jpg"]


@posix
def test_fifos_and_devices_of_a_folder_are_never_opened(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg"), draw("real.jpg")
    os.mkfifo(tmp_path / "in/fifo.jpg")
    (tmp_path / "in/behind.jpg").symlink_to("fifo.jpg")
    (tmp_path / "in/zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "in/link.jpg").symlink_to("../real.jpg")
    for names in (["in", "-r"], ["in/*.jpg"]):
        run = cli(*names, "--json", "--overwrite")
        assert run.code == 0
        assert [r["input"] for r in run.records[:-1]] == ["in/a.jpg", "in/link.jpg"]
        assert run.records[-1]["skipped"]["not_pictures"] == 3
    refused = cli("in/zero.jpg", "real.jpg")
    assert refused.code == 1 and "device" in refused.err and "1 done, 1 failed" in refused.err


@posix
def test_a_fifo_that_is_named_is_read(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    writer = subprocess.Popen(["cp", str(draw("a.jpg")), "fifo.jpg"], cwd=tmp_path)
    assert cli("fifo.jpg").out == "fifo.jpg -> fifo.color.jpg\n"
    assert writer.wait() == 0


@posix
def test_a_link_that_leads_nowhere_says_so(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    run = cli("gone.jpg", "a.jpg")
    assert run.code == 1 and "gone.jpg is a link to nowhere.jpg" in run.err and "1 done, 1 failed" in run.err


# A second run


def test_a_second_run_does_only_what_is_missing(cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel) -> None:
    draw("in/a.jpg"), draw("in/b.jpg")
    assert cli("in", "-r", "-o", "out", "--skip-done").err == "2 done, 0 failed\n"
    draw("in/deep/c.jpg")
    run = cli("in", "-r", "-o", "out", "--skip-done", "--json")
    assert run.code == 0 and [r["status"] for r in run.records[:-1]] == ["skipped", "skipped", "done"]
    assert run.records[0]["output"] == str(Path("out/a.color.jpg"))
    assert (run.records[-1]["done"], run.records[-1]["skipped"]["done"]) == (1, 2)
    quiet = cli("in", "-r", "-o", "out", "--skip-done")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "0 done, 0 failed, 3 there already\n")
    assert cli("in/*.jpg", "-o", "out", "--skip-done").err == "0 done, 0 failed, 2 there already\n"
    assert cli("in/a.jpg", "-o", "out/a.color.jpg", "--skip-done").code == 0
    assert len(model.calls) == 3


def test_variants_are_done_when_all_are_there(cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel) -> None:
    draw("a.jpg")
    assert cli("a.jpg", "--variants", "3").code == 0
    kept = (tmp_path / "a.color.jpg").stat()
    (tmp_path / "a.color-2.jpg").unlink()
    (tmp_path / "a.color-3.jpg").write_bytes(b"")  # a name that was reserved, as a killed run leaves it on exFAT
    run = cli("a.jpg", "--variants", "3", "--skip-done")
    assert (run.code, run.err) == (0, "1 done, 0 failed\n")
    assert is_colored(tmp_path / "a.color-2.jpg") and is_colored(tmp_path / "a.color-3.jpg")
    now = (tmp_path / "a.color.jpg").stat()
    assert (now.st_ino, now.st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)
    assert cli("a.jpg", "--variants", "3", "--skip-done").err == "0 done, 0 failed, 1 there already\n"


def test_a_result_older_than_its_picture_is_not_done(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), draw("b.jpg")
    assert cli("a.jpg", "b.jpg").code == 0
    os.utime(tmp_path / "a.color.jpg", (1e9, 1e9))
    run = cli("a.jpg", "b.jpg", "--skip-done")
    assert run.code == 1 and "older" in run.err and "--overwrite" in run.err
    assert cli("a.jpg", "b.jpg", "--skip-done", "--overwrite").err == "1 done, 0 failed, 1 there already\n"
    assert (tmp_path / "a.color.jpg").stat().st_mtime > 1e9


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_result_of_another_picture_is_not_taken_for_done(cli: Cli, draw: Draw, tmp_path: Path, suffix: str) -> None:
    """One name, two runs, one folder: the sizes show it, or the lightness, which every result has from its picture."""
    a, b, c = (f"{folder}/scan.{suffix}" for folder in "abc")
    draw(a), draw(b, (50, 30)), draw(c)
    with Image.open(tmp_path / a) as image:
        image.transpose(Image.Transpose.ROTATE_180).save(tmp_path / c)
    assert cli(a, "-o", "out").code == 0
    assert cli(a, "-o", "out", "--skip-done").err == "0 done, 0 failed, 1 there already\n"
    for other in (b, c):
        run = cli(other, "-o", "out", "--skip-done")
        assert run.code == 1 and "is of another picture than" in run.err
    assert cli(c, "-o", "out", "--skip-done", "--domain", "sketch").code == 0  # drawings have no lightness to compare


def test_a_sidecar_says_whose_result_it_is(
    cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "info", ModelInfo(name="fake", file=tmp_path), raising=False)
    draw("a.png")
    assert cli("a.png", "-o", "out", "--sidecar").code == 0
    result = tmp_path / "out/a.color.png"
    with Image.open(result) as image:
        brighter = image.point(lambda value: 128 + value // 2)
    brighter.save(result)  # as --restore picture may do
    assert cli("a.png", "-o", "out", "--skip-done").err == "0 done, 0 failed, 1 there already\n"
    (tmp_path / "out/a.color.png.json").write_text("[]")
    assert cli("a.png", "-o", "out", "--skip-done").code == 1


# What a killed run leaves behind


def killed_while_writing(folder: Path) -> str:
    """The name of the temporary file of a process that has been killed with a file half written."""
    code = (
        "import os, signal, sys; from photochrom.atomic import atomic_write\n"
        "with atomic_write(sys.argv[1]) as out:\n    out.write(b'half'); out.flush(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder / "x.jpg")], check=False)
    (name,) = (path.name for path in folder.iterdir() if path.name.endswith(".part"))
    return name


def test_leftovers_are_taken_away_by_the_next_run(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), (tmp_path / "out").mkdir(), draw("other/b.jpg")
    killed_while_writing(tmp_path / "out"), killed_while_writing(tmp_path / "other")
    assert cli("a.jpg", "-o", "out").code == 0
    assert files(tmp_path / "out") == ["a.color.jpg"]
    assert len(files(tmp_path / "other")) == 2, "no folder that the run has nothing to do with"
    killed_while_writing(tmp_path / "out")
    assert cli("a.jpg", "-o", "out", "--skip-done").code == 0
    assert files(tmp_path / "out") == ["a.color.jpg"]


def test_only_files_that_are_ours_and_left_are_taken_away(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), (tmp_path / "out").mkdir()
    ours = killed_while_writing(tmp_path / "out")
    start, machine, _, rest = ours.split("-")
    elsewhere = f"{start}-{'0' * 8 if machine != '0' * 8 else '1' * 8}"
    kept = {
        f"{start}-{machine}-{os.getpid()}-{rest}",  # still at work
        f"{elsewhere}-1-{rest}",  # of another machine, and new
        f"{start}-mine.part",
        "holiday.part",
    }
    for name in (*kept, f"{elsewhere}-2-{rest}"):
        (tmp_path / "out" / name).write_bytes(b"half")
    long_ago = time.time() - 4000
    os.utime(tmp_path / "out" / f"{elsewhere}-2-{rest}", (long_ago, long_ago))
    assert cli("a.jpg", "-o", "out").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*kept, "a.color.jpg"}
