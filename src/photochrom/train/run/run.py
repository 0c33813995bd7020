"""One training run, from a recipe and pictures to a folder with curves, samples and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities import rank_zero_only

from photochrom.pictures.colored import refuse_colorless
from photochrom.pictures.split import Split
from photochrom.progress import Progress
from photochrom.train.cache.module import CachedData
from photochrom.train.data.counting import count_bins
from photochrom.train.data.module import PictureData
from photochrom.train.data.parts import parts_of
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import METHODS, ColorMethod
from photochrom.train.recipe.checks import check_kind
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.devices import trainer_devices
from photochrom.train.run.faults import explained
from photochrom.train.run.folder import RunFolder, read_facts
from photochrom.train.run.log import RunLog, log
from photochrom.train.run.loggers import check_logger
from photochrom.train.run.malloc import keep_memory
from photochrom.train.run.monitor import check_monitor
from photochrom.train.run.options import AS_THE_RECIPE_SAYS, RunOptions
from photochrom.train.run.resume import Behind
from photochrom.train.run.signals import Signals
from photochrom.train.run.space import check_space
from photochrom.train.run.trainer import Ends, build_trainer, without_known_warnings
from photochrom.train.start.start import Start
from photochrom.train.watch import callbacks as watching_callbacks
from photochrom.train.weights.needs import CRITIC, begun, critic_is_missing, without_critic

_LONELY = "without_critic"  # in run.json


def train(
    recipe: Recipe,
    data: Sequence[str | Path],
    out: Path,
    *,
    options: RunOptions = AS_THE_RECIPE_SAYS,
    start: Path | None = None,
    bins: Bins | None = None,
    callbacks: Sequence[lightning.Callback] = (),
    method: type[ColorMethod] | None = None,
) -> Path:
    """Train a recipe on the pictures in `data` (folders, tar shards, CIFAR-10); gives `out`, the run's folder.

    options: where it ends, on which device, whether it is resumed. start: whose weights to begin with (a run, a
    checkpoint, an exported photo model). bins: of the methods with a distribution, else those of `start` or counted in
    the training pictures. callbacks: besides our own. method: another than the one that the recipe names.

    Raises UsageError (settings, missing data) and TrainingError (broken data, out of memory, a loss that explodes).
    """
    if method is None:
        check_kind(recipe)
    kind = method or METHODS[recipe.method]
    check_monitor(recipe, kind)
    writes = getattr(rank_zero_only, "rank", 0) in (0, None)  # of several processes, the first
    quiet = options.quiet or not writes
    folder = RunFolder(out, writes=writes)
    devices = trainer_devices(options.device, recipe.train.precision, alternating=kind.alternating)
    parts = parts_of(data, recipe, commands=True)
    if recipe.data.other:
        unpaired: Split | None = parts_of([recipe.data.other], recipe, other=True)
    else:
        unpaired = parts if kind.unpaired else None
    refuse_colorless([*parts.train, *parts.validation], to="learn from", toned=True)
    ends = Ends.of(recipe, len(parts.train), options)
    lonely = _is_without_critic(recipe, out, start, resume=options.resume)
    recipe = without_critic(recipe) if lonely else recipe
    behind = Behind.of(folder) if options.resume else None
    if behind:
        behind.check(ends, out)
    check_logger(recipe)
    built = begun(recipe, start=start, resumed=behind is not None)
    folder.begin(recipe, _facts(data, parts, unpaired, ends), resume=options.resume)
    with folder.unless_it_fails(), RunLog(out, quiet=quiet) as run_log, Signals() as signals, without_known_warnings():
        if options.resume:
            log.info(*_going_on(behind, out))
        if lonely:
            folder.note(_LONELY, True)
            log.warning(
                "the ImageNet weights of %s, for the perceptual and adversarial losses, are not here, and the hub "
                "doesn't answer: the run goes on with its other losses alone; photochrom weights lite0 fetches them",
                CRITIC,
            )
        log.info("%d pictures to train on, %d for validation", len(parts.train), len(parts.validation))
        lightning.seed_everything(recipe.train.seed, verbose=False)
        begin = Start.read(start, parts.train, recipe, bins) if start and not behind else None
        model = _build(kind, built, parts, folder, begin.bins if begin else bins)
        model.adopt(recipe)
        if begin:
            begin.load_into(model, parts.train)
        if folder.writes:
            check_space(out, model, recipe, kept=ends.epochs // options.keep_every if options.keep_every else 0)
        # A run that is resumed goes on as it began: squares from memory and decoded ones differ in their last bits.
        cache_in_memory = bool(folder.facts.get("data", {}).get("kept_if_it_fits", ends.cache_in_memory))
        pictures = _data(recipe, parts, unpaired, model, out, cache_in_memory, run_log.decoding)
        trainer = build_trainer(
            recipe,
            model,
            folder,
            devices,
            ends,
            signals,
            [*watching_callbacks(recipe, out, quiet=quiet), *callbacks],
            validates=bool(parts.validation),
            since=behind.steps if behind else 0 if options.resume else None,
            keep_every=options.keep_every,
        )
        _fit(trainer, model, pictures, folder, recipe, behind.path if behind else None)
        pictures.left_out.tell()
    return out


def _is_without_critic(recipe: Recipe, out: Path, start: Path | None, *, resume: bool) -> bool:
    """Whether the run has to do without its critic; one that is resumed goes on as it began."""
    return bool(read_facts(out).get(_LONELY)) if resume else critic_is_missing(recipe, start=start)


def _fit(
    trainer: lightning.Trainer,
    model: ColorMethod,
    pictures: PictureData,
    folder: RunFolder,
    recipe: Recipe,
    resumed: Path | None,
) -> None:
    """The training itself; run.json says how it ended, whichever way it does."""
    if trainer.strategy.root_device.type == "cuda":
        torch.set_float32_matmul_precision("high")
        model.to(memory_format=torch.channels_last)
    else:
        keep_memory()
    status = "failed"
    try:
        with explained(recipe, trainer):
            trainer.fit(model, datamodule=pictures, ckpt_path=resumed, weights_only=bool(resumed) or None)
        status = "done"
    except (KeyboardInterrupt, SystemExit):
        status = "interrupted"
        raise
    finally:
        steps = trainer.fit_loop.epoch_loop._batches_that_stepped  # what the curves count
        folder.end(status, steps=steps, left_out=pictures.left_out.names)


def _going_on(behind: Behind | None, out: Path) -> tuple[object, ...]:
    """What is told of a run that is resumed, for the log."""
    if behind is None:
        return ("the run in %s was stopped before its first checkpoint: it begins anew", out)
    return "going on from %s, after %d steps", behind.path, behind.steps


def _facts(data: Sequence[str | Path], parts: Split, unpaired: Split | None, ends: Ends) -> Mapping[str, Any]:
    """What run.json says of the pictures."""
    return {
        "places": [str(place) for place in data],
        "sha256": parts.sha256 + (unpaired.sha256 if unpaired not in (None, parts) else ""),
        "train": len(parts.train),
        "validation": len(parts.validation),
        "kept_if_it_fits": ends.cache_in_memory,
    }


def _data(
    recipe: Recipe,
    parts: Split,
    unpaired: Split | None,
    model: ColorMethod,
    out: Path,
    cache_in_memory: bool,
    progress: Progress,
) -> PictureData:
    if model.cached_encoder is None:
        return PictureData(recipe, parts, unpaired, cache_in_memory=cache_in_memory, progress=progress)
    folder = Path(recipe.network.cache_folder or out / "cache")
    return CachedData(recipe, parts, model.cached_encoder, folder, progress=progress)


def _build(kind: type[ColorMethod], recipe: Recipe, parts: Split, folder: RunFolder, bins: Bins | None) -> ColorMethod:
    """The recipe's network and losses; bins given, of the run that is resumed, or counted now."""
    if kind.needs_bins:
        bins = bins or (Bins.load(folder.bins) if folder.bins.is_file() else count_bins(parts.train, recipe))
        if folder.writes:
            bins.save(folder.bins)
    return kind(recipe, bins)
