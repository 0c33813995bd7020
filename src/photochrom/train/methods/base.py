"""What all methods share: pictures as Lab on the device, augmentation, optimisation, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast

import lightning
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.augment.ageing import aged_lightness
from photochrom.train.augment.backgrounds import on_plain_background
from photochrom.train.augment.geometry import augmentation, geometry
from photochrom.train.augment.intensity import varied_intensity
from photochrom.train.data.module import seed_step
from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import Bins
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.schedule import factor
from photochrom.train.methods.scores import SCORES, Diversity, scores
from photochrom.train.networks.blocks import ColorNetwork
from photochrom.train.recipe.sections import Recipe
from photochrom.train.watch.stopping import share_done

if TYPE_CHECKING:
    from photochrom.train.networks.efficientnet import Encoder

Optimisers = Optimizer | list[Optimizer]
N = TypeVar("N", bound=ColorNetwork)


class Exportable(NamedTuple):
    """A network to be written as a file, and what the file says of it.

    network: the spec's inputs, the first of them (N,1,H,W) 0..100, -> what its output says, at 1 / stride.
    """

    network: nn.Module
    spec: NetworkSpec


class ColorMethod(lightning.LightningModule):
    """A way to train a network that colours. Subclasses give predict_ab, training_step and optimisers."""

    needs_bins: ClassVar[bool] = False
    """Whether it gives a distribution over ab bins: they are counted in the pictures before it is built."""
    alternating: ClassVar[bool] = False
    """Whether a step trains one network at a time, as a GAN's does: DDP must then look for unused parameters."""
    unpaired: ClassVar[bool] = False
    """Whether it learns from two sets of pictures: data.other, or the same pictures once more in another order."""
    reads_exports: ClassVar[bool] = False
    """Whether it can begin with the weights of an exported .onnx (photochrom.train.start.from_onnx)."""
    measures: ClassVar[tuple[str, ...]] = ("loss", *SCORES, "diversity", "diversity_truth")
    """What is logged under val/: train.monitor is one of these."""
    follows_clock: ClassVar[bool] = False
    """Whether its schedules end with train.minutes; else with the epochs or steps alone."""

    network: nn.Module  # what is exported: it takes lightness (N,1,H,W) 0..100

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__()
        self.bins = bins
        self.adopt(recipe)
        if self.alternating:
            self.automatic_optimization = False
            if recipe.train.accumulate != 1:
                raise UsageError(
                    f"train.accumulate = {recipe.train.accumulate} can't be used with method = {recipe.method}, which "
                    "steps once a batch: set it to 1 and lower train.batch"
                )
        self.done = 0.0
        self._augmentation = augmentation(recipe.augment)
        self._geometry = geometry(recipe.augment)
        self._diversity, self._diversity_truth = Diversity(), Diversity()

    def adopt(self, recipe: Recipe) -> None:
        """Keep this recipe, here and in checkpoints; it may name other files of weights than it was built with."""
        self.recipe, bins = recipe, self.bins
        kept = {"centres": bins.centres.tolist(), "prior": bins.prior.tolist()} if bins else None
        self.save_hyperparameters({"recipe": recipe.to_dict(), "bins": kept}, logger=False)

    def predict_ab(self, lightness: Tensor) -> Tensor:
        """(N,1,H,W) 0..100 -> (N,2,H,W) in ab units, float32."""
        raise NotImplementedError

    def predict_lab(self, lightness: Tensor) -> Tensor:
        """(N,1,H,W) 0..100 -> (N,3,H,W), L* and ab, float32: the lightness that is given, or the network's own."""
        return torch.cat([lightness, self.predict_ab(lightness)], dim=1)

    def fitting_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """What this method takes of the weights that it is to begin with, by name."""
        return weights

    def exportable(self) -> Exportable:
        """What export writes, of a network that gives ab; its spec names no recipe, domain or licence yet."""
        network, size = cast(ColorNetwork, self.network), self.recipe.data.size
        spec = NetworkSpec(
            output="ab", stride=network.stride, multiple=network.multiple, work_size=size, scale=network.scale
        )
        return Exportable(network, spec)

    def reverse_exportable(self) -> Exportable:
        """What export writes of a network for the way back, from colour pictures. Raises UsageError without one."""
        raise UsageError(f"method = {self.recipe.method} has no network for the way back: leave out --reverse")

    def preview(self, batch: Batch) -> dict[str, Tensor]:
        """What the sheet of an epoch shows of a validation batch: Lab pictures (N,3,H,W) by the names of columns."""
        lightness, ours = batch["lightness"], self.predict_lab(batch["lightness"])
        shown = {"grey": torch.cat([lightness, torch.zeros_like(ours[:, 1:])], 1), "ours": ours}
        if "ab" in batch:
            shown["truth"] = torch.cat([batch.get("true_lightness", lightness), batch["ab"]], 1)
        return shown

    @property
    def phase(self) -> str:
        """What it is about now, where that changes within a run: what watches the losses begins afresh then."""
        return ""

    @property
    def cached_encoder(self) -> Encoder | None:
        """The frozen encoder whose features are kept on disk, so that batches hold these; None: they hold pictures."""
        return None

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """val/loss of a batch, and the ab that the network gives; the mean distance in ab units if not overridden."""
        ab = self.predict_ab(batch["lightness"])
        return (ab - batch["ab"]).square().sum(1).sqrt().mean(), ab

    # Pictures on the device

    def seed_step(self) -> None:
        """Seed all generators by the number of the step, so that a resumed run draws what it would have drawn."""
        if self.trainer.training:
            seed_step(self.recipe.train.seed, self.trainer.global_step, self.trainer.global_rank)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Adds lightness (N,1,H,W), true_lightness and ab (N,2,H,W); when training, of augmented pictures."""
        if "rgb" not in batch or "lightness" in batch:
            return batch
        training = self.trainer.training
        if training:
            self.seed_step()
        with torch.no_grad(), torch.autocast(batch["rgb"].device.type, enabled=False):
            options = self.recipe.augment
            if "plane" in batch:
                rgb, seen = self._prepared_pair(batch["rgb"], batch["plane"], training)
                lab = rgb_to_lab(rgb)
            else:
                rgb = self._prepared(batch["rgb"], training)
                lab = rgb_to_lab(rgb)
                seen = aged_lightness(rgb, lab[:, :1], options.aged) if training and options.aged else lab[:, :1]
            whole: Batch = {**batch, "lightness": seen, "true_lightness": lab[:, :1], "ab": lab[:, 1:]}
            if "other" in batch:
                other = rgb_to_lab(self._prepared(batch["other"], training))
                whole["other_lightness"], whole["other_ab"] = other[:, :1], other[:, 1:]
            if "other_plane" in batch:
                whole["other_lightness"] = self._prepared_plane(batch["other_plane"], training)
        return whole

    def _prepared(self, pictures: Tensor, training: bool) -> Tensor:
        """uint8 -> float sRGB 0..1, augmented when training."""
        rgb = pictures.float() / 255
        if not training:
            return rgb
        if len(self._augmentation):
            rgb = self._augmentation(rgb).clamp(0, 1)
        return on_plain_background(rgb, self.recipe.augment.plain)

    def _prepared_pair(self, pictures: Tensor, plane: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        """The same of pairs, moved alike; of the plane, its brightness and contrast are varied."""
        rgb = pictures.float() / 255
        if not training:
            return rgb, plane
        if len(self._geometry):
            both = self._geometry(torch.cat([rgb, plane / 100], dim=1)).clamp(0, 1)
            rgb, plane = both[:, :3], both[:, 3:] * 100
        return rgb, varied_intensity(plane, self.recipe.augment.intensity)

    def _prepared_plane(self, plane: Tensor, training: bool) -> Tensor:
        """The same of a plane alone."""
        if not training:
            return plane
        if len(self._geometry):
            plane = self._geometry(plane / 100).clamp(0, 1) * 100
        return varied_intensity(plane, self.recipe.augment.intensity)

    # Optimisation

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Note how much of the run is done, and set the learning rates."""
        done = share_done(self.trainer, self.trainer.fit_loop.total_batch_idx, clock=self.follows_clock)
        if self.follows_clock and self.trainer.world_size > 1:  # clocks differ, and stages have to agree
            done = self.trainer.strategy.broadcast(done)
        self.done = done
        groups = [group for optimiser in self.trainer.optimizers for group in optimiser.param_groups]
        for group in groups:
            rate = self.scheduled_rate(group, done)
            if rate is not None:
                group["lr"] = rate
        self.log("train/rate", groups[0]["lr"], on_step=True)
        if len(self.trainer.optimizers) > 1:  # a generator's, then a discriminator's
            self.log("train/discriminator_rate", self.trainer.optimizers[1].param_groups[0]["lr"], on_step=True)

    def scheduled_rate(self, group: Mapping[str, Any], done: float) -> float | None:
        """The rate of a parameter group when `done` (0..1) of the run lies behind; None for one without a schedule."""
        options = self.recipe.optimiser
        return float(group["highest"]) * factor(options.schedule, done, options.warmup) if "highest" in group else None

    def optimiser(self, network: nn.Module, rate: float = 0.0) -> Optimizer:
        """The recipe's optimiser for what a network learns. rate: 0 = the recipe's."""
        options = self.recipe.optimiser
        learned = [weight for weight in network.parameters() if weight.requires_grad]
        if not learned:
            raise UsageError("nothing of the network is learned: unfreeze a part of it")
        highest, decay = rate or options.rate, options.weight_decay
        groups = [{"params": learned, "highest": highest}]
        if options.name == "sgd":
            return SGD(groups, lr=highest, momentum=options.betas[0], weight_decay=decay)
        kind = AdamW if options.name == "adamw" else Adam
        return kind(groups, lr=highest, betas=options.betas, weight_decay=decay)

    def wrapped_optimisers(self) -> list[LightningOptimizer]:
        """Those of configure_optimizers, for `descend`."""
        optimisers = self.optimizers()
        return cast(list[LightningOptimizer], optimisers if isinstance(optimisers, list) else [optimisers])

    def descend(
        self, optimiser: LightningOptimizer, loss: Tensor, *, counted: bool = True, clip: float | None = None
    ) -> None:
        """One step down a loss, of an alternating method.

        counted: as a step of the run: Lightning counts each wrapped step, and there is to be one a batch.
        clip: largest norm of the gradient, 0 for any; None for the recipe's.
        """
        plain = optimiser.optimizer
        plain.zero_grad()
        self.manual_backward(loss)
        if limit := self.recipe.optimiser.clip if clip is None else clip:
            learned = [weight for group in plain.param_groups for weight in group["params"]]
            nn.utils.clip_grad_norm_(learned, limit)  # Lightning's own refuses a fused optimiser in bf16
        (optimiser if counted else plain).step()

    # What is measured

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        loss, ab = self.validation_loss(batch)
        with torch.autocast(ab.device.type, enabled=False):
            ab, truth = ab.float(), batch["ab"].float()
            measured = {"loss": loss.float(), **scores(ab, truth, batch["true_lightness"].float())}
        self.log_validation(measured, ab, truth)

    def log_validation(self, measured: Mapping[str, Tensor], ab: Tensor, truth: Tensor) -> None:
        """Log values under val/, and how far the pictures' mean colours differ; ab and truth (N,2,H,W), ab units."""
        self.log_dict({f"val/{name}": value for name, value in measured.items()}, batch_size=len(ab), sync_dist=True)
        self._diversity.update(ab)
        self._diversity_truth.update(truth)
        self.log("val/diversity", self._diversity, batch_size=len(ab))
        self.log("val/diversity_truth", self._diversity_truth, batch_size=len(ab))

    def log_train(self, values: dict[str, Tensor], count: int) -> None:
        """Log values under train/, of each step and on average over the epoch."""
        named = {f"train/{name}": value.detach() for name, value in values.items()}
        self.log_dict(named, on_step=True, on_epoch=True, batch_size=count, sync_dist=True)


def fitting(recipe: Recipe, network: N) -> N:
    """The network, after checking that it takes pictures of the recipe's size. Raises UsageError."""
    if recipe.data.size % network.multiple:
        more = ", or lower network.levels" if recipe.network.kind == "unet" else ""
        raise UsageError(
            f"data.size = {recipe.data.size} doesn't suit network {recipe.network.kind!r}: give a multiple of "
            f"{network.multiple}{more}"
        )
    return network
