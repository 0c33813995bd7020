"""What methods with two optimisers share: each step is ours to take."""

from __future__ import annotations

from typing import Any

import lightning
from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.recipe.sections import Recipe


class Adversary(lightning.LightningModule):
    """A mixin before a ColorMethod."""

    recipe: Recipe

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)  # type: ignore[call-arg]  # of the ColorMethod that it is mixed with
        self.automatic_optimization = False
        if recipe.train.accumulate != 1:
            raise UsageError(
                f"train.accumulate = {recipe.train.accumulate} can't be used with a GAN, which steps once a batch: "
                "set it to 1 and lower train.batch"
            )
        if recipe.data.size < 32:
            raise UsageError(
                f"data.size = {recipe.data.size} is too small for a discriminator of patches: give 32 or more"
            )

    def descend(self, optimiser: Any, loss: Tensor, *, counted: bool = True) -> None:
        """One step down a loss. counted: Lightning counts the steps of an optimiser, and one a batch is right."""
        optimiser.zero_grad()
        self.manual_backward(loss)
        if self.recipe.optimiser.clip:
            self.clip_gradients(optimiser, self.recipe.optimiser.clip, gradient_clip_algorithm="norm")
        (optimiser if counted else optimiser.optimizer).step()

    def turn(self, every: int) -> bool:
        """Whether this step is one of every so many."""
        return self.global_step % every == 0
