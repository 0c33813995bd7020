"""README keeps its word: its commands and its Python run, its JSON, its tables and its links are true.

Each line of a block of shell runs as it stands, in a folder with the files that it names. `photochrom` is the real
command, but for the verbs that need torch or take long: these read their words and options, which refuses what doesn't
exist, and stop there. `pip` and `pytest` are held against pyproject.toml.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

import photochrom
from photochrom.cli.main import app
from tests.test_layers import ORDER
from tests.tiny_model import write_model

ROOT = Path(__file__).parents[1]
PACKAGE = Path(photochrom.__file__).parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *PACKAGE.glob("**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
posix = pytest.mark.skipif(os.name != "posix", reason="README's lines are of a POSIX shell")

# The verbs that need torch or take long, of which only the words and options are read.
LONG = (
    "bench",
    "bins",
    "compare",
    "convert",
    "curves",
    "evaluate",
    "explain",
    "export",
    "finetune",
    "serve",
    "sweep",
    "train",
    "weights",
)
COMMAND = f"""#!{sys.executable}
import shutil, sys, typer
from photochrom.cli.main import app, main

def instead(**options):
    for value in options.values():
        if str(value).endswith(".onnx"):
            shutil.copy("drawn-network", value)

verb = sys.argv[1]
if verb in {LONG}:
    group = typer.main.get_command(app)
    group.commands[verb].callback = instead
    group(prog_name="photochrom")
main()
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def lines(language: str) -> list[str]:
    return [line for block in blocks(language) for line in block.splitlines() if line and not asks_a_server(line)]


def asks_a_server(text: str) -> bool:
    """Whether it needs `photochrom serve`: tests/web/test_readme.py runs it."""
    return "127.0.0.1" in text and "serve" not in text


def inline() -> list[str]:
    """What stands between backticks in the running text."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures called as README calls them, small, and a place for the commands beside them."""
    with Image.open(ROOT / "samples" / "cat.jpg") as image:
        small = image.resize((90, 60))
    for name in (
        "old.jpg",
        "other.jpg",
        "old.tif",
        "scans/1900/a.jpg",
        "samples/cat.jpg",
        "pictures/a.jpg",
        "drawing.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        small.save(path)
    grey = small.convert("L")
    Image.merge("RGB", (grey, grey.rotate(180), grey)).save(tmp_path / "first.jpg")  # in colour
    return tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of README; what `pip` and `pytest` were asked for is in the file `asked` of the folder."""
    commands = folder / "bin"
    commands.mkdir()
    asked = '#!/bin/sh\necho "$(basename "$0") $*" >> asked\n'
    for name, script in {"photochrom": COMMAND, "pip": asked, "pytest": asked}.items():
        (commands / name).write_text(script, encoding="utf-8")
        (commands / name).chmod(0o755)
    write_model(folder / "drawn-network")
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )


@posix
@pytest.mark.parametrize("line", lines("sh"))
def test_command(line: str, folder: Path) -> None:
    done = shell(line, folder)
    assert done.returncode == 0, done.stderr
    _, _, comment = line.partition("#")
    for name in re.findall(r"\S+\.color\S*\.jpg", comment):  # results that the comment promises
        assert (folder / name.rstrip(",")).exists()
    asked = folder / "asked"
    for words in map(shlex.split, asked.read_text().splitlines() if asked.exists() else []):
        if words[0] == "pip":
            assert words[1] == "install"
            assert extras(words[-1]) <= declared_extras()
        else:
            assert words == ["pytest"]


def extras(requirement: str) -> set[str]:
    found = re.fullmatch(r"\.(?:\[([\w,-]+)\])?", requirement)
    assert found, f"{requirement} is not this checkout"
    return set((found[1] or "").split(",")) - {""}


def declared_extras() -> set[str]:
    section = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.optional-dependencies]")[2]
    return set(re.findall(r"^(\w+) = \[", section.partition("\n[project.")[0], re.MULTILINE))


@posix
@pytest.mark.parametrize(
    "line",
    [
        "photochrom old.jpg --colour 2",
        "photochrom train unet-cgan --data pictures --speed 2",
        "photochrom paint old.jpg",
    ],
)
def test_command_that_does_not_exist_is_noticed(line: str, folder: Path) -> None:
    assert shell(line, folder).returncode != 0


def test_recipes_of_commands_ship() -> None:
    named = re.findall(r"photochrom train ([\w-]+)", README)
    assert named
    for name in named:
        assert (PACKAGE / "recipes" / f"{name}.toml").exists()


def test_models_of_commands_ship() -> None:
    named = set(re.findall(r"--model ([\w-]+)(?![\w.-])", README))
    assert {"photo", "photo-fast"} <= named <= {info.name for info in photochrom.models()}


def test_scripts_exist() -> None:
    for line in lines("sh") + inline():
        if found := re.match(r"(?:python )?(scripts/\S+)", line):
            assert (ROOT / found[1]).exists()


def known_options() -> Iterator[str]:
    group = typer.main.get_command(app)
    for command in (group, *group.commands.values()):
        for param in command.params:
            yield from param.opts


def test_words_between_backticks_are_of_the_command() -> None:
    verbs = set(typer.main.get_command(app).commands)
    options = {*known_options(), "--help"}
    for text in inline():
        words = shlex.split(text)
        assert {word for word in words if word.startswith("--")} <= options, text
        if words[0] == "photochrom" and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in verbs, text
    more = README.partition("More verbs: ")[2].partition(". ")[0]
    assert set(re.findall(r"`(\w+)`", more)) <= verbs


@pytest.fixture
def namespace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What README's Python takes for granted."""
    monkeypatch.chdir(folder)
    with Image.open("old.jpg") as picture:
        picture.load()
    return {"array": np.asarray(picture), "picture": picture, "path": "old.jpg", "photochrom": photochrom}


def test_python(namespace: dict[str, Any]) -> None:
    for block in blocks("python"):  # each goes on where the one before ended
        if not asks_a_server(block):
            exec(block, namespace)
    assert Path("new.jpg").exists() and Path("red.jpg").exists()
    assert namespace["colored"].shape == (*namespace["array"].shape[:2], 3)
    called = [text for text in inline() if re.match(r"(?:model|photochrom|Photo)\.", text)]
    assert len(called) > 3
    results = {text: eval(text, namespace) for text in called}
    assert len(results["model.variants(picture, 3)"]) == 3


@posix
def test_json(folder: Path) -> None:
    written = shell("photochrom old.jpg --json", folder)
    shown = [json.loads(line) for line in lines("json")]
    real = [json.loads(line) for line in written.stdout.splitlines()]
    assert [one.keys() for one in shown] == [one.keys() for one in real]
    for one, other in zip(shown, real, strict=True):
        assert {key: type(value) for key, value in one.items()} == {key: type(value) for key, value in other.items()}
        timeless = {key: value for key, value in one.items() if key not in ("seconds", "confidence")}
        assert timeless == {key: other[key] for key in timeless}


def test_table_of_models() -> None:
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in README.splitlines()
        if line.startswith("| [")
    ]
    shown = [info for info in photochrom.models() if info.domain == "photo"]  # docs/domains.md has the others
    assert len(rows) == len(shown)
    for info, row in zip(shown, rows, strict=True):
        scores = info.scores
        assert row[0] == f"[{info.name}](src/photochrom/weights/{info.name}.md)"
        assert row[1] == f"{info.size_bytes / 1e6:.1f} MB"
        assert [float(cell.split()[0]) for cell in row[3:6]] == [
            scores["fid"],
            scores["lpips_alex"],
            scores["ciede2000"],
        ]
        assert [row[7], row[8]] == [str(scores["colorfulness"]), f"{scores['tinted_share']:.1%}".replace("%", " %")]


def test_one_version_is_told_everywhere() -> None:
    for file, line in {"pyproject.toml": r'version = "(.+)"', "CITATION.cff": r"version: (.+)"}.items():
        assert (
            re.search(f"^{line}$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)[1] == photochrom.__version__
        )


def test_rooms_of_contributing_are_those_of_the_layers() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| Room |")[2]
    rooms = [set(re.findall(r"`(\w+)`", line.split("|")[1])) for line in table.splitlines() if line.startswith("| `")]
    assert rooms == ORDER


def test_says_early_that_it_guesses() -> None:
    assert README.index("guesses, not evidence") < README.index("## Start")


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


@every_page
def test_names_of_the_package_exist(page: Path) -> None:
    for name in re.findall(r"`photochrom((?:\.\w+)+)`", page.read_text(encoding="utf-8")):
        place = PACKAGE
        for part in name.strip(".").split("."):
            if (place / part).is_dir():
                place /= part
            elif (place / f"{part}.py").is_file():
                place /= f"{part}.py"
            else:
                source = place if place.is_file() else place / "__init__.py"
                assert re.search(rf"\b{part}\b", source.read_text(encoding="utf-8")), f"photochrom{name}"
