"""The benchmark: small enough to run here; that its numbers are right is about arithmetic, not about speed."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PhotochromError, UsageError
from photochrom.evaluate.bench import memory, networks, report, rounds
from photochrom.evaluate.bench.command import bench, run
from photochrom.evaluate.bench.drawn import grey_picture, shape_of, write_jpeg
from photochrom.evaluate.bench.plan import Plan, full, quick, thread_counts
from photochrom.progress import silent
from tests.tiny_model import write_model


def small(folder: Path, **changes: Any) -> Plan:
    smallest: dict[str, Any] = {
        "models": (str(write_model(folder / "tiny.onnx")),),
        "peers": (),
        "sizes": (64, 96),
        "rounds": 2,
        "threads": (1, 2),
        "megapixels": (0.02, 0.05),
        "road_rounds": 2,
        "deep": 0.05,
        "folder_pictures": 2,
        "folder_megapixels": 0.02,
        "start_rounds": 1,
        "torch": False,
    }
    return dataclasses.replace(quick(), **{**smallest, **changes})


def test_everything_in_one_run(tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    assert run(small(tmp_path), out, command="photochrom bench", overwrite=False) == 0
    results = json.loads(out.with_suffix(".json").read_text())
    assert {row["size"] for row in results["networks"]} == {64, 96}
    assert [row["threads"] for row in results["threads"]] == [1, 2]
    for row in results["networks"]:
        assert 0 < row["ms"]["min"] <= row["ms"]["median"] <= row["ms"]["max"]
        assert row["ratio"] == {"min": 1, "median": 1, "max": 1}  # beside itself
    assert [row["megapixels"] for row in results["road"]] == [0.02, 0.05]
    assert all(row["ratio"]["min"] > 0 for row in results["road"])  # how much above 1 is the benchmark's to say
    assert {row["job"] for row in results["folder"]["rows"]} == {"decode + encode", "tiny"}
    assert len(results["memory"]) == 5
    assert len(results["start"]) == 4
    assert results["versions"]["numpy"] == np.__version__
    page = out.read_text()
    for words in ("`photochrom bench`", "## From file to file", "## Peak memory", "## Start-up", "**tiny**"):
        assert words in page
    for plot in tmp_path.glob("*.svg"):
        assert plot.name in page
        assert plot.read_text().rstrip().endswith("</svg>")
    with pytest.raises(UsageError, match="there already"):
        run(small(tmp_path), out, command="", overwrite=False)


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    for name, mode in (("a.jpg", "RGB"), ("sub/a.png", "L"), ("b.tif", "L")):
        Image.new(mode, (40, 30), 90 if mode == "L" else (90, 80, 70)).save(data / name)
    (data / "notes.txt").write_text("no picture")
    results = bench(small(tmp_path, data=data, megapixels=(0.02,), deep=0.0, threads=()))
    assert results["folder"]["pictures"] == 3
    assert results["threads"] == []
    with pytest.raises(UsageError, match="no picture"):
        empty = tmp_path / "empty"
        empty.mkdir()
        bench(small(tmp_path, data=empty, megapixels=(0.02,)))


def test_peers_stand_beside_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from photochrom.train.peers import PEERS

    peer = dataclasses.replace(PEERS["eccv16"], options={"bins": 20, "width": 8})
    monkeypatch.setitem(PEERS, "eccv16", peer)
    plan = small(tmp_path, peers=("eccv16",), torch=True, sizes=(64,))
    notes: list[str] = []
    models = networks.gather(plan, tmp_path, silent, notes)
    rows = networks.measure(models, plan, silent, notes)
    runs = {(row["model"], row["runtime"]) for row in rows}
    assert runs == {("tiny", "onnxruntime"), ("eccv16", "onnxruntime"), ("eccv16", "torch")}
    assert len(notes) == 1 and "tiny was not timed in torch" in notes[0]
    assert models[1].millions == pytest.approx(sum(p.numel() for p in peer.build().parameters()) / 1e6)


def test_without_the_extra_our_models_are_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    notes: list[str] = []
    models = networks.gather(small(tmp_path, peers=("eccv16",)), tmp_path, silent, notes)
    assert [model.name for model in models] == ["tiny"]
    assert "photochrom[train]" in notes[0]


def test_what_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.md"):
        run(small(tmp_path), tmp_path / "page.html", command="", overwrite=False)
    with pytest.raises(UsageError, match="no folder"):
        run(small(tmp_path), tmp_path / "none" / "page.md", command="", overwrite=False)
    with pytest.raises(UsageError, match="of ours"):
        bench(small(tmp_path, models=()))
    with pytest.raises(PhotochromError, match="free some memory"):
        memory.peak_of("floor", str(tmp_path / "missing.jpg"), str(tmp_path / "out.jpg"))


def test_rounds_take_turns() -> None:
    order: list[str] = []
    steps = {name: lambda name=name: order.append(name) for name in "ab"}
    seconds = rounds.in_turn(steps, 2, warm=1)
    assert order == list("ababab")
    assert [len(values) for values in seconds.values()] == [2, 2]


def test_ratios_are_taken_round_by_round() -> None:
    assert rounds.ratios([2, 8, 3], [1, 2, 3]) == {"min": 1, "median": 2, "max": 4}
    assert rounds.spread([3, 1, 2]) == {"min": 1, "median": 2, "max": 3}


def test_plans() -> None:
    assert thread_counts(1) == (1,)
    assert thread_counts(6) == (1, 2, 4, 6)
    assert full().megapixels == (1, 12, 24, 100)
    assert len(quick().peers) < len(full().peers)


@pytest.mark.skipif(sys.platform == "win32", reason="reads the memory another way there")
def test_memory_is_that_of_the_process_alone(tmp_path: Path) -> None:
    source = write_jpeg(tmp_path / "a.jpg", 0.02)
    held = np.ones(200 * 2**20, np.uint8)  # of this process, which starts the other
    assert 10 < memory.peak_of("floor", str(source), str(tmp_path / "out.jpg")) < 190
    assert memory.peak() > held.nbytes


def test_drawn_pictures_are_as_large_as_asked() -> None:
    width, height = shape_of(1.5)
    assert width * height == pytest.approx(1.5e6, rel=0.01)
    picture = grey_picture((width, height))
    assert picture.shape == (height, width)
    assert picture.std() > 20


def test_a_page_without_plots_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = bench(small(tmp_path, megapixels=(0.02,), deep=0.0, threads=()))
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    written = report.write(results, tmp_path / "page.md")
    assert [path.name for path in written] == ["page.md", "page.json"]
    assert "svg" not in written[0].read_text()
