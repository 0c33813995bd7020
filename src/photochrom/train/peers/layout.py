"""From a published state dict to ours: other names, weight norms folded away, every shape checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from photochrom.errors import ModelError

State = dict[str, Tensor]
_NESTS = ("params_ema", "params", "state_dict", "model", "generator")  # what trainers wrap a state dict in
_WRAPPERS = ("module.", "_orig_mod.")  # DataParallel, torch.compile


def plain(saved: object) -> State:
    """The state dict inside what a weight file holds: unwrapped, without the prefixes that wrappers add.

    Raises ModelError if there is none.
    """
    while isinstance(saved, Mapping) and not any(isinstance(value, Tensor) for value in saved.values()):
        inner = next((saved[key] for key in _NESTS if isinstance(saved.get(key), Mapping)), None)
        if inner is None:
            raise ModelError(
                f"the weight file holds no state dict (its keys begin with {', '.join(map(str, list(saved)[:3]))}): "
                "give the file with the network's weights"
            )
        saved = inner
    if not isinstance(saved, Mapping):
        raise ModelError(f"the weight file holds a {type(saved).__name__}, not a state dict: save model.state_dict()")
    state = {str(key): value for key, value in saved.items() if isinstance(value, Tensor)}
    for prefix in _WRAPPERS:
        if state and all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def folded(state: State) -> State:
    """Spectral and weight normalisation multiplied into the weights, as they act when a network is not in training.

    Spectral (Miyato et al., ICLR 2018): weight_orig / (u W v). Weight (Salimans & Kingma, NeurIPS 2016): g v / |v|,
    the norm taken for each output channel. Both the old and the parametrized names of torch are read.
    """
    out = {}
    for key, value in state.items():
        name = key.replace("parametrizations.weight.original0", "weight_g")
        name = name.replace("parametrizations.weight.original1", "weight_v")
        name = name.replace("parametrizations.weight.0._u", "weight_u").replace(
            "parametrizations.weight.0._v", "weight_v"
        )
        name = name.replace("parametrizations.weight.original", "weight_orig")
        out[name] = value
    for name in [name for name in out if name.endswith(".weight_orig")]:
        base = name.removesuffix("_orig")
        weight = out.pop(name)
        u, v = out.pop(base + "_u", None), out.pop(base + "_v", None)
        if u is None or v is None:
            raise ModelError(f"the weights have {name} without {base}_u and {base}_v: the file is not complete")
        out[base] = weight / (u @ weight.flatten(1) @ v)
    for name in [name for name in out if name.endswith(".weight_g")]:
        base = name.removesuffix("_g")
        size, direction = out.pop(name), out.pop(base + "_v", None)
        if direction is None:
            raise ModelError(f"the weights have {name} without {base}_v: the file is not complete")
        norm = direction.flatten(1).norm(dim=1).view(-1, *[1] * (direction.dim() - 1))
        out[base] = size * direction / norm
    return out


def fit(network: nn.Module, state: State, rename: Callable[[str], str | None], what: str) -> None:
    """Load a published state dict into `network`.

    rename: their name -> ours, or None for a tensor that isn't needed. what: for the error, "DDColor-tiny".
    Raises ModelError naming the first tensor that is unknown, missing or of another shape.
    """
    target, found = network.state_dict(), dict[str, Tensor]()
    theirs: dict[str, str] = {}
    for key, value in folded(state).items():
        name = rename(key)
        if name is None:
            continue
        if name not in target:
            raise ModelError(f"these are not the weights of {what}: it has no tensor {key} {tuple(value.shape)}")
        if target[name].shape != value.shape:
            raise ModelError(
                f"these are not the weights of {what}: {key} has shape {tuple(value.shape)}, "
                f"it needs {tuple(target[name].shape)}"
            )
        found[name], theirs[name] = value.to(torch.float32) if value.is_floating_point() else value, key
    missing = next((name for name in target if name not in found and not name.endswith("num_batches_tracked")), None)
    if missing is not None:
        raise ModelError(
            f"these are not the weights of {what}: nothing for {missing} {tuple(target[missing].shape)} is there"
        )
    network.load_state_dict({**target, **found})
