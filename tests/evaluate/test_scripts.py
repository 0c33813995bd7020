"""The scripts load, and the one that a model card's figures come from runs."""

import runpy
from pathlib import Path

import pytest

from tests.evaluate.drawn import encoded, picture

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_loads(script: Path) -> None:
    assert runpy.run_path(str(script), run_name="script")["__doc__"]


def test_hints_bring_colours_nearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(1)))
    script = next(path for path in SCRIPTS if path.stem == "hint_curve")
    monkeypatch.setattr("sys.argv", [script.name, "--model", "photo-fast", "--data", str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[3:]]
    off = {int(count): float(ciede) for count, _, ciede in rows}
    assert off[200] < off[0]
