"""The flagship's method: a distribution over colour, then perceptual and adversarial losses through its annealed mean.

The distribution loss stays on throughout, so that the temperature, the variants and the confidence keep their meaning.
The critic sees generated and true pictures with their chroma at a quarter of the resolution: it is to judge colours,
not sharpness, which the product's guided upsampling restores. photochrom.train.methods.stages says which losses are on
when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.augment.hints import random_hints
from photochrom.train.lab import lab_to_rgb, rgb_to_lab
from photochrom.train.losses.bins import Bins, annealed_mean, distribution_loss
from photochrom.train.losses.critic_losses import Features, Losses, critic_losses
from photochrom.train.methods.base import Exportable, Optimisers
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.binned import BinnedMethod
from photochrom.train.methods.stages import Stage, Stages
from photochrom.train.networks.critic import Critic, perceptual_distance
from photochrom.train.networks.efficientnet import LITE0_STAGES, Encoder, encoder_input, fold_norms
from photochrom.train.networks.imagenet import load_imagenet
from photochrom.train.networks.multiscale import STRIDE, MultiScale, photo_details, scale_weights
from photochrom.train.networks.old_names import accept_old_names
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.recipe.sections import Recipe
from photochrom.train.weights.needs import CRITIC, has_critic

MULTIPLE = 32  # of the sides of the network's input
HUBER_DELTA = 10.0  # ab units
CRITIC_RATE, CRITIC_BETAS = 4e-4, (0.0, 0.99)


class PhotoMethod(BinnedMethod):
    """PhotoNet with bins; a batch is pictures, or with network.cache a frozen encoder's features of them."""

    alternating = reads_exports = follows_clock = True
    measures = (*BinnedMethod.measures, "distribution")

    network: PhotoNet

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        _check(recipe)
        self.stages = Stages(recipe.train.stages, recipe.train.hints_share)
        self.network = PhotoNet(
            len(self.bins.centres),
            encoder=recipe.network.encoder,
            decoder_widths=recipe.network.decoder_widths,
            hints=recipe.network.hints,
        )
        if self.network.decoder.hints is not None:
            self.network.decoder.hints.initialise(self.centres)
        head = recipe.loss.semantic_weight > 0
        self.critic = Critic(Encoder(LITE0_STAGES, head=head)) if has_critic(recipe) else None
        if recipe.network.pretrained:
            load_imagenet(self.network.encoder, recipe.network.weights, recipe.network.encoder)
        if self.critic and (recipe.network.pretrained or recipe.loss.critic_weights):
            load_imagenet(self.critic.backbone, recipe.loss.critic_weights, CRITIC)
        for encoder in (self.network.encoder, *([self.critic.backbone] if self.critic else [])):
            fold_norms(encoder)
        self.network.encoder.requires_grad_(not recipe.network.frozen)
        accept_old_names(self, "critic.eyes.", "critic.backbone.")
        self.register_load_state_dict_pre_hook(_keep_optional_parts)  # type: ignore[no-untyped-call]  # not annotated
        self.train()  # Lightning leaves the modes of modules as it finds them

    def train(self, mode: bool = True) -> PhotoMethod:
        super().train(mode)
        if self.recipe.network.fixed_norms:
            self.network.eval()
        return self

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

    @property
    def phase(self) -> str:
        """The stage: see photochrom.train.methods.stages."""
        return self.stages.at(self.done)

    # Learning

    def configure_optimizers(self) -> Optimisers:
        options = self.recipe.optimiser
        encoder = [weight for weight in self.network.encoder.parameters() if weight.requires_grad]
        groups: list[dict[str, Any]] = [{"params": list(self.network.decoder.parameters()), "share": 1.0}]
        if encoder:
            groups.append({"params": encoder, "share": options.encoder_share})
        optimisers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(
                groups, lr=options.rate, betas=options.betas, weight_decay=options.weight_decay, fused=True
            )
        ]
        if self.critic:
            rate = options.discriminator_rate or CRITIC_RATE
            optimisers.append(torch.optim.Adam(self.critic.heads.parameters(), lr=rate, betas=CRITIC_BETAS, fused=True))
        return optimisers

    def scheduled_rate(self, group: Mapping[str, Any], done: float) -> float | None:
        if "share" not in group:
            return None
        options = self.recipe.optimiser
        return self.stages.rate(done, options.rate, options.refine_rate) * float(group["share"])

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        stage = self.stages.at(self.done)
        for_network, *for_critic = self.wrapped_optimisers()
        features: Features | None = None
        if stage == "d":
            losses = {"hints": self._hints_loss(batch)}
        else:
            losses, features = self._losses(batch, stage)
        total = torch.stack(list(losses.values())).sum()
        self.descend(for_network, total)
        if self.critic and features and stage == "c" and self.recipe.loss.adversarial_weight:
            on_real, on_fake = self.critic.discriminator_losses(*features)
            losses |= {"discriminator_real": on_real, "discriminator_fake": on_fake}
            self.descend(for_critic[0], on_real + on_fake, counted=False, clip=0.0)
        self.log_train({"loss": total, **losses}, len(batch["lightness"]))
        return total.detach()

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
            losses = {"distribution": options.distribution_weight * self._distribution_loss(logits, ab)}
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
    if recipe.data.size % MULTIPLE:
        raise UsageError(
            f"data.size = {recipe.data.size} can't be used: the photo network takes multiples of {MULTIPLE}"
        )
    if recipe.train.hints_share and not recipe.network.hints:
        raise UsageError("train.hints_share needs network.hints = true: nothing else is trained in that stage")


def _keep_optional_parts(module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: object) -> None:
    """Before loading: a run may begin with weights of a run without a critic or hints, or of one that alone has them.

    Tensors of these parts that only the method has are left as they are; those that only the file has are ignored.
    """
    own = {prefix + name: value for name, value in module.state_dict().items()}
    optional = (f"{prefix}critic.", f"{prefix}network.decoder.hints.")
    for name in [name for name in state_dict if name.startswith(optional) and name not in own]:
        del state_dict[name]
    for name, value in own.items():
        if name.startswith(optional):
            state_dict.setdefault(name, value)
