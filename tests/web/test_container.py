"""Dockerfile and compose.yaml: the linters find nothing, and no step is in them that CI doesn't do."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = runpy.run_path(str(ROOT / "scripts" / "try_dockerfile.py"), run_name="script")["steps"]


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        ["compose-lint", "--fail-on", "low", "compose.yaml"],
    ],
    ids=lambda command: command[0],
)
def test_a_linter_finds_nothing(command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} isn't installed")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_does_every_step_of_the_dockerfile() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^ *python scripts/try_dockerfile\.py ", ci, re.MULTILINE)
    kinds = [kind for kind, _ in STEPS(DOCKERFILE)]
    assert {"RUN", "USER", "HEALTHCHECK", "ENTRYPOINT"} <= set(kinds)
    for more in ("ADD https://host/x /x", "VOLUME /data", "ONBUILD RUN x"):
        with pytest.raises(SystemExit, match="so that CI does it too"):
            STEPS(f"{DOCKERFILE}\n{more}\n")


def test_both_files_speak_of_the_same_server() -> None:
    said = dict(STEPS(DOCKERFILE))
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert f":{said['EXPOSE']}/healthz" in said["HEALTHCHECK"]
    assert f"127.0.0.1:{said['EXPOSE']}:{said['EXPOSE']}" in compose
    assert "PHOTOCHROM_TOKEN" in compose and "PHOTOCHROM_TOKEN" in (ROOT / "src/photochrom/cli/serve.py").read_text()
    assert said["USER"].split(":")[0].isdecimal() and said["USER"] != "0:0"
