"""How long until something happens: whole processes, from the start to their end."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.evaluate.bench.drawn import write_jpeg
from photochrom.evaluate.bench.plan import Plan
from photochrom.evaluate.bench.rounds import in_turn, spread
from photochrom.progress import Progress


def measure(model: str, plan: Plan, folder: Path, progress: Progress) -> list[dict[str, Any]]:
    """Rows of seconds: bare Python, the import, --help, and a first small picture in colour."""
    source = write_jpeg(folder / "first.jpg", 0.25)
    picture = ["-m", "photochrom", str(source), "--model", model, "-o", str(folder / "first.color.jpg"), "--overwrite"]
    commands = {
        "python, nothing else": ["-c", "pass"],
        "import photochrom": ["-c", "import photochrom"],
        "photochrom --help": ["-m", "photochrom", "--help"],
        "photochrom picture.jpg (0.25 MP)": picture,
    }
    steps = {name: partial(_run, arguments) for name, arguments in commands.items()}
    seconds = in_turn(steps, plan.start_rounds, what="start-up", progress=progress)
    return [{"what": name, "seconds": spread(values)} for name, values in seconds.items()]


def _run(arguments: list[str]) -> None:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ourselves, no shell
    if done.returncode:
        raise PhotochromError(f"python {' '.join(arguments)} failed: {done.stderr.strip()[-200:]}")
