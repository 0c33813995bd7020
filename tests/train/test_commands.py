"""A command among the places of pictures is run for --data alone, never for what stands in a file."""

import json
from pathlib import Path

import pytest
import torch
from tiny_training import draw_pictures, tiny_recipe
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.errors import PhotochromError, UsageError
from photochrom.evaluate.training.compare import compare
from photochrom.pictures.find import find_pictures
from photochrom.train.recipe import Recipe
from tests.train.runs import write_run


@pytest.fixture
def proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a command would make."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "it-was-run"


@pytest.mark.parametrize(
    "place",
    [
        "pipe:touch {}",
        "{{pipe:touch {},x}}",
        "{{pipe:touch {},x}}://",
        "{{pi,pa}}pe:touch {}://",
        "PIPE:touch {}://",
        "pi\tpe:touch {}://",
        " \npipe:touch {} ://",
        "\\pipe:touch {} ://",
        "file://x{{,.tar}}pipe:touch {}",
    ],
)
def test_however_it_is_written(place: str, proof: Path) -> None:
    with pytest.raises(PhotochromError):
        find_pictures([place.format(proof)])
    assert not proof.exists()


def test_what_the_user_typed_is_run(proof: Path) -> None:
    with pytest.raises(PhotochromError):
        find_pictures([f"pipe:touch {proof}"], commands=True)
    assert proof.exists()


def test_in_a_recipe(tmp_path: Path, proof: Path) -> None:
    recipe = tmp_path / "somebodys.toml"
    values = tiny_recipe(data={"other": f"pipe:touch {proof}"}, network={"kind": "cyclegan"}).to_dict()
    recipe.write_text(Recipe.from_dict({**values, "method": "cyclegan"}).to_toml())
    pictures = draw_pictures(tmp_path / "pictures", 4)
    done = CliRunner().invoke(app, ["train", str(recipe), "--data", str(pictures), "--out", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert "only run for --data" in " ".join(done.stderr.split())
    assert not proof.exists()


def test_in_the_files_of_a_run(tmp_path: Path, proof: Path) -> None:
    runs = [write_run(tmp_path / name) for name in ("a", "b")]
    for run in runs:
        (run / "recipe.toml").write_text(tiny_recipe().to_toml())
        (run / "run.json").write_text(json.dumps({"data": {"places": [f"pipe:touch {proof}"]}}))
    with pytest.raises(UsageError, match="only run for --data"):
        compare(runs, tmp_path / "report.html", load=lambda run: torch.nn.Identity())
    assert not proof.exists()
