"""`photochrom batch` takes what the plain command takes, and does the same with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from photochrom import Photo
from photochrom.cli.group import COLOR
from photochrom.cli.main import app

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(command: Run) -> Run:
    return command


def test_every_option_of_colouring_is_an_option_of_both() -> None:
    def options(verb: str) -> dict[str, Any]:
        return {p.name: (p.opts, p.help) for p in get_command(app).commands[verb].params}  # type: ignore[attr-defined]

    plain, batch = options(COLOR), options("batch")
    own = {"files", "recursive", "variants", "sheet", "confidence", "max_memory", "origin", "skip_done", "version"}
    of_films = {name for name, (_, help) in plain.items() if (help or "").startswith("Of films")}
    assert plain.keys() - batch.keys() == own | of_films
    shared = plain.keys() & batch.keys() - {"output", "domain"}
    assert {name: plain[name] for name in shared} == {name: batch[name] for name in shared}


def test_pages_stay_together(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    pages = [Image.fromarray(np.full((30, 40), grey, np.uint8)) for grey in (40, 120, 200)]
    pages[0].save(tmp_path / "scans/old.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "scans/one.jpg")
    words = ("batch", "scans", "--model", "drawn.onnx", "--no-origin")
    assert run(*words, "-o", "out", "--pages", "all") == (0, "2 done\n")
    got = list(Photo.open_pages(tmp_path / "out/old.color.tif"))
    assert run("scans/old.tif", "--model", "drawn.onnx", "--pages", "all", "-o", "plain.tif")[0] == 0
    for ours, plain in zip(got, Photo.open_pages(tmp_path / "plain.tif"), strict=True):
        np.testing.assert_array_equal(ours.pixels, plain.pixels)
    code, told = run(*words, "-o", "out", "--pages", "1,3")  # other pages are another result
    assert code == 1 and "other settings" in told
    code, told = run(*words, "-o", "bmp", "--pages", "all", "--format", "bmp")
    assert code == 1 and "choose --format tiff" in told and told.endswith("1 done, 1 failed\n")
    assert [path.name for path in (tmp_path / "bmp").glob("o*")] == ["one.jpg.color.bmp"]


def test_a_band_is_chosen(run: Run, tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    (tmp_path / "scans").mkdir()
    bands = np.stack([np.full((32, 48), 50 * (n + 1), np.uint8) for n in range(4)])
    bands[3, :, :20] = 20
    tifffile.imwrite(tmp_path / "scans/s2.tif", bands, photometric="minisblack", planarconfig="separate")
    assert run("batch", "scans", "-o", "out", "--model", "drawn.onnx", "--bands", "4", "--no-origin")[0] == 0
    assert run("scans/s2.tif", "-o", "plain.tif", "--model", "drawn.onnx", "--bands", "4")[0] == 0
    assert (tmp_path / "out/s2.color.tif").read_bytes() == (tmp_path / "plain.tif").read_bytes()


def test_a_hint_counts(run: Run, draw: Callable[..., Path], tmp_path: Path) -> None:
    draw("scans/x.png", (96, 64))
    words = ("--model", "photo-fast", "--detail", "64", "--hint", "50%,50%=#7a1f1f")
    assert run("batch", "scans", "-o", "out", "--no-origin", *words)[0] == 0
    assert run("scans/x.png", "-o", "plain.png", *words)[0] == 0
    assert (tmp_path / "out/x.color.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


def test_a_sidecar_makes_the_same_bytes_again(run: Run, draw: Callable[..., Path], tmp_path: Path) -> None:
    draw("scans/a/x.jpg")
    words = (
        "batch",
        "scans",
        "-o",
        "out",
        "--model",
        "drawn.onnx",
        "--sidecar",
        "--strength",
        "0.7",
        "--quality",
        "80",
    )
    assert run(*words)[0] == 0
    assert sorted(path.name for path in (tmp_path / "out/a").iterdir()) == ["x.color.jpg", "x.color.jpg.json"]
    assert run("redo", "out/a/x.color.jpg", "-o", "again.jpg")[0] == 0
    assert (tmp_path / "again.jpg").read_bytes() == (tmp_path / "out/a/x.color.jpg").read_bytes()
    assert run(*words) == (0, "0 done, 1 done before\n")


def test_a_reference_that_has_changed_is_another_setting(draw: Callable[..., Path], tmp_path: Path) -> None:
    from photochrom import Guide, Settings, UsageError
    from photochrom.archive.work import Order
    from photochrom.batch.run import Options

    order = Order(options=Options(settings=Settings(guide=Guide(references=(str(draw("r.png")),)))))
    before = order.digest()
    assert order.digest() == before
    draw("r.png", (20, 20))
    assert order.digest() != before
    (tmp_path / "r.png").unlink()
    with pytest.raises(UsageError, match=r"can't read .*r\.png"):
        order.digest()


def test_restore_may_stand_alone(run: Run, draw: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    draw("scans/x.png")
    assert run("batch", "--restore", "scans", "-o", "out", "--model", "drawn.onnx") == (0, "1 done\n")
