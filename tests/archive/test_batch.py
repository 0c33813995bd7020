"""`photochrom batch`: what is done is skipped, what failed waits, and a kill loses and doubles nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from photochrom.cli.main import main
from tests.tiny_model import write_model


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple]:
    """batch("scans", "-o", "out") gives exit code, stdout and stderr; a network drawn by hand does the colouring."""
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "drawn.onnx")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["photochrom", "batch", *words, "--model", "drawn.onnx", "--workers", "2"])
        with pytest.raises(SystemExit) as end:
            main()
        return (end.value.code or 0, *capfd.readouterr())

    return run


def results(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".photochrom-journal")
    }


def test_a_second_run_does_what_is_missing(batch, draw, tmp_path: Path) -> None:
    draw("scans/a/x.jpg"), draw("scans/b/x.jpg"), draw("scans/b/x.png")
    assert batch("scans", "-o", "out") == (0, "", "3 done\n")
    before = results(tmp_path / "out")
    assert sorted(before) == ["a/x.color.jpg", "b/x.color.jpg", "b/x.color.png"]
    draw("scans/c.tif")
    code, _, told = batch("scans", "-o", "out")
    assert (code, told) == (0, "1 done, 3 done before\n")
    assert before.items() <= results(tmp_path / "out").items()
    os.utime(tmp_path / "scans/a/x.jpg")  # touched, not changed
    assert batch("scans", "-o", "out")[2] == "0 done, 4 done before\n"


def test_the_same_pictures_as_the_plain_command(batch, draw, tmp_path: Path) -> None:
    import photochrom

    photochrom.load_model(write_model(tmp_path / "d.onnx")).colorize(draw("scans/x.png")).save(tmp_path / "plain.png")
    batch("scans", "-o", "out", "--no-origin")
    assert (tmp_path / "out/x.color.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


def test_other_settings_or_pictures_need_overwrite(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    batch("scans", "-o", "out")
    before = results(tmp_path / "out")
    code, _, told = batch("scans", "-o", "out", "--strength", "0.5")
    assert code == 1 and "other settings" in told and results(tmp_path / "out") == before
    assert batch("scans", "-o", "out", "--strength", "0.5", "--overwrite")[0] == 0
    assert results(tmp_path / "out") != before
    draw("scans/x.png", (20, 20))
    assert batch("scans", "-o", "out", "--strength", "0.5")[0] == 1
    assert batch("scans", "-o", "out", "--strength", "0.5", "--overwrite")[0] == 0


def test_failures_are_kept_and_tried_again_when_asked(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    (tmp_path / "scans/bad.jpg").write_bytes(b"no picture")
    code, _, told = batch("scans", "-o", "out")
    assert code == 1 and "bad.jpg is not a picture" in told and told.endswith("1 done, 1 failed\n")
    code, _, told = batch("scans", "-o", "out")
    assert code == 1 and "1 failed before" in told and "not a picture" not in told
    assert "1 failed" in batch("scans", "-o", "out", "--retry-failed")[2]
    draw("scans/bad.jpg")
    assert batch("scans", "-o", "out")[0] == 0  # it has changed


def test_a_stranger_of_that_name_is_never_replaced(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x.color.png").write_bytes(b"mine")
    code, _, told = batch("scans", "-o", "out")
    assert code == 1 and "exists already" in told and (tmp_path / "out/x.color.png").read_bytes() == b"mine"


def test_nor_is_it_in_a_second_run(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png"), draw("scans/y.tif")
    for name in ("x.color.png", "y.tif.color.png"):
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_bytes(b"mine")
    batch("scans", "-o", "out")
    assert batch("scans", "-o", "out")[0] == 1 and (tmp_path / "out/x.color.png").read_bytes() == b"mine"
    assert batch("scans", "-o", "out", "--format", "png", "--overwrite")[0] == 0
    assert (tmp_path / "out/x.color.png").read_bytes() != b"mine"


def test_a_result_of_another_name_is_no_leave_to_replace(batch, draw, tmp_path: Path) -> None:
    """What a killed run had announced is its own to write anew, and nothing else is."""
    from photochrom.archive.journal import Journal, Row

    draw("scans/y.tif")
    with Journal(tmp_path / "out/.photochrom-journal.sqlite") as journal:
        journal.begin(Row(key="y.tif", state="begun", output="y.color.tif"))
    for name in ("y.color.tif", "y.tif.color.png"):
        (tmp_path / "out" / name).write_bytes(b"half")
    assert batch("scans", "-o", "out", "--format", "png")[0] == 1
    assert (tmp_path / "out/y.tif.color.png").read_bytes() == b"half"
    assert batch("scans", "-o", "out")[0] == 0 and (tmp_path / "out/y.color.tif").read_bytes() != b"half"


def test_a_picture_that_the_format_can_not_hold_fails_alone(batch, draw, tmp_path: Path) -> None:
    draw("scans/long.png", (17000, 4)), draw("scans/x.png")
    code, _, told = batch("scans", "-o", "out", "--format", "webp")
    assert code == 1 and "long.png" in told and told.endswith("1 done, 1 failed\n")


def test_films_are_counted_and_left_to_the_plain_command(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    for name in ("film.mp4", "b/film.MP4", "film.color.mp4", "reel.mov"):
        (tmp_path / "scans" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(b"film")
    code, said, told = batch("scans", "-o", "out", "--json")
    assert code == 0 and json.loads(said.splitlines()[-1])["films"] == {".mov": 1, ".mp4": 2}
    assert "left alone, being films: 2 .mp4, 1 .mov; photochrom FILM... -o FOLDER" in told
    code, _, told = batch("scans/film.mp4", "scans/x.png", "-o", "named")  # one that was asked for is not passed over
    assert code == 1 and "film.mp4 is a film; photochrom scans/film.mp4 -o FOLDER colours it" in told
    assert told.endswith("1 done, 1 failed\n")


def test_a_target_inside_the_source_is_not_coloured_again(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    batch("scans", "-o", "scans/out")
    assert batch("scans", "-o", "scans/out")[2] == "0 done, 1 done before\n"


def test_dry_run_touches_nothing(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.png")
    code, said, told = batch("scans", "-o", "out", "--dry-run")
    assert (code, said, told) == (0, "x.png would be coloured\n", "0 done, 1 to be done\n")
    assert not (tmp_path / "out").exists()


def test_lines_for_programs(batch, draw) -> None:
    draw("scans/x.png")
    _, said, _ = batch("scans", "-o", "out", "--json")
    file, summary = map(json.loads, said.splitlines())
    assert file["input"] == "x.png" and file["output"] == "x.color.png" and file["status"] == "done"
    assert 0 <= file["confidence"] <= 1 and len(file["sha256"]) == 64 and summary["done"] == 1


def test_shards_in_and_out(batch, draw, tmp_path: Path) -> None:
    draw("scans/a/x.jpg"), draw("scans/b/x.jpg")
    assert batch("scans", "-o", "coloured.tar")[0] == 0
    with tarfile.open(tmp_path / "coloured-000000.tar") as archive:
        assert sorted(archive.getnames()) == ["a/x.color.jpg", "b/x.color.jpg"]
    assert batch("scans", "-o", "coloured.tar")[2] == "0 done, 2 done before\n"
    draw("scans/c.jpg")
    assert batch("scans", "-o", "coloured.tar")[2] == "1 done, 2 done before\n"
    assert batch("coloured-000000.tar", "-o", "again")[2] == "2 done\n"


def test_a_shard_that_was_finished_in_the_moment_of_a_kill_is_not_doubled(batch, draw, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    draw("scans/a.jpg"), draw("scans/b.jpg")
    batch("scans", "-o", "out.tar")
    with closing(sqlite3.connect(tmp_path / ".out-journal.sqlite")) as there:  # as before its results were confirmed
        there.execute("UPDATE pictures SET state = 'begun'")
        there.execute("UPDATE pictures SET output_sha256 = 'another' WHERE key = 'b.jpg'")  # of other settings, say
        there.commit()
    assert batch("scans", "-o", "out.tar")[2] == "1 done, 1 done before\n"
    with tarfile.open(tmp_path / "out-000001.tar") as archive:
        assert archive.getnames() == ["b.color.jpg"]


def test_storage_in_and_out(batch, draw) -> None:
    fsspec = pytest.importorskip("fsspec")
    storage = fsspec.filesystem("memory")
    storage.pipe_file("/in/a/x.jpg", draw("x.jpg").read_bytes())
    assert batch("memory://in", "-o", "memory://out")[0] == 0
    assert storage.cat_file("/out/a/x.color.jpg").startswith(b"\xff\xd8")
    assert batch("memory://in", "-o", "memory://out")[2] == "0 done, 1 done before\n"
    storage.rm("/in", recursive=True), storage.rm("/out", recursive=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere", "-o", "out"), "there is no nowhere"),
        (("scans", "-o", "ftp://x/y"), "use an address of"),
        (("scans", "-o", "out", "--memory", "lots"), "size of memory"),
        (("scans", "-o", "out", "--format", "gif"), "can't write"),
        (("scans", "-o", "out", "--pages", "two"), "pages must be all"),
        (("scans", "-o", "out", "--bands", "red"), "bands"),
        (("scans", "-o", "out", "--hint", "50%,50%=red"), "takes no hints"),
        (("scans", "-o", "out", "--device", "cuda"), "device 'cuda' is not available"),
        (("scans", "-o", "out.tar", "--sidecar"), "folders of the disk"),
        (("scans", "-o", "out", "--sidecar", "--pages", "all"), "leave out --pages"),
    ],
)
def test_wrong_use_is_one_sentence(batch, draw, words: tuple[str, ...], told: str) -> None:
    draw("scans/x.png")
    code, _, said = batch(*words)
    assert code == 2 and told in said and said.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("target", ["out", "out.tar"])
def test_kills_lose_and_double_nothing(target: str, draw, tmp_path: Path) -> None:
    for n in range(24):
        draw(f"scans/{n % 3}/{n}.png", (60 + n, 50))
    write_model(tmp_path / "drawn.onnx")
    command = [sys.executable, "-m", "photochrom", "batch", "scans", "-o", target, "--model", "drawn.onnx", "--json"]
    random.seed(25)
    told: list[str] = []
    for _ in range(6):
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(random.randint(1, 6)):
            told.append(process.stdout.readline())
        time.sleep(random.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        told += process.communicate()[0].splitlines()
    end = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 0 and end.stderr.count("failed") == 0
    wanted = sorted(f"{n % 3}/{n}.color.png" for n in range(24))
    if target == "out":
        assert sorted(results(tmp_path / "out")) == wanted  # neither lost nor doubled, no leftovers
        fresh = subprocess.run([*command[:6], "fresh", *command[7:]], cwd=tmp_path, capture_output=True)
        assert fresh.returncode == 0 and results(tmp_path / "fresh") == results(tmp_path / "out")
    else:
        names = []
        for path in tmp_path.glob("out-*.tar"):
            with tarfile.open(path) as archive:
                names += archive.getnames()
        assert sorted(names) == wanted
        assert not list(tmp_path.glob(".out*.part"))


def test_reports_and_checksums(batch, draw, tmp_path: Path) -> None:
    import csv
    import hashlib

    draw("scans/a/x.jpg"), draw("scans/<b>.png")
    (tmp_path / "scans/bad.jpg").write_bytes(b"no picture")
    wanted = ["--report", "report.html", "--report", "all.csv", "--bag"]
    assert batch("scans", "-o", "deposit/data", *wanted)[0] == 1
    page = (tmp_path / "report.html").read_text()
    assert "2 done, 1 failed" in page and page.count("data:image/jpeg") == 2
    assert "&lt;b&gt;.png" in page and "<b>" not in page and "bad.jpg is not a picture" in page
    with open(tmp_path / "all.csv", newline="") as lines:
        rows = {row["key"]: row for row in csv.DictReader(lines)}
    assert rows["bad.jpg"]["state"] == "failed" and 0 <= float(rows["a/x.jpg"]["confidence"]) <= 1
    for line in (tmp_path / "deposit/manifest-sha256.txt").read_text().splitlines():
        digest, name = line.split("  ", 1)
        assert hashlib.sha256((tmp_path / "deposit" / name).read_bytes()).hexdigest() == digest
    assert (tmp_path / "deposit/bagit.txt").exists()


def test_a_bag_holds_what_its_manifest_names_and_nothing_else(batch, draw, tmp_path: Path) -> None:
    draw("scans/a/x.jpg")
    assert batch("scans", "-o", "deposit/data", "--bag", "--sidecar")[0] == 0
    lines = (tmp_path / "deposit/manifest-sha256.txt").read_text().splitlines()
    named = {line.split("  ", 1)[1] for line in lines}
    payload = [path for path in (tmp_path / "deposit/data").rglob("*") if path.is_file()]
    assert named == {path.relative_to(tmp_path / "deposit").as_posix() for path in payload} and len(named) == 2
    batch("scans", "-o", "other/data")
    code, _, told = batch("scans", "-o", "other/data", "--bag")
    assert code == 2 and "move it to" in told


def test_a_table_in_parquet(batch, draw, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    draw("scans/x.jpg")
    batch("scans", "-o", "out", "--report", "all.parquet")
    table = parquet.read_table(tmp_path / "all.parquet").to_pylist()
    assert [row["key"] for row in table] == ["x.jpg"] and table[0]["width"] == 40


@pytest.mark.parametrize("words", [("--report", "x.xls"), ("--bag",)])
def test_reports_that_cannot_be_are_refused_before(batch, draw, tmp_path: Path, words: tuple[str, ...]) -> None:
    draw("scans/x.jpg")
    assert batch("scans", "-o", "out", *words)[0] == 2
    assert not (tmp_path / "out").exists()


def test_wrong_places_are_told_before_anything_is_made(batch, draw, tmp_path: Path) -> None:
    draw("scans/x.jpg")
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    code, _, told = batch("scans", "-o", "file")
    assert code == 2 and "is a file" in told
    code, _, told = batch("scans", "-o", "out", "--journal", "folder")
    assert code == 2 and "is a folder" in told
    code, _, told = batch("foo://x/y", "-o", "out")
    assert code == 2 and "use an address of" in told and not (tmp_path / "out").exists()


def test_a_cluster_that_is_not_there_is_told_soon(batch, draw) -> None:
    pytest.importorskip("ray")
    draw("scans/x.jpg")
    code, _, told = batch("scans", "-o", "out", "--engine", "ray", "--address", "127.0.0.1:9")
    assert code == 2 and "no Ray cluster" in told and told.count("\n") <= 2
