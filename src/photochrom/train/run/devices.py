"""What a run trains on: one device, or as many processes as torchrun or SLURM has started."""

from __future__ import annotations

import os
from typing import Literal, TypedDict

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from photochrom.errors import UsageError
from photochrom.train.recipe.sections import Precision

_ACCELERATORS = {"auto": "auto", "cpu": "cpu", "cuda": "cuda", "gpu": "gpu", "mps": "mps"}


class Devices(TypedDict):
    """Arguments of Lightning's Trainer."""

    accelerator: str
    devices: int
    num_nodes: int
    strategy: str
    sync_batchnorm: bool
    precision: Literal["bf16-mixed", "32-true"]
    benchmark: bool


def places() -> tuple[int, int]:
    """Processes on each machine, and machines: what torchrun or SLURM says, else one and one."""
    if "LOCAL_WORLD_SIZE" in os.environ and "WORLD_SIZE" in os.environ:
        here = int(os.environ["LOCAL_WORLD_SIZE"])
        return here, max(1, int(os.environ["WORLD_SIZE"]) // here)
    if SLURMEnvironment.detect() and "SLURM_NTASKS" in os.environ:
        nodes = int(os.environ.get("SLURM_NNODES", "1"))
        return max(1, int(os.environ["SLURM_NTASKS"]) // nodes), nodes
    return 1, 1


def trainer_devices(device: str, precision: Precision, *, alternating: bool) -> Devices:
    """Lightning's arguments for a device's name. Raises UsageError for one that isn't known or isn't there.

    alternating: whether a step trains one network at a time, as a GAN's does: DDP must look for unused parameters then.
    """
    if device not in _ACCELERATORS:
        raise UsageError(f"there is no device {device!r}: choose one of {', '.join(_ACCELERATORS)}")
    if device in ("cuda", "gpu") and not torch.cuda.is_available():
        raise UsageError(f"--device {device}, but torch {torch.__version__} sees no GPU: use cpu or its CUDA build")
    if device == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps, but this is no Mac with an Apple GPU: use cpu")
    here, nodes = places()
    several = here * nodes > 1
    cuda = device in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    bf16 = precision == "bf16" or (
        precision == "auto" and cuda and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return {
        "accelerator": _ACCELERATORS[device],
        "devices": here,
        "num_nodes": nodes,
        "strategy": ("ddp_find_unused_parameters_true" if alternating else "ddp") if several else "auto",
        "sync_batchnorm": several and cuda,  # torch has none for the CPU
        "precision": "bf16-mixed" if bf16 else "32-true",
        "benchmark": cuda,
    }
