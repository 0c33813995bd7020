"""Losses through a critic, which compares pictures in the network's and in true colours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.train.lab import lab_to_rgb
from photochrom.train.networks.blocks import resized
from photochrom.train.networks.critic import Critic, perceptual_distance, semantic_distance
from photochrom.train.networks.multiscale import STRIDE
from photochrom.train.recipe.sections import LossConfig

BROAD = 8  # places of the output to a side of an area whose mean colour is broad: a fifth of a picture of 160 px

Window = tuple[slice, slice]  # of the rows and columns of a map
Losses = dict[str, Tensor]  # by name, weighted: their sum is minimised
Features = tuple[list[Tensor], list[Tensor]]  # the critic's, of pictures in the network's colours and in true ones


def critic_losses(
    critic: Critic, guess: Tensor, truth: Tensor, lightness: Tensor, options: LossConfig, *, adversarial: bool
) -> tuple[Losses, Features]:
    """The weighted losses of guessed colours, and the features that a discriminator's step needs.

    guess, truth: (N,2,H/4,W/4), ab units. lightness: (N,1,H,W) 0..100. adversarial: with the generator's loss too.
    """
    with torch.autocast(guess.device.type, enabled=False):
        window = random_window(truth.shape[2], truth.shape[3], options.critic_crop // STRIDE)
        shown = with_true_broad_colors(guess, truth, options.detail_share)
        light = cut(lightness, window, STRIDE)
        ours, true = (painted(light, cut(colors, window)) for colors in (shown, truth))
    return compared(critic, ours, true, options, adversarial=adversarial)


def compared(
    critic: Critic, ours: Tensor, true: Tensor, options: LossConfig, *, adversarial: bool
) -> tuple[Losses, Features]:
    """The weighted losses of pictures against true ones, sRGB (N,3,H,W) 0..1, and the features of both.

    adversarial: with the generator's loss too.
    """
    fake = [feature.float() for feature in critic.features(ours)]
    with torch.no_grad():
        real = [feature.float() for feature in critic.features(true)]
    losses = {"perceptual": options.perceptual_weight * perceptual_distance(fake, real)}
    if options.semantic_weight:
        with torch.no_grad():
            embedding = critic.embedding(real)
        losses["semantic"] = options.semantic_weight * semantic_distance(critic.embedding(fake), embedding)
    if adversarial and options.adversarial_weight:
        losses["generator"] = options.adversarial_weight * critic.generator_loss(fake)
    return losses, (fake, real)


def random_window(height: int, width: int, side: int) -> Window:
    """A random square of a map, side x side, or all of it where `side` is 0 or larger. Draws from torch's generator."""
    side = min(side or max(height, width), height, width)
    top, left = (int(torch.randint(0, n - side + 1, ())) for n in (height, width))
    return slice(top, top + side), slice(left, left + side)


def cut(maps: Tensor, window: Window, scale: int = 1) -> Tensor:
    """The window of maps (N,C,H,W) that are `scale` times as large as those which the window was drawn for."""
    rows, columns = (slice(scale * part.start, scale * part.stop) for part in window)
    return maps[..., rows, columns]


def with_true_broad_colors(guess: Tensor, truth: Tensor, share: float) -> Tensor:
    """Guessed ab (N,2,h,w), a random share of the pictures with the true mean colours of areas of BROAD places.

    In these the critic can judge, and the generator improve, only what is finer: whether colours end where things end.
    Broad colours can't be known from the lightness; a discriminator that tells pictures apart by them teaches the
    generator nothing but to colour more strongly.
    """
    chosen = (torch.rand(len(guess), 1, 1, 1, device=guess.device) < share).to(guess.dtype)
    broad_error = F.avg_pool2d(truth - guess, BROAD)
    return guess + chosen * resized(broad_error, guess.shape[2:])


def painted(lightness: Tensor, ab: Tensor) -> Tensor:
    """sRGB (N,3,H,W) 0..1 of a lightness (N,1,H,W) and of colours (N,2,h,w), which are enlarged."""
    return lab_to_rgb(torch.cat([lightness, resized(ab, lightness.shape[2:])], dim=1))
