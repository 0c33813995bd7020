"""What all methods share: from bytes to Lab on the device, augmentation, learning rates, and what is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import lightning
import torch
from kornia.augmentation import ColorJitter, ImageSequential, RandomAffine, RandomHorizontalFlip
from torch import Tensor, nn

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.augment.ageing import aged_lightness
from photochrom.train.augment.backgrounds import on_plain_background
from photochrom.train.data.module import seed_step
from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import Bins
from photochrom.train.methods.schedule import factor
from photochrom.train.methods.scores import Diversity, scores
from photochrom.train.recipe.sections import AugmentConfig, Recipe
from photochrom.train.watch.stopping import StopAfter

if TYPE_CHECKING:
    from photochrom.train.networks.efficientnet import Encoder

Batch = dict[str, Tensor]


class Exportable(NamedTuple):
    """A network to be written as a file, and what the file says of it.

    network: the spec's inputs, the first of them (N,1,H,W) 0..100, -> what its output says, at 1 / stride.
    """

    network: nn.Module
    spec: NetworkSpec


class ColorMethod(lightning.LightningModule):
    """A way to train a network that colours. Subclasses give predict_ab, exportable, training_step and optimisers."""

    needs_bins: ClassVar[bool] = False
    """Whether it gives a distribution over ab bins: they are counted in the pictures before it is built."""
    alternating: ClassVar[bool] = False
    """Whether a step trains one network at a time, as a GAN's does: DDP must then look for unused parameters."""
    reads_exports: ClassVar[bool] = False
    """Whether it can begin with the weights of an exported .onnx (photochrom.train.start.from_onnx)."""

    network: nn.Module  # what is exported: it takes lightness (N,1,H,W) 0..100

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__()
        self.recipe, self.bins = recipe, bins
        kept = {"centres": bins.centres.tolist(), "prior": bins.prior.tolist()} if bins else None
        self.save_hyperparameters({"recipe": recipe.to_dict(), "bins": kept}, logger=False)
        self._augmentation = augmentation(recipe.augment)
        self._diversity, self._diversity_truth = Diversity(), Diversity()

    def predict_ab(self, lightness: Tensor) -> Tensor:
        """(N,1,H,W) 0..100 -> (N,2,H,W) in ab units, float32."""
        raise NotImplementedError

    def exportable(self) -> Exportable:
        """What export writes; its spec names no recipe, domain or licence yet."""
        raise NotImplementedError

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
        """Begin the step's chance anew, so that a resumed run draws what it would have drawn."""
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
            rgb = self._floats(batch["rgb"], training)
            light, ab = rgb_to_lab(rgb).split((1, 2), dim=1)
            share = self.recipe.augment.aged
            seen = aged_lightness(rgb, light, share) if training and share else light
            made = {**batch, "lightness": seen, "true_lightness": light, "ab": ab}
            if "other" in batch:
                made["other_lightness"] = rgb_to_lab(self._floats(batch["other"], training))[:, :1]
        return made

    def _floats(self, pictures: Tensor, training: bool) -> Tensor:
        rgb = pictures.float() / 255
        if not training:
            return rgb
        if len(self._augmentation):
            rgb = self._augmentation(rgb).clamp(0, 1)
        return on_plain_background(rgb, self.recipe.augment.plain)

    # The rate

    def progress(self) -> float:
        """Share of the run that lies behind, 0..1."""
        total = float(self.trainer.num_training_batches) * (self.trainer.max_epochs or 1)
        for callback in self.trainer.callbacks:
            if isinstance(callback, StopAfter):
                total = min(total, callback.steps)
        return min(1.0, self.trainer.fit_loop.total_batch_idx / max(total, 1.0))

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the rate of every group that has a "highest" one."""
        options, done = self.recipe.optimiser, self.progress()
        optimisers = self.optimizers(use_pl_optimizer=False)
        for optimiser in optimisers if isinstance(optimisers, list) else [optimisers]:
            for group in optimiser.param_groups:
                if "highest" in group:
                    group["lr"] = group["highest"] * factor(options.schedule, done, options.warmup)
                    self.log("train/rate", group["lr"], on_step=True)

    # What is measured

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        loss, ab = self.validation_loss(batch)
        with torch.autocast(ab.device.type, enabled=False):
            ab, truth = ab.float(), batch["ab"].float()
            found = {"loss": loss.float(), **scores(ab, truth, batch["true_lightness"].float())}
        values = {f"val/{name}": value for name, value in found.items()}
        self.log_dict(values, batch_size=len(ab), sync_dist=True)
        self._diversity.update(ab)
        self._diversity_truth.update(truth)
        self.log("val/diversity", self._diversity, batch_size=len(ab))
        self.log("val/diversity_truth", self._diversity_truth, batch_size=len(ab))

    def log_train(self, values: dict[str, Tensor], count: int) -> None:
        """Log values under train/, of each step and on average over the epoch."""
        named = {f"train/{name}": value.detach() for name, value in values.items()}
        self.log_dict(named, on_step=True, on_epoch=True, batch_size=count, sync_dist=True)

    def optimiser(self, network: nn.Module, rate: float = 0.0) -> torch.optim.Optimizer:
        """The recipe's optimiser for what a network learns. rate: 0 = the recipe's."""
        options = self.recipe.optimiser
        learned = [weight for weight in network.parameters() if weight.requires_grad]
        if not learned:
            raise UsageError("nothing of the network is learned: unfreeze a part of it")
        highest = rate or options.rate
        groups = [{"params": learned, "highest": highest}]
        common = {"lr": highest, "weight_decay": options.weight_decay}
        if options.name == "sgd":
            return torch.optim.SGD(groups, momentum=options.betas[0], **common)
        kind = torch.optim.AdamW if options.name == "adamw" else torch.optim.Adam
        return kind(groups, betas=options.betas, **common)


def augmentation(config: AugmentConfig) -> ImageSequential:
    """Mirroring, turning, scaling, light, of sRGB (N,3,H,W) 0..1 on the device; empty when nothing is asked for."""
    steps: list[nn.Module] = []
    if config.flip:
        steps.append(RandomHorizontalFlip(p=0.5))
    if config.rotate or config.scale:
        scale = (1 - config.scale, 1 + config.scale) if config.scale else None
        steps.append(RandomAffine(config.rotate, scale=scale, padding_mode="reflection", p=1.0))
    if config.brightness or config.contrast:
        steps.append(ColorJitter(brightness=config.brightness, contrast=config.contrast, p=1.0))
    return ImageSequential(*steps)


def fitting(recipe: Recipe, network: nn.Module) -> nn.Module:
    """The network, after seeing that the recipe's size suits it. Raises UsageError."""
    multiple = int(network.multiple)
    if recipe.data.size % multiple:
        more = ", or lower network.levels" if recipe.network.kind == "unet" else ""
        raise UsageError(
            f"data.size = {recipe.data.size} doesn't suit network {recipe.network.kind!r}: give a multiple of "
            f"{multiple}{more}"
        )
    return network
