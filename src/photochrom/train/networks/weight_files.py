"""State dicts from files that others wrote: .safetensors, or what torch.save made of a network or a training run."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from photochrom.errors import ModelError, PhotochromError

StateDict = dict[str, Tensor]
_NESTING_KEYS = ("params_ema", "params", "state_dict", "model", "generator")  # under which trainers save a state dict
_PREFIXES = ("module.", "_orig_mod.")  # DataParallel, torch.compile


def read_weights(path: Path, error: type[PhotochromError] = ModelError) -> StateDict:
    """The state dict in a .safetensors or a torch file, as `unwrapped`; nothing in it is executed.

    error: the class of what is raised for a file that can't be read or holds no state dict.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return unwrapped(load_file(path), str(path), error)
        return unwrapped(torch.load(path, map_location="cpu", weights_only=True), str(path), error)
    except pickle.UnpicklingError as reason:
        raise error(
            f"{path} can't be read, since it holds more than tensors, and such a file can run code: "
            "save the network's state dict alone"
        ) from reason
    except PhotochromError:
        raise
    except Exception as reason:  # torch and safetensors raise errors of many kinds for a damaged file
        first_line = (str(reason).splitlines() or [type(reason).__name__])[0][:120]
        raise error(f"{path} can't be read as weights ({first_line}): name a whole state dict") from reason


def unwrapped(saved: object, label: str, error: type[PhotochromError] = ModelError) -> StateDict:
    """The state dict inside what a weight file holds, without the prefixes that wrappers of a network add to names.

    label: of the file, for the error. Raises `error` if there is none.
    """
    while isinstance(saved, Mapping) and not any(isinstance(value, Tensor) for value in saved.values()):
        inner = next((saved[key] for key in _NESTING_KEYS if isinstance(saved.get(key), Mapping)), None)
        if inner is None:
            keys = ", ".join(map(str, list(saved)[:3]))
            raise error(f"{label} holds no state dict (its keys begin with {keys}): name a file of a network's weights")
        saved = inner
    if not isinstance(saved, Mapping):
        raise error(f"{label} holds a {type(saved).__name__}, not a state dict: save model.state_dict()")
    state = {str(key): value for key, value in saved.items() if isinstance(value, Tensor)}
    for prefix in _PREFIXES:
        if state and all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state
