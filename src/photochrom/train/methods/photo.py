"""The flagship's method: a distribution over colour, then perceptual and adversarial losses through its annealed mean.

The distribution loss stays on throughout, so that the temperature, the variants and the confidence keep their meaning.
The critic sees generated and true pictures with their chroma at a quarter of the resolution: it is to judge colours,
not sharpness, which the product's guided upsampling restores. photochrom.train.methods.stages says which losses are on
when.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.augment.hints import random_hints
from photochrom.train.lab import lab_to_rgb, rgb_to_lab
from photochrom.train.losses.bins import Bins, annealed_mean, distribution_loss
from photochrom.train.losses.critic_losses import Features, Losses, critic_losses
from photochrom.train.losses.teacher import Teacher, distillation_loss
from photochrom.train.methods.base import Exportable
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.binned import BinnedMethod
from photochrom.train.methods.staged import MULTIPLE, StagedMethod
from photochrom.train.methods.stages import Stage
from photochrom.train.networks.critic import perceptual_distance
from photochrom.train.networks.efficientnet import Encoder, encoder_input
from photochrom.train.networks.multiscale import STRIDE, MultiScale, photo_details, scale_weights
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.recipe.sections import Recipe

HUBER_DELTA = 10.0  # ab units


class PhotoMethod(StagedMethod, BinnedMethod):
    """PhotoNet with bins; a batch is pictures, or with network.cache a frozen encoder's features of them."""

    measures = (*BinnedMethod.measures, "distribution")

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        _check(recipe)
        network = PhotoNet(
            len(self.bins.centres),
            encoder=recipe.network.encoder,
            decoder_widths=recipe.network.decoder_widths,
            hints=recipe.network.hints,
        )
        if network.decoder.hints is not None:
            network.decoder.hints.initialise(self.centres)
        self.begin_stages(network)
        self._teacher: Teacher | None = None

    def on_fit_start(self) -> None:
        """The teacher is read when a run begins or goes on: an export needs none."""
        super().on_fit_start()
        if self.recipe.loss.teacher:
            smoothed = not self.recipe.network.smoothing
            self._teacher = Teacher.read(self.recipe.loss.teacher, self.bins, self.recipe.data.size, smoothed=smoothed)

    @property
    def cached_encoder(self) -> Encoder | None:
        return self.network.encoder if self.recipe.network.cache else None

    # What goes in and comes out

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.mean_ab(self.network(lightness), lightness.shape[2:])

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """val/loss chooses the best epoch: the perceptual distance where there is a critic, else the distribution loss.

        The latter, always logged as val/distribution, rises again when the other losses join it.
        """
        logits = self.network(batch["lightness"]).float()
        ab = self.mean_ab(logits, batch["lightness"].shape[2:])
        with torch.autocast(ab.device.type, enabled=False):
            loss = self._distribution_loss(logits, F.avg_pool2d(batch["ab"].float(), STRIDE))
            self.log("val/distribution", loss, batch_size=len(ab), sync_dist=True)
            if self.critic:
                ours, truth = (
                    self.critic.features(lab_to_rgb(torch.cat([batch["true_lightness"], colors], dim=1)))
                    for colors in (ab, batch["ab"])
                )
                loss = perceptual_distance(ours, truth)
        return loss, ab

    def exportable(self) -> Exportable:
        options = self.recipe.network
        weights = scale_weights(options)
        spec = NetworkSpec(
            inputs=("lightness", "hints") if options.hints else ("lightness",),
            stride=STRIDE,
            multiple=2 * MULTIPLE if len(weights) > 1 else MULTIPLE,
            work_size=options.work_size or self.recipe.data.size,
            centres=self.bins.pairs,
            temperature=options.temperature,
            gain=options.gain,
            details=photo_details(self.network.settings, weights, options.smoothing),
        )
        return Exportable(MultiScale(self.network, weights, options.smoothing), spec)

    # Learning

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        stage = self.stages.at(self.done)
        features: Features | None = None
        if stage == "d":
            losses = {"hints": self._hints_loss(batch)}
        else:
            losses, features = self._losses(batch, stage)
        return self.descend_all(losses, features if stage == "c" else None, len(batch["lightness"]))

    def _encoded(self, batch: Batch) -> tuple[list[Tensor], Tensor]:
        """The encoder's features and the true ab at stride 4."""
        if "f4" in batch:
            return [batch["f4"], batch["f8"], batch["f16"], batch["f32"]], batch["ab"]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.recipe.network.frozen):
            return self.network.encoder(encoder_input(batch["lightness"])), F.avg_pool2d(batch["ab"], STRIDE)

    def _distribution_loss(self, logits: Tensor, ab: Tensor) -> Tensor:
        return distribution_loss(logits, ab, self.centres, self.bin_weights)

    def _hints_loss(self, batch: Batch) -> Tensor:
        """Distribution loss with hints. Only the hint spreader is trained, so without hints nothing changes."""
        self.network.eval()
        decoder = self.network.decoder
        assert decoder.hints is not None  # _check
        with torch.no_grad():
            features, ab = self._encoded(batch)
            x4, x8 = decoder.maps(features, batch["lightness"])
            logits: Tensor = decoder.head(x4)
        hints = random_hints(F.interpolate(ab, scale_factor=float(STRIDE), mode="nearest"))
        with torch.autocast(logits.device.type, enabled=False):
            return self._distribution_loss(decoder.hints(logits.float(), x4.float(), x8.float(), hints), ab)

    def _losses(self, batch: Batch, stage: Stage) -> tuple[Losses, Features | None]:
        """The losses of stage a, b or c, in float32; with a critic its features too."""
        options = self.recipe.loss
        features, ab = self._encoded(batch)
        if self.recipe.network.dropout:  # of whole channels, as overfitting relies on a few of them
            features = [F.dropout2d(feature, self.recipe.network.dropout) for feature in features]
        logits = self.network.decoder(features, batch["lightness"]).float()
        with torch.autocast(logits.device.type, enabled=False):
            losses: Losses = {}
            if options.distribution_weight or self._teacher is None:
                losses["distribution"] = options.distribution_weight * self._distribution_loss(logits, ab)
            if self._teacher:
                taught = self._teacher.logits(batch["lightness"])
                losses["teacher"] = options.teacher_weight * distillation_loss(logits, taught)
            if stage == "a":
                return losses, None
            guess = annealed_mean(logits, self.centres, self.recipe.network.temperature)
            losses["huber"] = options.huber_weight * F.huber_loss(guess, ab, delta=HUBER_DELTA) / HUBER_DELTA
            if self.critic is None:
                return losses, None
            lightness = batch["true_lightness"] if "true_lightness" in batch else rgb_to_lab(batch["rgb"] / 255)[:, :1]
        more, seen = critic_losses(self.critic, guess, ab, lightness, options, adversarial=stage == "c")
        return losses | more, seen


def _check(recipe: Recipe) -> None:
    """Raises UsageError for settings that don't go together."""
    if recipe.network.cache and not recipe.network.frozen:
        raise UsageError("network.cache = true needs network.frozen = true: an encoder that learns can't be cached")
    if recipe.train.hints_share and not recipe.network.hints:
        raise UsageError("train.hints_share needs network.hints = true: nothing else is trained in that stage")
