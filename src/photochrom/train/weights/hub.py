"""Whether the hub that timm fetches from can be asked: found out in three seconds, where its client tries for long."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from functools import cache

_PATIENCE = 3.0  # seconds
_FILES = ("model.safetensors", "pytorch_model.bin")


def is_cached(repository: str) -> bool:
    """Whether the hub's client has the weights of a repository already."""
    from huggingface_hub import try_to_load_from_cache

    return any(isinstance(try_to_load_from_cache(repository, name), str) for name in _FILES)


@cache
def answers() -> bool:
    """Whether the hub says anything, asked once; no when its client is told to stay offline (HF_HUB_OFFLINE)."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    heard: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")  # noqa: S310  the client's own address
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
                heard.append(True)
        except urllib.error.HTTPError as error:
            heard.append(error.code < 500 and error.code != 407)  # it is there, and refuses our question
        except (OSError, ValueError):
            heard.append(False)

    asking = threading.Thread(target=ask, daemon=True)  # names may be looked up for longer than any timeout
    asking.start()
    asking.join(_PATIENCE)
    return bool(heard and heard[0])
