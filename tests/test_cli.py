"""What the command does with pictures, options and mistakes; the network is a stand-in (see conftest.py)."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom.cli.main import app
from photochrom.errors import UnknownModelError, UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.settings import Settings
from tests.picture_files import tiff

from .conftest import FakeModel

Draw = Callable[..., Path]


class Run(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Run]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: FakeModel) -> Cli:
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Run:
        with pytest.raises(SystemExit) as left:
            app(list(args), prog_name="photochrom")
        out, err = capsys.readouterr()
        return Run(left.value.code or 0, out, err)  # type: ignore[arg-type]

    return run


def is_colored(path: Path) -> bool:
    with Image.open(path) as image:
        rgb = np.asarray(image.convert("RGB")).astype(int)
    return bool((rgb[..., 0] - rgb[..., 2]).mean() > 20)


def test_one_picture(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("old.jpg")
    run = cli("old.jpg")
    assert (run.code, run.out) == (0, "old.jpg -> old.color.jpg\n")
    assert run.err == "1 done, 0 failed\n"
    assert is_colored(tmp_path / "old.color.jpg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.color.jpg", "old.jpg"]


def test_options_reach_the_model(cli: Cli, draw: Draw, model: FakeModel) -> None:
    draw("a.jpg")
    assert cli("--detail", "512", "--strength=1.5", "a.jpg", "--vividness", "0", "--seed", "7", "--keep-tint").code == 0
    assert model.calls == [Settings(detail=512, strength=1.5, vividness=0.0, seed=7, keep_tint=True)]
    assert cli("a.jpg", "--variants", "2", "--overwrite").code == 0
    assert model.calls[1:] == [Settings(), Settings(seed=1)]


def test_model_and_device_are_asked_for(cli: Cli, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def load(name: str, *, device: str, domain: str | None, threads: int | None) -> None:
        asked.append((name, device))
        raise UnknownModelError("no model 'fotos'; did you mean photo?")

    monkeypatch.setattr(photochrom, "load_model", load)
    draw("a.jpg")
    run = cli("a.jpg", "--model", "fotos", "--device", "cpu")
    assert (run.code, run.err) == (2, "photochrom: no model 'fotos'; did you mean photo?\n")
    assert asked == [("fotos", "cpu")]


def test_bad_files_do_not_stop_the_good_ones(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("good.jpg"), draw("last.png")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "cut.jpg").write_bytes(draw("whole.jpg", (400, 300)).read_bytes()[:3000])
    (tmp_path / "folder").mkdir()
    run = cli("missing.jpg", "good.jpg", "empty.jpg", "text.jpg", "cut.jpg", "folder", "last.png")
    assert run.code == 1
    assert run.out.splitlines() == ["good.jpg -> good.color.jpg", "last.png -> last.color.png"]
    complaints = run.err.splitlines()
    assert complaints[-1] == "2 done, 5 failed"
    for line, name in zip(complaints[:-1], ("missing.jpg", "empty.jpg", "text.jpg", "cut.jpg", "folder"), strict=True):
        assert line.startswith("photochrom: ") and name in line
    assert len(list(tmp_path.glob("*.color.*"))) == 2
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_existing_result_is_kept_unless_told(cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel) -> None:
    draw("a.jpg")
    (tmp_path / "a.color.jpg").write_text("mine")
    run = cli("a.jpg")
    assert run.code == 1 and "--overwrite" in run.err and not model.calls
    assert (tmp_path / "a.color.jpg").read_text() == "mine"
    assert cli("a.jpg", "--overwrite").code == 0
    assert is_colored(tmp_path / "a.color.jpg")


def test_result_that_appears_meanwhile_is_kept(cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel) -> None:
    draw("a.jpg")
    model.before = lambda photo: (tmp_path / "a.color.jpg").write_text("mine")
    assert cli("a.jpg").code == 1
    assert (tmp_path / "a.color.jpg").read_text() == "mine"


def test_variants(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg")
    assert cli("a.jpg", "--variants", "3", "-o", "out").code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "a.color-2.jpg",
        "a.color-3.jpg",
        "a.color.jpg",
    ]


def test_folder_mirrored_twice(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg"), draw("in/b c/ü.png"), draw("in/.x.jpg"), (tmp_path / "in/notes.txt").touch()
    run = cli("-r", "in", "-o", "in/out")
    assert run.code == 0 and run.err == "2 done, 0 failed\n"
    assert is_colored(tmp_path / "in/out/a.color.jpg") and is_colored(tmp_path / "in/out/b c/ü.color.png")
    again = cli("-r", "in", "-o", "in/out", "--overwrite")  # its own results are no pictures to colour
    assert again.err == "2 done, 0 failed\n"


def test_json_lines(cli: Cli, draw: Draw, model: FakeModel) -> None:
    draw("a.jpg"), draw("in/b.jpg"), draw("in/.c.jpg")
    model.notes = lambda photo: (f"{photo.name} has colour already",)
    run = cli("a.jpg", "missing.jpg", "in", "-r", "--json", "--variants", "2")
    assert run.code == 1
    good, bad, _, summary = run.records
    assert good.pop("seconds") >= 0
    assert good == {
        "type": "file",
        "input": "a.jpg",
        "output": "a.color.jpg",
        "variants": ["a.color-2.jpg"],
        "status": "done",
        "error": None,
        "error_type": None,
        "confidence": None,
        "beside": [],
        "warnings": ["a.jpg has colour already"],
    }
    assert (bad["status"], bad["error_type"], bad["output"]) == ("failed", "PictureError", None)
    assert "missing.jpg" in bad["error"]
    assert summary.pop("seconds") >= 0
    assert summary == {
        "type": "summary",
        "done": 2,
        "failed": 1,
        "left": 0,
        "skipped": {"done": 0, "hidden": 1, "not_pictures": 0, "results": 0},
        "unreadable": {},
    }


def test_each_warning_goes_with_its_own_picture(cli: Cli, tmp_path: Path, model: FakeModel) -> None:
    """Pictures are opened ahead, in another thread: a warning given there belongs to the picture after this one."""
    for name in "abcd":
        (tmp_path / f"{name}.tif").write_bytes(tiff(np.zeros((4, 4), np.uint8), pages=2))
    records = cli("a.tif", "b.tif", "c.tif", "d.tif", "--json").records[:-1]
    told = "holds more than one picture; only the first is used"
    assert [r["warnings"] for r in records] == [[f"{n}.tif {told}"] for n in "abcd"]


def test_fault_of_ours_is_shown_and_the_run_goes_on(cli: Cli, draw: Draw, model: FakeModel) -> None:
    draw("a.jpg"), draw("b.jpg")

    def fail_once(photo: Any) -> None:
        model.before = lambda photo: None
        raise ZeroDivisionError("deep inside")

    model.before = fail_once
    run = cli("a.jpg", "b.jpg")
    assert run.code == 1 and run.out == "b.jpg -> b.color.jpg\n"
    assert "fail_once" in run.err and "deep inside" in run.err and "report" in run.err


def test_too_little_memory_is_one_sentence(cli: Cli, draw: Draw, model: FakeModel) -> None:
    def fail(photo: Any) -> None:
        raise MemoryError

    draw("a.jpg")
    model.before = fail
    run = cli("a.jpg")
    assert run.code == 1 and "memory" in run.err and "Traceback" not in run.err


def test_options_the_model_refuses_end_the_run_as_wrong_use(
    cli: Cli, draw: Draw, tmp_path: Path, model: FakeModel
) -> None:
    def refuse(photo: Any) -> None:
        raise UsageError("strength must be a number")

    draw("a.jpg"), draw("b.jpg")
    model.before = refuse
    run = cli("a.jpg", "b.jpg")
    assert (run.code, run.err) == (2, "photochrom: strength must be a number\n")
    assert not (tmp_path / "b.color.jpg").exists()


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ([], "--help"),
        (["a.jpg", "--strength", "2"], "strength"),
        (["a.jpg", "--vividness", "-1"], "vividness"),
        (["a.jpg", "--detail", "8"], "detail"),
        (["a.jpg", "--variants", "0"], "variants"),
        (["a.jpg", "--quality", "101"], "quality"),
        (["a.jpg", "--format", "gif"], "(?i)png"),
        (["a.jpg", "--nonsense"], "nonsense"),
        (["a.jpg", "--max-megapixels", "nan"], "finite"),
        (["a.jpg", "--max-megapixels", "inf"], "finite"),
        (["a.jpg", "--restore", "eye"], "--restore must be eyes or picture, got 'eye': did you mean 'eyes'"),
        (["film.mp4", "-o", "film.avi"], r"can't write a film as '.avi'; name it .mp4, .mov, .mkv, .webm"),
        (["a.jpg", "a.jpg", "b.jpg", "-o", "c.jpg"], "folder"),
        (["a.jpg", "-", "-o", "c.jpg"], "exactly one"),
        (["a.jpg", "-o", "-", "--json"], "--json"),
        (["a.jpg", "-o", "-", "--variants", "2"], "--variants"),
        (["-", "-o", "folder"], "name a file"),
        (["models", "a.jpg"], "a.jpg"),
    ],
)
def test_wrong_use(cli: Cli, draw: Draw, tmp_path: Path, args: list[str], hint: str) -> None:
    draw("a.jpg"), draw("b.jpg")
    run = cli(*args)
    assert run.code == 2 and run.out == ""
    assert re.search(hint, run.err)
    assert len(list(tmp_path.iterdir())) == 2


def test_options_before_files_and_names_like_options(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("-r.png"), draw("a b.png")
    assert cli("--quality", "80", "a b.png").code == 0
    assert cli("--", "-r.png").out == "-r.png -> -r.color.png\n"
    assert cli("./-r.png", "--overwrite").code == 0


def test_a_file_called_as_a_verb(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("x.png").rename(tmp_path / "models")
    assert cli("./models").out == "models -> models.color.png\n"


def test_options_of_films_are_named_where_they_do_nothing(cli: Cli, draw: Draw) -> None:
    draw("a.png"), draw("b.png")
    run = cli("a.png", "b.png", "--from", "2", "--crf", "20", "--deflicker", "--json")
    told = "--crf, --from and --deflicker are for films only, without effect on pictures"
    assert [told in record.get("warnings", []) for record in run.records] == [True, False, False]  # and the summary
    assert "without effect" not in cli("a.png", "--overwrite", "--json").out


def test_size_limit(cli: Cli, draw: Draw) -> None:
    draw("a.png", (200, 100))
    refused = cli("a.png", "--max-megapixels", "0.01")
    assert refused.code == 1 and "a.png" in refused.err
    assert cli("a.png", "--max-megapixels", "0.02").code == 0


def test_format_and_quality(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.png", (300, 200))
    assert cli("a.png", "--format", "jpg", "--quality", "30").code == 0
    assert cli("a.png", "-o", "b.jpg", "--quality", "95").code == 0
    with Image.open(tmp_path / "a.color.jpg") as image:
        assert image.format == "JPEG"
    assert (tmp_path / "a.color.jpg").stat().st_size < (tmp_path / "b.jpg").stat().st_size


def test_output_folder_that_can_not_be_made(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg"), (tmp_path / "file").touch()
    run = cli("a.jpg", "-o", "file/deeper/")
    assert run.code == 1 and "file/deeper" in run.err and "1 failed" in run.err


def test_models_table_and_json(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = NetworkSpec(licence="Apache-2.0", multiple=32, stride=4)
    scores = {"FID": 7.5, "LPIPS": 0.161}
    info = photochrom.ModelInfo(name="photo", file=Path("a.onnx"), spec=spec, size_bytes=12_300_000, scores=scores)
    monkeypatch.setattr(photochrom, "models", lambda: [info], raising=False)
    run = cli("models")
    assert run.code == 0
    head, row = run.out.splitlines()
    for part in ("photo", "12.3 MB", "Apache-2.0", "FID 7.5", "LPIPS 0.161"):
        assert part in row
    assert row.index("12.3") == head.index("SIZE")
    (told,) = json.loads(cli("models", "--json").out)
    assert (told["name"], told["scores"], told["licence"], told["output"]) == (
        "photo", scores, "Apache-2.0", "distribution",
    )  # fmt: skip


def test_help_shows_options_and_verbs(cli: Cli) -> None:
    run = cli("--help")
    assert run.code == 0 and run.out.startswith("Usage: photochrom [OPTIONS] ")
    for part in ("--strength", "--json", "--install-completion", "models", "color"):
        assert part in run.out
    assert cli("models", "--help").out.startswith("Usage: photochrom models ")


def test_help_loads_neither_rich_nor_the_network() -> None:
    code = (
        "import sys; from photochrom.cli.main import app\n"
        "try: app(['--help'], prog_name='photochrom')\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'onnxruntime', 'torch', 'scipy', 'photochrom.batch.run'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
