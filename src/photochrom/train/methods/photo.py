"""The flagship's recipe: a distribution over colour, then perceptual and adversarial losses through its annealed mean.

The distribution loss stays on throughout, so that the temperature, the variants and the confidence keep their meaning.
Painted and real pictures are shown to the critic with their chroma at a quarter of the resolution: it is to judge
colours, not sharpness, which the product's guided upsampling restores. Stages: photochrom.train.losses.stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lightning.pytorch.callbacks import Timer
from torch import Tensor
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.augment.hints import random_hints
from photochrom.train.lab import lab_to_rgb, rgb_to_lab
from photochrom.train.losses.bins import Bins, annealed_mean, distribution_loss, rebalancing
from photochrom.train.losses.stages import Stages
from photochrom.train.methods.base import Batch, ColorMethod, Exportable
from photochrom.train.networks.critic import Critic, perceptual_distance, semantic_distance
from photochrom.train.networks.efficientnet import LITE0_STAGES, Encoder, encoder_input, fold_norms
from photochrom.train.networks.imagenet import load_imagenet
from photochrom.train.networks.multiscale import STRIDE, MultiScale, photo_details, scale_weights
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.recipe.sections import Recipe

MULTIPLE = 32  # of the sides of the network's input
BROAD = 8  # places of the output to a side: a fifth of a picture of 160 px
HUBER_DELTA = 10.0  # ab units
CRITIC_RATE, CRITIC_BETAS = 4e-4, (0.0, 0.99)


class PhotoMethod(ColorMethod):
    """PhotoNet with bins; a batch is pictures, or with network.cache a frozen encoder's features of them."""

    needs_bins = alternating = reads_exports = True

    network: PhotoNet

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if self.bins is None:
            raise UsageError("the photo recipe needs the ab bins of its pictures: make them with photochrom bins")
        if recipe.network.cache and not recipe.network.frozen:
            raise UsageError("network.cache = true needs network.frozen = true: an encoder that learns can't be cached")
        if recipe.data.size % MULTIPLE:
            raise UsageError(f"data.size = {recipe.data.size} can't be used: the photo network takes multiples of 32")
        if recipe.train.accumulate != 1:
            raise UsageError("the photo recipe steps once a batch: set train.accumulate = 1 and a smaller train.batch")
        self.automatic_optimization = False
        if recipe.train.hints_share and not recipe.network.hints:
            raise UsageError(
                "train.hints_share needs network.hints = true: there is nothing else to learn in that stage"
            )
        self.stages = Stages(recipe.train.stages, recipe.train.hints_share)
        self.network = PhotoNet(
            len(self.bins.centres),
            encoder=recipe.network.encoder,
            decoder_widths=recipe.network.decoder_widths,
            hints=recipe.network.hints,
        )
        if self.network.decoder.hints is not None:
            self.network.decoder.hints.initialise(torch.as_tensor(self.bins.centres))
        head = recipe.loss.semantic_weight > 0
        self.critic = Critic(Encoder(LITE0_STAGES, head=head)) if self._needs_critic() else None
        if recipe.network.pretrained:
            load_imagenet(self.network.encoder, recipe.network.weights, recipe.network.encoder)
            if self.critic:
                load_imagenet(self.critic.backbone, recipe.loss.critic_weights, "tf_efficientnet_lite0")
        for encoder in (self.network.encoder, *([self.critic.backbone] if self.critic else [])):
            fold_norms(encoder)
        self.network.encoder.requires_grad_(not recipe.network.frozen)
        weights = rebalancing(self.bins.prior, recipe.loss.rebalance)
        self.register_buffer("centres", torch.as_tensor(self.bins.centres), persistent=False)
        self.register_buffer("bin_weights", torch.as_tensor(weights), persistent=False)
        self.train()  # Lightning leaves the modes of modules as it finds them

    def _needs_critic(self) -> bool:
        losses = self.recipe.loss
        refined = max(losses.perceptual_weight, losses.semantic_weight) > 0 and self.stages.has_refinement
        return refined or (losses.adversarial_weight > 0 and self.stages.shares[2] > 0)

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
        return self._mean(self.network(lightness), lightness.shape[2:])

    def _mean(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        with torch.autocast(logits.device.type, enabled=False):
            ab = annealed_mean(logits.float(), self.centres, self.recipe.network.temperature)
            return F.interpolate(ab, size=size, mode="bilinear", align_corners=False)

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """val/loss chooses the best epoch: the perceptual distance where there is a critic, else the distribution loss.

        The latter, always logged as val/distribution, rises again when the other losses join it.
        """
        logits = self.network(batch["lightness"]).float()
        ab = self._mean(logits, batch["lightness"].shape[2:])
        with torch.autocast(ab.device.type, enabled=False):
            truth = F.avg_pool2d(batch["ab"].float(), STRIDE)
            loss = distribution_loss(logits, truth, self.centres, self.bin_weights)
            self.log("val/distribution", loss, batch_size=len(ab), sync_dist=True)
            if self.critic:
                pictures = (lab_to_rgb(torch.cat([batch["true_lightness"], c], dim=1)) for c in (ab, batch["ab"]))
                loss = perceptual_distance(*(self.critic.features(picture) for picture in pictures))
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

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        options = self.recipe.optimiser
        encoder = [p for p in self.network.encoder.parameters() if p.requires_grad]
        groups = [{"params": list(self.network.decoder.parameters()), "share": 1.0}]
        if encoder:
            groups.append({"params": encoder, "share": options.encoder_share})
        made: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(
                groups, lr=options.rate, betas=options.betas, weight_decay=options.weight_decay, fused=True
            )
        ]
        if self.critic:
            rate = options.discriminator_rate or CRITIC_RATE
            made.append(torch.optim.Adam(self.critic.heads.parameters(), lr=rate, betas=CRITIC_BETAS, fused=True))
        return made

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        progress, options = self.progress(), self.recipe.optimiser
        stage = self.stages.at(progress)
        optimisers = self.optimizers(use_pl_optimizer=True)
        generator, judge = optimisers if isinstance(optimisers, list) else (optimisers, None)
        rate = self.stages.rate(progress, options.rate, options.refine_rate)
        for group in generator.param_groups:
            group["lr"] = rate * group["share"]

        if stage == "d":
            losses, seen = {"hints": self._hints_loss(batch)}, ([], [])
        else:
            logits, ab = self._logits(batch)
            losses, seen = self._losses(logits, ab, batch, stage)
        total = torch.stack(list(losses.values())).sum()
        generator.zero_grad()
        self.manual_backward(total)
        if options.clip:
            learned = [weight for group in generator.param_groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(learned, options.clip)  # Lightning's refuses a fused optimiser in bf16
        generator.step()
        if judge is not None and stage == "c" and self.recipe.loss.adversarial_weight:
            on_real, on_fake = self.critic.discriminator_losses(*seen)
            losses |= {"discriminator_real": on_real, "discriminator_fake": on_fake}
            judge.zero_grad()
            self.manual_backward(on_real + on_fake)
            judge.optimizer.step()  # unwrapped: Lightning counts each wrapped step, and steps are to be batches
        self.log_train({"loss": total, **losses}, len(batch["lightness"]))
        self.log("train/rate", rate, on_step=True)
        return total.detach()

    def _logits(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Bin logits (N,Q,H/4,W/4) as float32 and the true ab of the same size."""
        features, ab = self._features(batch)
        if self.recipe.network.dropout:  # whole channels: what a decoder learns by heart hangs on a few of them
            features = [F.dropout2d(feature, self.recipe.network.dropout) for feature in features]
        return self.network.decoder(features, batch["lightness"]).float(), ab

    def _features(self, batch: Batch) -> tuple[list[Tensor], Tensor]:
        if "f4" in batch:
            return [batch[name] for name in ("f4", "f8", "f16", "f32")], batch["ab"]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.recipe.network.frozen):
            return self.network.encoder(encoder_input(batch["lightness"])), F.avg_pool2d(batch["ab"], STRIDE)

    def _hints_loss(self, batch: Batch) -> Tensor:
        """Distribution loss of pictures with hints. Only what spreads them learns: without hints nothing changes."""
        self.network.eval()
        decoder = self.network.decoder
        with torch.no_grad():
            features, ab = self._features(batch)
            maps = decoder.maps(features, batch["lightness"])
            logits = decoder.head(maps[0])
        hints = random_hints(F.interpolate(ab, scale_factor=float(STRIDE), mode="nearest"))
        with torch.autocast(logits.device.type, enabled=False):
            given = decoder.hints(logits.float(), *(x.float() for x in maps), hints)
            return distribution_loss(given, ab, self.centres, self.bin_weights)

    def _losses(
        self, logits: Tensor, ab: Tensor, batch: Batch, stage: str
    ) -> tuple[dict[str, Tensor], tuple[list[Tensor], list[Tensor]]]:
        """The weighted losses of a stage; what the critic saw, painted and real. Colours are reckoned in float32."""
        options = self.recipe.loss
        with torch.autocast(logits.device.type, enabled=False):
            loss = distribution_loss(logits, ab, self.centres, self.bin_weights)
            losses = {"distribution": options.distribution_weight * loss}
            if stage == "a":
                return losses, ([], [])
            guess = annealed_mean(logits, self.centres, self.recipe.network.temperature)
            losses["huber"] = options.huber_weight * F.huber_loss(guess, ab, delta=HUBER_DELTA) / HUBER_DELTA
            if self.critic is None:
                return losses, ([], [])
            lightness = batch["true_lightness"] if "true_lightness" in batch else rgb_to_lab(batch["rgb"] / 255)[:, :1]
            coarse, fine = self._window(lightness)
            shown = with_true_tints(guess, ab, options.detail_share)
            painting, truth = _painted(lightness[fine], shown[coarse]), _painted(lightness[fine], ab[coarse])
        fake = [f.float() for f in self.critic.features(painting)]
        with torch.no_grad():
            real = [f.float() for f in self.critic.features(truth)]
        losses["perceptual"] = options.perceptual_weight * perceptual_distance(fake, real)
        if options.semantic_weight:
            with torch.no_grad():
                known = self.critic.embedding(real)
            losses["semantic"] = options.semantic_weight * semantic_distance(self.critic.embedding(fake), known)
        if stage == "c" and options.adversarial_weight:
            losses["generator"] = options.adversarial_weight * self.critic.generator_loss(fake)
        return losses, (fake, real)

    def _window(self, lightness: Tensor) -> tuple[Any, Any]:
        """Where the critic looks: an index into maps at stride 4, and the same place at full size."""
        height, width = (side // STRIDE for side in lightness.shape[2:])
        side = min(self.recipe.loss.critic_crop // STRIDE or max(height, width), height, width)
        top, left = (int(torch.randint(0, n - side + 1, ())) for n in (height, width))
        coarse = (..., slice(top, top + side), slice(left, left + side))
        fine = (..., *(slice(STRIDE * s.start, STRIDE * s.stop) for s in coarse[1:]))
        return coarse, fine

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """A critic, or what spreads hints, that only one side has is left as it is: a run may begin with the weights of
        one without."""
        parts = ("critic.", "network.decoder.hints.")
        own = self.state_dict()
        ours = {name: value for name, value in own.items() if name.startswith(parts) and name not in state_dict}
        theirs = {k: v for k, v in state_dict.items() if k in own or not k.startswith(parts)}
        return super().load_state_dict({**theirs, **ours}, strict, assign)

    def progress(self) -> float:
        """How much of the run lies behind, 0..1: by steps or by the clock, whichever is further."""
        done = super().progress()
        for callback in self.trainer.callbacks:
            if isinstance(callback, Timer) and (left := callback.time_remaining()) is not None:
                spent = callback.time_elapsed()
                done = max(done, min(1.0, spent / max(spent + left, 1e-9)))
        return self.trainer.strategy.broadcast(done) if self.trainer.world_size > 1 else done


def with_true_tints(guess: Tensor, truth: Tensor, share: float) -> Tensor:
    """Guessed ab (N,2,H/4,W/4) for the critic: a share of them, by lot, with the truth's means of BROAD places.

    Of these a critic can only judge, and the generator only mend, what is finer: colours that end where things end.
    Told apart by their tints alone, which nobody can know, pictures would teach only stronger tints.
    """
    chosen = (torch.rand(len(guess), 1, 1, 1, device=guess.device) < share).to(guess.dtype)
    wrong = F.avg_pool2d(truth - guess, BROAD)
    return guess + chosen * F.interpolate(wrong, size=guess.shape[2:], mode="bilinear", align_corners=False)


def _painted(lightness: Tensor, ab: Tensor) -> Tensor:
    """sRGB of a lightness (N,1,H,W) and colours (N,2,H/4,W/4)."""
    large = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear", align_corners=False)
    return lab_to_rgb(torch.cat([lightness, large], dim=1))
