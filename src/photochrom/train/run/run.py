"""One training run, from a recipe and pictures to a folder with curves, samples and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities import rank_zero_only

from photochrom.pictures.split import Split
from photochrom.train.cache.module import CachedData
from photochrom.train.data.counting import count_bins
from photochrom.train.data.module import PictureData
from photochrom.train.data.parts import parts_of
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import METHODS, ColorMethod
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.checkpoints import Signals
from photochrom.train.run.devices import trainer_devices
from photochrom.train.run.faults import explained
from photochrom.train.run.folder import RunFolder
from photochrom.train.run.log import Telling, log
from photochrom.train.run.malloc import keep_memory
from photochrom.train.run.trainer import Ends, build_trainer, without_known_warnings
from photochrom.train.start.start import Start
from photochrom.train.watch import callbacks as watching_callbacks


def train(
    recipe: Recipe,
    data: Sequence[str | Path],
    out: Path,
    *,
    max_steps: int | None = None,
    max_minutes: float | None = None,
    resume: bool = False,
    start: Path | None = None,
    bins: Bins | None = None,
    device: str = "auto",
    quiet: bool = False,
    callbacks: Sequence[lightning.Callback] = (),
    method: type[ColorMethod] | None = None,
) -> Path:
    """Train a recipe on the pictures in `data` (folders, tar shards, CIFAR-10); gives `out`, the run's folder.

    max_steps, max_minutes: end sooner than the recipe's epochs do, with a validation. resume: go on from
    out/checkpoints/last.ckpt exactly where it was. start: whose weights to begin with (a run, a checkpoint, an exported
    photo model). bins: of the methods with a distribution, else those of `start` or counted in the training pictures.
    device: auto, cpu, cuda or mps. callbacks: besides our own. method: another than the one that the recipe names.

    Raises UsageError (settings, missing data) and TrainingError (broken data, out of memory, a loss that explodes).
    """
    kind = method or METHODS[recipe.method]
    first = rank_zero_only.rank in (0, None)
    folder = RunFolder(out, writes=first)
    devices = trainer_devices(device, recipe, alternating=kind.alternating)
    parts = parts_of(data, recipe, commands=True)
    others = parts_of([recipe.data.other], recipe) if recipe.data.other else None
    ends = Ends.of(recipe, len(parts.train), max_steps, max_minutes)
    folder.begin(recipe, _about(data, parts, others, ends), resume=resume)
    checkpoint = folder.last if resume and folder.last.is_file() else None
    with ExitStack() as stack:
        telling = stack.enter_context(Telling(out, quiet=quiet or not first))
        signals = stack.enter_context(Signals())
        stack.enter_context(without_known_warnings())
        log.info("%d pictures to train on, %d for validation", len(parts.train), len(parts.validation))
        lightning.seed_everything(recipe.train.seed, verbose=False)
        begin = None
        if start and not checkpoint:
            begin = Start.read(start, parts.train, recipe, bins)
        model = _built(kind, recipe, parts, folder, begin.bins if begin else bins)
        if begin:
            begin.load_into(model, parts.train)
        worth = folder.told.get("data", {}).get("kept_if_it_fits", ends.kept_if_it_fits)
        pictures = _data(recipe, parts, others, model, out, worth=worth, progress=telling.decoding)
        watching = [*watching_callbacks(recipe, out, quiet=quiet or not first), *callbacks]
        trainer = build_trainer(
            recipe,
            model,
            folder,
            devices,
            ends,
            signals,
            watching,
            validates=bool(parts.validation),
            resumed=checkpoint,
        )
        if trainer.strategy.root_device.type == "cuda":
            torch.set_float32_matmul_precision("high")
            model.to(memory_format=torch.channels_last)
        else:
            keep_memory()
        status = "failed"
        try:
            with explained(recipe, trainer):
                trainer.fit(model, datamodule=pictures, ckpt_path=checkpoint, weights_only=bool(checkpoint) or None)
            status = "done"
        except (KeyboardInterrupt, SystemExit):
            status = "interrupted"
            raise
        finally:
            steps = trainer.fit_loop.epoch_loop._batches_that_stepped  # what the curves count
            folder.end(status, steps=steps, left_out=pictures.left_out.names)
        if left := pictures.left_out.names:
            log.info(
                "%d of %d pictures were left out, see %s", len(left), pictures.left_out.pictures, out / "warnings.log"
            )
    return out


def _about(data: Sequence[str | Path], parts: Split, others: Split | None, ends: Ends) -> dict[str, Any]:
    """What run.json says of the pictures."""
    about = {"places": [str(place) for place in data], "sha256": parts.sha256 + (others.sha256 if others else "")}
    counts = {"train": len(parts.train), "validation": len(parts.validation)}
    return {**about, **counts, "kept_if_it_fits": ends.kept_if_it_fits}


def _data(
    recipe: Recipe, parts: Split, others: Split | None, model: ColorMethod, out: Path, **options: Any
) -> PictureData:
    if model.cached_encoder is not None:
        cache = Path(recipe.network.cache_folder or out / "cache")
        return CachedData(recipe, parts, model.cached_encoder, cache, **options)
    return PictureData(recipe, parts, others, **options)


def _built(kind: type[ColorMethod], recipe: Recipe, parts: Split, folder: RunFolder, bins: Bins | None) -> ColorMethod:
    """The recipe's network and losses; bins given, of the run that is resumed, or counted now."""
    if kind.needs_bins:
        bins = bins or (Bins.load(folder.bins) if folder.bins.is_file() else count_bins(parts.train, recipe))
        if folder.writes:
            bins.save(folder.bins)
    return kind(recipe, bins)
