"""The scripts load, and the one that a model card's figures come from runs."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.drawn import encoded, picture, write_folder

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_loads(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(script.parent))  # as Python does for a script that it runs
    assert runpy.run_path(str(script), run_name="script")["__doc__"]


def call(monkeypatch: pytest.MonkeyPatch, script: str, *words: str) -> None:
    path = next(path for path in SCRIPTS if path.stem == script)
    monkeypatch.setattr("sys.argv", [path.name, *words])
    runpy.run_path(str(path), run_name="__main__")


def test_hints_bring_colours_nearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(1)))
    call(monkeypatch, "hint_curve", "--model", "photo-fast", "--data", str(tmp_path))
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[3:]]
    off = {int(count): float(ciede) for count, _, ciede in rows}
    assert off[200] < off[0]


def test_pairs_are_blind_and_votes_count_for_what_lay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [str(write_folder(tmp_path / name, 9, start)) for name, start in (("plain", 0), ("lively", 0))]
    (tmp_path / "lively" / "only-here.png").write_bytes(encoded(picture(3)))
    pairs = tmp_path / "pairs"
    call(monkeypatch, "blind_pairs", "make", *folders, "--count", "8", "-o", str(pairs))
    key = json.loads((pairs / "key.json").read_text())
    assert len(key) == 8 and len({row["name"] for row in key} - {"only-here"}) == 8
    assert sorted(row["left"] for row in key) == sorted(folders * 4)  # each on the left as often
    page = (pairs / "index.html").read_text()
    assert "plain" not in page and "lively" not in page
    assert all((pairs / f"{row['pair']:02}{side}.png").is_file() for row in key for side in "ab")
    assert (pairs / "sheet-2.png").is_file() and not (pairs / "sheet-3.png").exists()

    votes = [f"{row['pair']} {'left' if row['left'] == folders[1] else 'right'}" for row in key]
    (tmp_path / "votes.txt").write_text("\n".join([*votes[:6], f"{key[6]['pair']} same", ""]))
    capsys.readouterr()
    call(monkeypatch, "blind_pairs", "count", str(pairs), str(tmp_path / "votes.txt"))
    said = capsys.readouterr().out
    assert f"6 {folders[1]}" in said and f"0 {folders[0]}" in said and "1 same" in said and "0.03" in said
    (tmp_path / "votes.txt").write_text("99 left")
    with pytest.raises(SystemExit, match="no vote"):
        call(monkeypatch, "blind_pairs", "count", str(pairs), str(tmp_path / "votes.txt"))


def test_faces_are_found_and_their_skin_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from skimage import data

    (tmp_path / "astronaut.png").write_bytes(encoded(data.astronaut()[:300, 100:400]))
    (tmp_path / "coffee.png").write_bytes(encoded(data.coffee()))
    words = ("--data", str(tmp_path), "--model", "photo-fast", "--sheet", str(tmp_path / "faces.jpg"))
    call(monkeypatch, "skin_table", *words)
    said = capsys.readouterr().out
    assert said.startswith("1 faces")
    row = next(line for line in said.splitlines() if line.split("|")[2:3] and line.split("|")[2].strip() == "1")
    chroma = float(row.split("|")[3])
    assert 10 < chroma < 45
    assert (tmp_path / "faces.jpg").is_file()


def test_a_model_is_exported_again_with_another_gain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import photochrom
    from photochrom.network.models import find_model

    out, file = tmp_path / "livelier.onnx", str(find_model("photo-fast").file)
    call(monkeypatch, "reexport", file, "--gain", "1.3", "-o", str(out))
    again, model = photochrom.load_model(out), photochrom.load_model("photo-fast")
    assert (again.info.spec.gain, model.info.spec.gain) == (1.3, 1.0)
    grey = picture(2)[..., 1]
    apart = np.abs(again.colorize(grey).astype(int) - model.colorize(grey, strength=1.3))
    assert apart.mean() < 0.5
