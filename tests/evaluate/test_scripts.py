"""What the scripts import from the package is there."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_loads(script: Path) -> None:
    assert runpy.run_path(str(script), run_name="script")["__doc__"]
