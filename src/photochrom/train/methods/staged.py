"""What the methods share that refine an ImageNet encoder and a decoder by stages, through a critic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from photochrom.errors import UsageError
from photochrom.train.losses.critic_losses import Features, Losses
from photochrom.train.methods.base import ColorMethod, Optimisers
from photochrom.train.methods.stages import Stages
from photochrom.train.networks.critic import Critic
from photochrom.train.networks.efficientnet import LITE0_STAGES, Encoder, fold_norms
from photochrom.train.networks.imagenet import load_imagenet
from photochrom.train.networks.old_names import accept_old_names
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.weights.needs import CRITIC, has_critic

MULTIPLE = 32  # of the sides of the network's input
CRITIC_RATE, CRITIC_BETAS = 4e-4, (0.0, 0.99)


class StagedMethod(ColorMethod):
    """A PhotoNet, its critic where a loss needs one, and their optimisers. Subclasses build the network first."""

    alternating = reads_exports = follows_clock = True

    network: PhotoNet
    critic: Critic | None

    def begin_stages(self, network: PhotoNet) -> None:
        """Take the network, make the critic, and give both their ImageNet weights. Raises UsageError."""
        recipe = self.recipe
        if recipe.data.size % MULTIPLE:
            raise UsageError(
                f"data.size = {recipe.data.size} can't be used: the photo network takes multiples of {MULTIPLE}"
            )
        self.network, self.stages = network, Stages(recipe.train.stages, recipe.train.hints_share)
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

    def train(self, mode: bool = True) -> StagedMethod:
        super().train(mode)
        if self.recipe.network.fixed_norms:
            self.network.eval()
        return self

    @property
    def phase(self) -> str:
        """The stage: see photochrom.train.methods.stages."""
        return self.stages.at(self.done)

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

    def descend_all(self, losses: Losses, features: Features | None, count: int) -> Tensor:
        """One step down the sum of the losses, which are logged, and of the discriminator where it is given features.

        count: of the pictures.
        """
        total = torch.stack(list(losses.values())).sum()
        for_network, *for_critic = self.wrapped_optimisers()
        self.descend(for_network, total)
        if self.critic and features and self.recipe.loss.adversarial_weight:
            on_real, on_fake = self.critic.discriminator_losses(*features)
            losses |= {"discriminator_real": on_real, "discriminator_fake": on_fake}
            self.descend(for_critic[0], on_real + on_fake, counted=False, clip=0.0)
        self.log_train({"loss": total, **losses}, count)
        return total.detach()

    def scheduled_rate(self, group: Mapping[str, Any], done: float) -> float | None:
        if "share" not in group:
            return None
        options = self.recipe.optimiser
        return self.stages.rate(done, options.rate, options.refine_rate) * float(group["share"])


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
