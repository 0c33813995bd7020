"""What the verbs train, export, finetune and bins do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from photochrom.errors import OutputExistsError, UsageError
from photochrom.network.models import models
from photochrom.pictures.remote import check_places
from photochrom.train.recipe import load_recipe
from photochrom.train.recipe.load import recipe_to_train
from photochrom.train.run.folder import next_folder
from photochrom.train.run.options import RunOptions
from photochrom.train.weights.needs import begun, critic_is_missing, without_critic


def run_train(
    recipe: str,
    data: Sequence[str],
    out: Path | None,
    *,
    settings: Sequence[str],
    options: RunOptions,
    start: Path | None,
    bins: Path | None,
) -> int:
    """Train; the run's folder on stdout, everything else on stderr. start: as of train(), or a shipped model's name."""
    chosen = recipe_to_train(recipe, settings)
    if not data:
        raise UsageError(f"there is nothing to train {chosen.name} on: name pictures with --data")
    start = start and _begin_with(start, resume=options.resume)
    check_places([*data, *([chosen.data.other] if chosen.data.other else [])])
    if not options.resume:  # in time: what follows imports torch
        less = without_critic(chosen) if critic_is_missing(chosen, start=start) else chosen
        begun(less, start=start, resumed=False)
    folder = out or _numbered(chosen.name, resume=options.resume)
    from photochrom.train.losses.bins import Bins  # torch, only once the recipe is known to be right
    from photochrom.train.run.run import train

    return _run(
        folder,
        lambda: train(chosen, data, folder, options=options, start=start, bins=Bins.load(bins) if bins else None),
    )


def _begin_with(start: Path, *, resume: bool) -> Path:
    """The run or file that --start names, or the file of a model that ships. Raises UsageError if there is neither."""
    if start.exists() or resume:  # a run that goes on has all in its checkpoint
        return start
    for info in models():
        if info.name == str(start):
            return info.file
    raise UsageError(
        f"there is no file {start} to start with: name a run, a .ckpt, an .onnx, or a model of photochrom models"
    )


def run_finetune(
    model: str,
    data: Sequence[str],
    out: Path | None,
    *,
    whole: bool,
    settings: Sequence[str],
    options: RunOptions,
) -> int:
    """Train a model on; the run's folder on stdout."""
    from photochrom.train.finetune import finetune

    folder = out or _numbered(f"{Path(model).stem}-finetuned", resume=options.resume)
    return _run(folder, lambda: finetune(model, data, folder, whole=whole, overrides=settings, options=options))


def run_export(
    run: Path, output: Path | None, *, domain: str | None, licence: str, half: bool, reverse: bool, overwrite: bool
) -> int:
    """Export; the file's name on stdout."""
    from photochrom.train.export import export

    target = output or _export_path(run, reverse=reverse)
    _check_free(target, overwrite=overwrite)
    worst = export(run, target, domain=domain, licence=licence, half=half, reverse=reverse, overwrite=overwrite)
    use = f"prepare simulated PICTURES -o pairs -m {target}" if reverse else f"-m {target} old.jpg"
    sys.stderr.write(f"onnxruntime gives what torch gives, to {worst:.1e}; try photochrom {use}\n")
    sys.stdout.write(f"{target}\n")
    return 0


def run_bins(data: Sequence[str], out: Path, *, pictures: int, settings: Sequence[str], overwrite: bool) -> int:
    """Count the bins of training pictures; how many there are on stderr, the file's name on stdout."""
    _check_free(out, overwrite=overwrite)
    recipe = load_recipe("eccv16", ["loss.bins=used", *settings])
    from photochrom.train.data.counting import count_bins
    from photochrom.train.data.parts import parts_of

    parts = parts_of(data, recipe, commands=True)
    counted = count_bins(parts.train, recipe, pictures)
    counted.save(out)
    sys.stderr.write(
        f"{len(counted.centres)} bins from {min(pictures, len(parts.train))} of {len(parts.train)} training pictures\n"
    )
    sys.stdout.write(f"{out}\n")
    return 0


def _run(folder: Path, work: Callable[[], Path]) -> int:
    """The work, which says how to go on when it is interrupted; then the folder on stdout, of one process only."""
    try:
        work()
    except KeyboardInterrupt:
        if (folder / "checkpoints" / "last.ckpt").is_file():
            sys.stderr.write(f"photochrom: stopped; go on with the same command, --out {folder} and --resume\n")
        raise
    if os.environ.get("RANK", "0") == "0":
        sys.stdout.write(f"{folder}\n")
    return 0


def _numbered(name: str, *, resume: bool) -> Path:
    """runs/NAME-N, for a run whose folder isn't named."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("several processes can't each choose a folder for the run: name it with --out")
    return next_folder(name, resume=resume)


def _check_free(target: Path, *, overwrite: bool) -> None:
    """Before the work, not after it: see that its result may be written."""
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target} exists already; choose another name with -o, or add --overwrite")


def _export_path(run: Path, *, reverse: bool) -> Path:
    """RUN/RECIPE.onnx, or beside a .ckpt; of the way back RECIPE-reverse.onnx."""
    ending = "-reverse.onnx" if reverse else ".onnx"
    if run.is_file():
        return run.with_name(run.stem + ending)
    stored = run / "recipe.toml"
    if not stored.is_file():
        raise UsageError(f"there is no run in {run}: name the folder that photochrom train wrote")
    return run / f"{load_recipe(stored).name}{ending}"
