"""Losses of colours, which are in units of a network's scale, and of a discriminator's scores, which are logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

PixelLoss = Literal["l1", "l2", "huber"]
AdversarialLoss = Literal["none", "vanilla", "lsgan", "hinge"]  # "none" in recipes without a discriminator


def pixel_loss(kind: PixelLoss, ours: Tensor, truth: Tensor) -> Tensor:
    """Mean distance of two maps of the same shape: "l1", "l2" (squared) or "huber" (bends at a tenth)."""
    if kind == "l1":
        return F.l1_loss(ours, truth)
    if kind == "l2":
        return F.mse_loss(ours, truth)
    return F.huber_loss(ours, truth, delta=0.1) / 0.1


def discriminator_loss(
    kind: AdversarialLoss, real: Tensor, fake: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """A discriminator's losses of its scores of real and of generated pictures.

    kind: "vanilla" (Goodfellow 2014), "lsgan" (Mao 2017) or "hinge" (Lim and Ye 2017). smoothing: real is 1 minus
    this (one-sided, Salimans 2016), and so is the margin of a hinge for real pictures.
    """
    label = 1 - smoothing
    if kind == "vanilla":
        real_label, fake_label = torch.full_like(real, label), torch.zeros_like(fake)
        real_loss = F.binary_cross_entropy_with_logits(real, real_label)
        return real_loss, F.binary_cross_entropy_with_logits(fake, fake_label)
    if kind == "lsgan":
        return (real - label).square().mean(), fake.square().mean()
    return F.relu(label - real).mean(), F.relu(1 + fake).mean()


def generator_loss(kind: AdversarialLoss, fake: Tensor) -> Tensor:
    """A generator's loss of the scores of its pictures; for "vanilla" the form that doesn't saturate."""
    if kind == "vanilla":
        return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    if kind == "lsgan":
        return (fake - 1).square().mean()
    return -fake.mean()


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Half the squared gradient of the scores at real pictures (Mescheder 2018), to be weighted by gamma; float32."""
    with torch.autocast(real.device.type, enabled=False):
        pictures = real.detach().float().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(pictures).sum(), pictures, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean() / 2
