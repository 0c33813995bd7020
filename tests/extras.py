"""Which tests wait for an extra: `collect_ignore_glob = not_without("torch")` in the conftest.py of their folder."""

from importlib.util import find_spec


def not_without(*modules: str) -> list[str]:
    """Patterns of what pytest should leave out: every test file of the folder where one of `modules` is missing."""
    return [] if all(map(find_spec, modules)) else ["test_*.py"]
