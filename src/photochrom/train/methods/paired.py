"""Pairs of an input and a colour picture: a network that predicts lightness and colour from what is no lightness.

Infrared pictures, thermal frames and drawings say little of how bright things are to the eye. So the network gives L*
as well as a* and b*; it learns by their distance from the truth, by a perceptual distance of the pictures that they
make (with the detail of the input, as the product upsamples them), and by a discriminator in the features of an
ImageNet network. The first stage has the distance alone, the second the perceptual loss too, the third all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.lab import lab_to_rgb
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.critic_losses import Features, Losses, compared
from photochrom.train.losses.lab_losses import carried_over, chroma_loss
from photochrom.train.losses.losses import pixel_loss
from photochrom.train.methods.base import Exportable
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.staged import MULTIPLE, StagedMethod
from photochrom.train.networks.blocks import resized
from photochrom.train.networks.critic import perceptual_distance
from photochrom.train.networks.multiscale import STRIDE, photo_details
from photochrom.train.networks.photo import CHROMA, LIGHT, LabOutput, PhotoNet
from photochrom.train.recipe.sections import Recipe


class Paired(StagedMethod):
    """PhotoNet with a head for L*, a* and b*; its pictures have an input each, or one is made of them."""

    measures = (*StagedMethod.measures, "lightness_error", "distance")

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe)
        if find_domain(recipe.domain).keeps_lightness:
            raise UsageError(
                f"method = paired predicts lightness, and {recipe.domain} pictures keep their own: choose another "
                "domain, as in domain = infrared"
            )
        if recipe.network.hints:
            raise UsageError("network.hints = true can't be used with method = paired: set it to false")
        options = recipe.network
        network = PhotoNet(3, encoder=options.encoder, decoder_widths=options.decoder_widths)
        nn.init.zeros_(network.decoder.head.weight)  # even grey: a picture of chance colours is far off for long
        assert network.decoder.head.bias is not None
        nn.init.zeros_(network.decoder.head.bias)
        self.begin_stages(network)

    def fitting_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All but a head with other channels: a network that gives a distribution lends its encoder and decoder."""
        own = self.state_dict()
        kept = {name: value for name, value in weights.items() if name not in own or own[name].shape == value.shape}
        return {**{name: own[name] for name in weights.keys() - kept.keys()}, **kept}

    # What goes in and comes out

    def _small_lab(self, intensity: Tensor) -> Tensor:
        """(N,3,H/4,W/4): L* and ab, float32."""
        raw = self.network(intensity).float()
        return torch.cat([LIGHT * (raw[:, :1] + 1), CHROMA * raw[:, 1:]], dim=1)

    def predict_lab(self, lightness: Tensor) -> Tensor:
        return _enlarged(self._small_lab(lightness), lightness)

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.predict_lab(lightness)[:, 1:]

    def preview(self, batch: Batch) -> dict[str, Tensor]:
        """As of all methods; what it is given is no grey version of the truth."""
        shown = super().preview(batch)
        return {"input": shown.pop("grey"), **shown}

    def exportable(self) -> Exportable:
        options = self.recipe.network
        spec = NetworkSpec(
            inputs=("intensity",),
            output="lab",
            stride=STRIDE,
            multiple=MULTIPLE,
            work_size=options.work_size or self.recipe.data.size,
            scale=CHROMA * options.gain,
            details=photo_details(self.network.settings, {1.0: 1.0}, 0.0),
        )
        return Exportable(LabOutput(self.network), spec)

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The perceptual distance where there is a critic, else the distance of the colours."""
        small = self._small_lab(batch["lightness"])
        lab = _enlarged(small, batch["lightness"])
        with torch.autocast(lab.device.type, enabled=False):
            loss = self._distance(small, _truth(batch))
            light_error = (lab[:, :1] - batch["true_lightness"]).abs().mean()
            self.log("val/lightness_error", light_error, batch_size=len(lab), sync_dist=True)
            if self.critic:
                self.log("val/distance", loss, batch_size=len(lab), sync_dist=True)
                ours, theirs = (self.critic.features(lab_to_rgb(picture)) for picture in (lab, _lab(batch)))
                loss = perceptual_distance(ours, theirs)
        return loss, lab[:, 1:]

    # Learning

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        stage = self.stages.at(self.done)
        features: Features | None = None
        small = self._small_lab(batch["lightness"])
        options = self.recipe.loss
        with torch.autocast(small.device.type, enabled=False):
            truth = _truth(batch)
            losses: Losses = {"distance": options.pixel_weight * self._distance(small, truth)}
            if options.chroma_weight:
                losses["chroma"] = options.chroma_weight * chroma_loss(small[:, 1:], truth[:, 1:])
            if self.critic and stage != "a":
                pictures = (_enlarged(small, batch["lightness"]), _lab(batch))
                ours, true = map(lab_to_rgb, pictures)
                more, features = compared(self.critic, ours, true, options, adversarial=stage == "c")
                losses |= more
        return self.descend_all(losses, features if stage == "c" else None, len(batch["lightness"]))

    def _distance(self, ours: Tensor, truth: Tensor) -> Tensor:
        """The recipe's pixel loss of Lab maps (N,3,h,w), in units of the head."""
        scale = ours.new_tensor([LIGHT, CHROMA, CHROMA]).view(1, 3, 1, 1)
        return pixel_loss(self.recipe.loss.pixel, ours / scale, truth / scale)


def _lab(batch: Batch) -> Tensor:
    """The true Lab (N,3,H,W)."""
    return torch.cat([batch["true_lightness"], batch["ab"]], dim=1)


def _truth(batch: Batch) -> Tensor:
    """The same at the size of the output, (N,3,H/4,W/4)."""
    return F.avg_pool2d(_lab(batch).float(), STRIDE)


def _enlarged(small: Tensor, guide: Tensor) -> Tensor:
    """Lab (N,3,H/4,W/4) at the size of the input (N,1,H,W), whose detail its lightness takes."""
    light = carried_over(small[:, :1], guide).clamp(0, 100)
    return torch.cat([light, resized(small[:, 1:], guide.shape[2:])], dim=1)
