"""The DataModule: uint8 squares to the device, from workers that decode or from memory, in an order to resume."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import lightning
import numpy as np
import torch
from lightning.pytorch.loops.progress import _ProcessedTracker
from torch import Tensor
from torch.utils.data import DataLoader

from photochrom.domains.table import find_domain
from photochrom.errors import TrainingError
from photochrom.pictures.picture import Picture
from photochrom.pictures.split import Split
from photochrom.progress import Progress, silent
from photochrom.train.data.inputs import inputs_of
from photochrom.train.data.left_out import LeftOut, log
from photochrom.train.data.loader import ResumableLoader, picks_loader
from photochrom.train.data.order import TrainOrder, ValidationOrder
from photochrom.train.data.pictures import Squares, View, collate, ignore_signals
from photochrom.train.data.resident import Resident, free_memory, load_resident
from photochrom.train.recipe.sections import Recipe

Sets = dict[str, list[Picture]]
FEW = 2000  # pictures that are looked at before a run, where it doesn't decode all of them anyway


class PictureData(lightning.LightningDataModule):
    """Batches {"rgb": uint8 (N,3,size,size) sRGB} on the device, and "other" where there is a second set.

    In a domain whose brightness is not lightness "plane" too, float32 (N,1,size,size): what the network is shown.

    unpaired: the second set, with no pair for each picture of the first; if it is `pictures` itself, one picture is
    never taken for both. cache_in_memory: whether, with data.resident = "auto", all are decoded into memory at once; it
    isn't worth it for less than one round. progress: of that.
    """

    def __init__(
        self,
        recipe: Recipe,
        pictures: Split,
        unpaired: Split | None = None,
        *,
        cache_in_memory: bool = True,
        progress: Progress = silent,
    ) -> None:
        super().__init__()
        self.recipe, self.cache_in_memory, self._progress = recipe, cache_in_memory, progress
        config = recipe.data
        seed = recipe.train.seed
        self.sets: dict[str, Sets] = {"train": {"rgb": pictures.train}, "validation": {"rgb": pictures.validation}}
        self.apart = unpaired is pictures
        if unpaired:
            self.sets["train"]["other"], self.sets["validation"]["other"] = unpaired.train, unpaired.validation
        paired = not find_domain(recipe.domain).keeps_lightness and any(
            picture.input(config.input) for picture in (*pictures.train, *pictures.validation)
        )
        center = View(config.size, seed=seed, paired=paired, kind=config.input)
        random_view = replace(center, random=True, zoom=config.zoom)
        self.views = {"train": random_view if config.crop == "random" else center, "validation": center}
        self.inputs = {
            part: inputs_of(recipe.domain, seed=seed, varied=part == "train", paired=paired) for part in self.sets
        }
        self.residents: dict[str, dict[str, Resident]] = {}
        every = [picture for sets in self.sets.values() for pictures in sets.values() for picture in pictures]
        self.left_out = LeftOut(len(every), every)

    def setup(self, stage: str) -> None:
        """Decode everything into memory, if it fits and is meant to be there."""
        config = self.recipe.data
        if self.residents:
            return
        if config.resident == "no" or (config.resident == "auto" and not self.cache_in_memory):
            self._look_at_few()
            return
        room = self._room()
        for part, sets in self.sets.items():
            for name, pictures in sets.items():
                if not pictures:
                    continue
                if name == "other" and self.apart:
                    self.residents[part][name] = self.residents[part]["rgb"]
                    continue
                resident = load_resident(
                    pictures,
                    self.views[part],
                    room=room,
                    workers=config.workers,
                    least_colorful=config.min_colorfulness if part == "train" else 0.0,
                    report=self.left_out.note,
                    progress=partial(self._decoded, part, len(pictures)),
                )
                if resident is None:
                    self.residents = {}
                    if config.resident == "yes":
                        raise TrainingError(
                            f"the pictures don't fit into the {room / 2**30:.1f} GiB of memory that are left: "
                            "set data.resident = auto, or lower data.size or data.limit"
                        )
                    log.info("the pictures don't fit into memory: they are decoded as they are needed")
                    self._look_at_few()
                    return
                if not len(resident):
                    self._refuse_none(part)
                room -= resident.pixels.numel()
                self.residents.setdefault(part, {})[name] = resident.to(self._device())
        self.left_out.check()
        self.left_out.tell()

    def _look_at_few(self) -> None:
        """Decode all of a small set once, so that what is wrong with it is told before the first step."""
        if self.left_out.count <= FEW:
            self.left_out.look_at_all()
            self.left_out.check()
            self.left_out.tell()

    def _refuse_none(self, part: str) -> NoReturn:
        """Raises TrainingError for a part of which nothing is left, with the reason."""
        self.left_out.check()
        if said := self.left_out.summary():
            raise TrainingError(f"no picture of the {part} part is left, as {said}: give pictures in colour")
        raise TrainingError(f"no picture of the {part} part is left: lower data.min_colorfulness")

    def _decoded(self, part: str, count: int, done: int) -> None:
        self._progress(part, done, count)

    def train_dataloader(self) -> DataLoader[Any]:
        rank, world = self._place()
        order = TrainOrder(
            self._counts("train"),
            self.recipe.train.batch,
            seed=self.recipe.train.seed,
            position=self._position,
            rank=rank,
            world=world,
            apart=self.apart,
        )
        return self._loader("train", order)

    def val_dataloader(self) -> DataLoader[Any]:
        rank, world = self._place()
        share = max(1, self.recipe.train.batch // world)
        return self._loader("validation", ValidationOrder(self._counts("validation"), share, rank=rank, world=world))

    def on_before_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Note what was broken; begin the step's chance anew, so that a run that is resumed draws the same."""
        self.left_out.add(batch.pop("broken", ()))
        if self.trainer is not None and self.trainer.training:
            seed_step(self.recipe.train.seed, self.trainer.global_step, self.trainer.global_rank)
        return batch

    def transfer_batch_to_device(
        self, batch: dict[str, Any], device: torch.device, dataloader_idx: int
    ) -> dict[str, Tensor]:
        if "picks" not in batch:
            return {name: value.to(device, non_blocking=True) for name, value in batch.items()}
        part, picks = batch["part"], batch["picks"]
        view, inputs, epoch = self.views[part], self.inputs[part], int(picks[0, 0])
        squares = {
            name: resident.squares(view, epoch, picks[:, i])
            for i, (name, resident) in enumerate(self.residents[part].items(), start=1)
        }
        if inputs:
            if "other" in squares:  # of the same pictures the inputs, else pictures of the domain
                others = squares.pop("other") if self.apart else squares.pop("other")[:, :3]
                squares["other_plane"] = inputs.others(others, epoch, picks[:, 2].tolist())
            squares |= inputs.split(squares["rgb"], epoch, picks[:, 1].tolist())
        return {name: square.to(device) for name, square in squares.items()}

    def _loader(self, part: str, order: TrainOrder | ValidationOrder) -> DataLoader[Any]:
        if part in self.residents:
            return picks_loader(part, order)
        config = self.recipe.data
        least = config.min_colorfulness if part == "train" else 0.0
        return ResumableLoader(
            Squares(self.sets[part], self.views[part], least, self.inputs[part], apart=self.apart),
            batch_sampler=order,
            collate_fn=collate,
            num_workers=config.workers,
            worker_init_fn=ignore_signals,
            persistent_workers=config.workers > 0,
            prefetch_factor=4 if config.workers else None,
            pin_memory=self._device().type == "cuda",
        )

    def _counts(self, part: str) -> list[int]:
        sets = self.residents.get(part) or self.sets[part]
        return [len(pictures) for pictures in sets.values()]

    def _position(self) -> tuple[int, int]:
        """The epoch, and how many of its batches are done: more than none when a run is resumed in mid-epoch."""
        if self.trainer is None:
            return 0, 0
        loop = self.trainer.fit_loop
        epochs, batches = loop.epoch_progress.current, loop.epoch_loop.batch_progress
        assert isinstance(epochs, _ProcessedTracker)  # which is not how Lightning types it
        if not batches.is_last_batch:
            return epochs.processed, batches.current.ready
        unfinished = epochs.processed < epochs.started  # saved after its last batch: only its validation was missing
        return epochs.processed + int(unfinished), 0

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else torch.device("cpu")

    def _room(self) -> int:
        """Bytes of memory that this process may fill with pictures."""
        device, sharing = self._device(), max(1, self.trainer.num_devices if self.trainer else 1)
        most = free_memory() // 2
        if device.type == "cuda":
            most = min(most, torch.cuda.mem_get_info(device)[0] // 2 * sharing)
        elif self.recipe.data.resident == "auto":
            most = min(most, int(self.recipe.data.resident_gib * 2**30))
        return most // sharing


def seed_step(seed: int, step: int, rank: int) -> None:
    """Begin all chance of a step anew: Python's, numpy's, torch's on every device."""
    state = int(np.random.SeedSequence((seed, step, rank)).generate_state(1)[0])
    random.seed(state)
    np.random.seed(state)
    torch.manual_seed(state)
