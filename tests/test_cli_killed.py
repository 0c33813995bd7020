"""A run that is killed, again and again, and what a second run with --skip-done makes of it."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.test_cli_process import command, posix, run

Draw = Callable[..., Path]


@posix
@pytest.mark.slow
def test_killed_at_twenty_random_times(draw: Draw, tmp_path: Path) -> None:
    chance = random.Random(19)
    pictures = [draw(f"in/{n % 3}/{n:02d}.{('png', 'tif', 'jpg')[n % 3]}", (300, 200)) for n in range(60)]
    line = ("-r", "in", "-o", "out", "--variants", "2", "--skip-done")
    wanted = {f"out/{p.parent.name}/{p.stem}.color{version}{p.suffix}" for p in pictures for version in ("", "-2")}

    def there() -> set[str]:
        return {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}

    for _ in range(20):
        process = subprocess.Popen(
            [*command(0.01), *line], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout
        process.stdout.readline()  # one more is done, or all are
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        for name in there() & wanted:
            with Image.open(tmp_path / name) as image:
                image.load()
    second = run(*line, cwd=tmp_path)
    assert (second.returncode, there()) == (0, wanted), second.stderr
    assert second.stderr.endswith(b"there already\n")
    for name in wanted:
        with Image.open(tmp_path / name) as image:
            image.load()
    assert run(*line, cwd=tmp_path).stderr == b"0 done, 0 failed, 60 there already\n"
