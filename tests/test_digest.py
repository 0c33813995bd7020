"""The digest of a file, however large."""

import hashlib
from pathlib import Path

import pytest

from photochrom.digest import sha256_of


@pytest.mark.parametrize("size", [0, 7, (1 << 20) + 1])
def test_it_is_the_sha256_of_all_bytes(size: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"x" * size).hexdigest()
