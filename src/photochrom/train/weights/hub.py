"""Whether the hub that timm fetches from can be asked: found out in seconds, where its client tries for long."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

_CONNECT, _PATIENCE = 1.5, 5.0  # seconds
_FILES = ("model.safetensors", "pytorch_model.bin")


def is_cached(repository: str) -> bool:
    """Whether the hub's client has the weights of a repository already."""
    from huggingface_hub import try_to_load_from_cache

    return any(isinstance(try_to_load_from_cache(repository, name), str) for name in _FILES)


@cache
def answers() -> bool:
    """Whether the hub says anything, asked once; no when its client is told to stay offline (HF_HUB_OFFLINE).

    Somebody has to be there within _CONNECT; then the answer may take longer, as on a slow line.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    return _in_time(lambda: _is_there(constants.ENDPOINT), _CONNECT) and _in_time(
        lambda: _says_something(constants.ENDPOINT), _PATIENCE
    )


def _in_time(ask: Callable[[], bool], seconds: float) -> bool:
    """The answer, or no where there is none in time: names may be looked up for longer than any timeout."""
    heard: list[bool] = []
    asking = threading.Thread(target=lambda: heard.append(ask()), daemon=True)
    asking.start()
    asking.join(seconds)
    return bool(heard and heard[0])


def _is_there(address: str) -> bool:
    """Whether somebody listens there, or at the proxy on the way."""
    place = urlsplit(address)
    proxy = urllib.request.getproxies().get(place.scheme)
    if proxy and not urllib.request.proxy_bypass(place.hostname or ""):
        place = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = place.port or (443 if place.scheme == "https" else 80)
        socket.create_connection((place.hostname or "", port), timeout=_CONNECT).close()
    except (OSError, ValueError):
        return False
    return True


def _says_something(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310  the client's own address
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500 and error.code != 407  # it is there, and refuses our question
    except (OSError, ValueError):
        return False
