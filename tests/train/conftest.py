"""The tests of training need the train extra; they share a module of helpers, tiny_training.py, beside them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extras import not_without

collect_ignore_glob = not_without("torch", "lightning")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than such small sums, above all on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The setting that lets the tests of a module share one cache of features."""
    return f"network.cache_folder={tmp_path_factory.mktemp('shared') / 'cache'}"
