"""Pictures a second of a whole folder, through what the command itself does with one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import photochrom
from photochrom.batch import plan as files
from photochrom.batch.run import Options, color_files
from photochrom.codec.formats import READABLE
from photochrom.colorizer import Colorizer
from photochrom.errors import UsageError
from photochrom.evaluate.bench.drawn import write_jpeg
from photochrom.evaluate.bench.plan import Plan
from photochrom.evaluate.bench.road import decode, encode
from photochrom.evaluate.bench.rounds import in_turn, ratios, spread
from photochrom.progress import Progress


def measure(models: Sequence[tuple[str, str]], plan: Plan, folder: Path, progress: Progress) -> dict[str, Any]:
    """Pictures a second for each of `models` (name, name or path), and of decoding and encoding alone."""
    pictures = _pictures(plan, folder)
    out = folder / "results"
    opened = {name: photochrom.load_model(model) for name, model in models}

    def color(colorizer: Colorizer) -> None:
        jobs = files.plan([str(path) for path in pictures], output=f"{out}/").jobs
        for result in color_files(jobs, colorizer, Options(overwrite=True)):
            if result.error:
                raise result.error

    def floor() -> None:
        out.mkdir(exist_ok=True)
        for path in pictures:
            pixels = decode(path)
            encode(pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2), out / f"{path.stem}.jpg")

    steps: dict[str, Callable[[], object]] = {"decode + encode": floor}
    steps |= {name: partial(color, colorizer) for name, colorizer in opened.items()}
    seconds = in_turn(steps, plan.road_rounds, what="folder", progress=progress)
    shutil.rmtree(out, ignore_errors=True)
    base = seconds[models[0][0]]
    rows = [
        {
            "job": name,
            "per_second": spread([len(pictures) / value for value in values]),
            "ratio": ratios(values, base),
        }
        for name, values in seconds.items()
    ]
    drawn = f"{plan.folder_megapixels:g} MP JPEG, drawn"
    return {"pictures": len(pictures), "kind": "of --data" if plan.data else drawn, "rows": rows}


def _pictures(plan: Plan, folder: Path) -> list[Path]:
    if plan.data is None:
        drawn = folder / "pictures"
        drawn.mkdir()
        return [write_jpeg(drawn / f"{n:03d}.jpg", plan.folder_megapixels, seed=n) for n in range(plan.folder_pictures)]
    if not plan.data.is_dir():
        raise UsageError(f"--data is a folder of pictures, got {plan.data}: check the path")
    pictures = sorted(path for path in plan.data.rglob("*") if path.suffix.lower() in READABLE and path.is_file())
    if not pictures:
        raise UsageError(f"there is no picture in {plan.data}: name a folder with some, or leave --data out")
    chosen = pictures[:: max(1, len(pictures) // plan.sample)][: plan.sample]
    copies = folder / "pictures"  # under names of their own: results must not share one
    copies.mkdir()
    return [Path(shutil.copy(path, copies / f"{n:03d}{path.suffix.lower()}")) for n, path in enumerate(chosen)]
