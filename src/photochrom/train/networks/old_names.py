"""Checkpoints from before a part of a network was renamed."""

from __future__ import annotations

from typing import Any

from torch import nn


def accept_old_names(module: nn.Module, old: str, new: str) -> None:
    """Let a module load tensors whose names begin with `old` where its own begin with `new`, as in "critic.eyes."."""

    def rename(_module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: object) -> None:
        for name in [name for name in state_dict if name.startswith(prefix + old)]:
            state_dict[prefix + new + name.removeprefix(prefix + old)] = state_dict.pop(name)

    module.register_load_state_dict_pre_hook(rename)  # type: ignore[no-untyped-call]  # torch doesn't annotate it
