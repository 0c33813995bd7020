"""Imports point one way, the base stays light, and the public names are the ones that are promised."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import photochrom

PACKAGE = Path(photochrom.__file__).parent
# Every room of the package, the lowest first: a room imports only those of the rows before its own.
ORDER = [
    {"errors"},
    {"atomic", "digest", "progress", "streams", "threads"},
    {"color"},
    {"codec", "provenance", "sheet"},
    {"settings", "network"},
    {"photo", "prediction"},
    {"domains", "guidance", "pictures"},
    {"colorizer"},
    {"auto"},
    {"load"},
    {"explain", "eras"},
    {"film"},
    {"batch"},
    {"archive", "web"},
    {"prepare"},
    {"train"},
    {"evaluate"},
    {"cli"},
    {"__main__"},
]
HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "kornia",
    "lightning",
    "scipy",
    "cv2",
    "jinja2",
    "skimage",
    "onnx",
    "pandas",
    "matplotlib",
}
TRAINING = {"train", "evaluate"}  # these may be heavy, and nothing else may import them
OF_EXTRAS = {
    "guidance": {"cv2"},
    "film": {"cv2"},
    "prepare": {"cv2"},
}  # what else a room may import, as its extra brings it


def modules() -> dict[str, Path]:
    """Dotted names below photochrom -> files, without the package's own __init__."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if name := ".".join(parts[:-1] if parts[-1] == "__init__" else parts):
            found[name] = path
    return found


def imports(path: Path, own_package: str) -> Iterator[str]:
    """Every module that a file imports, inside functions too, but not what is for the type checker only."""

    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = own_package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    return visit(ast.parse(path.read_text(encoding="utf-8")))


def graph() -> dict[str, set[str]]:
    known = modules()
    edges = {}
    for name, path in known.items():
        package = f"photochrom.{name}" if path.name == "__init__.py" else f"photochrom.{name}".rpartition(".")[0]
        used = {used.removeprefix("photochrom.") for used in imports(path, package) if used.startswith("photochrom.")}
        edges[name] = (used & known.keys()) - {name}
    return edges


def reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for used in edges[todo.pop()] - seen:
            seen.add(used)
            todo.append(used)
    return seen


def test_imports_make_no_circle() -> None:
    edges = graph()
    circles = [name for name in edges if name in reached(name, edges)]
    assert not circles


def test_every_room_has_its_place() -> None:
    rooms = {name.split(".")[0] for name in modules()}
    listed = [room for row in ORDER for room in row]
    assert rooms == set(listed) and len(listed) == len(set(listed))


def test_imports_point_one_way() -> None:
    rank = {room: n for n, row in enumerate(ORDER) for room in row}
    wrong = []
    for name, used in graph().items():
        room = name.split(".")[0]
        others = {other.split(".")[0] for other in used} - {room}
        wrong += [f"{name} -> {other}" for other in others if rank[other] >= rank[room]]
    assert not wrong


def test_only_training_is_heavy() -> None:
    for name, path in {"": PACKAGE / "__init__.py", **modules()}.items():
        if name.split(".")[0] in TRAINING:
            continue
        heavy = {used.split(".")[0] for used in imports(path, "photochrom")} & HEAVY
        heavy -= OF_EXTRAS.get(name.split(".")[0], set())
        assert not heavy, f"{path.name} imports {heavy}"


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement", ["import photochrom", "import photochrom.cli.main; import photochrom.batch.command"]
)
def test_import_loads_no_network(statement: str) -> None:
    assert not loaded_by(statement) & (HEAVY | {"onnxruntime", "rich"})


def test_import_loads_numpy_and_pillow_at_most() -> None:
    third_party = loaded_by("import photochrom") - loaded_by("pass") - set(sys.stdlib_module_names)
    assert third_party <= {"photochrom", "numpy", "PIL"}


def test_colouring_loads_what_pip_installs_and_no_more() -> None:
    statement = "import numpy, photochrom; photochrom.colorize(numpy.zeros((8, 8), 'uint8'))"
    assert not loaded_by(statement) & (HEAVY | {"typer", "rich"})


def test_public_names_are_honest() -> None:
    names = photochrom.__all__
    assert len(set(names)) == len(names) <= 18
    for name in names:
        thing = getattr(photochrom, name)
        assert not isinstance(thing, ModuleType)
        if not isinstance(thing, type) or not issubclass(thing, Exception):  # their tree stands atop errors.py
            assert thing.__doc__, f"{name} has no docstring"
        assert thing.__module__.startswith("photochrom."), name
        assert name in dir(photochrom)


def test_no_public_name_is_missing_from_all() -> None:
    ours = {
        name
        for name, thing in vars(photochrom).items()
        if not name.startswith("_") and getattr(thing, "__module__", "").startswith("photochrom")
    }
    assert ours <= set(photochrom.__all__)


def test_keywords_of_public_calls_are_typed_and_options_by_keyword() -> None:
    import inspect

    calls = [photochrom.colorize, photochrom.load_model, photochrom.Colorizer.colorize, photochrom.Colorizer.variants]
    for call in calls:
        parameters = list(inspect.signature(call).parameters.values())
        assert all(p.annotation == "Unpack[SettingsDict]" for p in parameters if p.kind is p.VAR_KEYWORD)
        free = ("model", "settings")  # load_model("photo"), colorize(picture, settings)
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters if p.default is not p.empty and p.name not in free)
