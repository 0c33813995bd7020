"""What methods with patch discriminators share."""

from __future__ import annotations

from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.losses.losses import discriminator_loss, r1_penalty
from photochrom.train.networks.patchgan import Norm, PatchGAN
from photochrom.train.recipe.sections import Recipe


def patch_discriminator(recipe: Recipe, norm: Norm = "batch") -> PatchGAN:
    """The discriminator of a recipe, of scaled Lab (N,3,H,W). norm: as PatchGAN takes it.

    Raises UsageError for a recipe without an adversarial loss, or with pictures that are smaller than a patch.
    """
    if recipe.loss.adversarial == "none":
        raise UsageError("a GAN needs an adversarial loss: set loss.adversarial to vanilla, lsgan or hinge")
    if recipe.data.size < 32:
        raise UsageError(f"data.size = {recipe.data.size} is too small for a discriminator of patches: give 32 or more")
    return PatchGAN(3, recipe.network.width, norm=norm, stabilise=recipe.stabilise)


def discriminator_losses(
    discriminator: PatchGAN, real: Tensor, fake: Tensor, recipe: Recipe, step: int
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The losses of a discriminator on real and on generated pictures, and its R1 penalty where `step` is due for one.

    It is computed every r1_every steps and to be weighted with r1 * r1_every: lazily, as Karras et al. (2020) do.
    """
    options = recipe.stabilise
    scores = discriminator(real).float(), discriminator(fake).float()
    on_real, on_fake = discriminator_loss(recipe.loss.adversarial, *scores, options.label_smoothing)
    due = options.r1 and step % options.r1_every == 0
    return on_real, on_fake, r1_penalty(discriminator, real) if due else None
