"""What the tests of films share. They need the extra film."""

from pathlib import Path

import pytest

from photochrom import Colorizer, load_model
from tests.extras import not_without
from tests.tiny_model import write_model

collect_ignore_glob = not_without("av", "cv2")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a network that makes bright places orange and dark ones blue, at once."""
    return write_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def colorizer(tiny: Path) -> Colorizer:
    return load_model(tiny, threads=1)
