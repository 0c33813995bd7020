"""The same run on many machines: tasks of Ray colour, this machine reads, writes and keeps the journal.

A picture belongs to the run until its result is in the journal, so a worker or a machine that dies takes nothing with
it: Ray gives what it was working on to another. Results are written here alone, so nothing is doubled either.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photochrom.archive.work import Colored, Order, color
from photochrom.errors import PhotochromError, UsageError
from photochrom.network.session import DEVICES
from photochrom.threads import alone

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer

_PATIENCE = 10.0  # seconds until a cluster must have answered
_ON_GPUS = ("cuda", "tensorrt", "rocm")  # devices that Ray counts as GPUs
_TRIES = 5  # for one picture: one that ends every worker that it meets is a failure of its own


class Pool:
    """The workers of a Ray cluster. Use as a context manager.

    address: "auto" for the cluster that this machine is in, "ray://host:10001", or None for one on this machine alone.
    count: pictures that are coloured at a time, by default one for each GPU, else each core. GPUs that nobody asked for
    by name are left alone where the machines have no onnxruntime-gpu. Raises UsageError.
    """

    def __init__(self, address: str | None, *, model: str, device: str, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise UsageError("--engine ray needs Ray: pip install 'photochrom[cluster]'") from error
        self._ray: Any = ray
        _check_reachable(address)
        try:
            ray.init(address=address, ignore_reinit_error=True, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"there is no Ray cluster at {address} ({error}); start one with ray start --head"
            ) from error
        found = cast("Mapping[str, float]", self._ray.cluster_resources())
        gpus = int(found.get("GPU", 0)) if device in ("auto", *_ON_GPUS) else 0
        if device in _ON_GPUS and not gpus:
            raise UsageError(f"--device {device} needs GPUs, and this Ray cluster has none; leave it out, or add some")
        if gpus and device == "auto" and not self._can_use_gpus():
            gpus = 0
        self.count = workers or gpus or max(1, int(found.get("CPU", 1)))
        needs = {"num_cpus": 0, "num_gpus": 1} if gpus else {"num_cpus": 1}
        self._task = self._ray.remote(max_retries=_TRIES, **needs)(_color)
        data = Path(model).read_bytes() if model.endswith(".onnx") else b""  # a file of ours, which isn't there
        self._model = (model, self._ray.put(data), device, 0 if gpus else 1)

    def _can_use_gpus(self) -> bool:
        """Whether the onnxruntime of a machine with a GPU has a provider for it, as onnxruntime-gpu does."""
        providers = self._ray.get(self._ray.remote(num_cpus=0, num_gpus=1)(_providers).remote())
        return any(DEVICES[name] in providers for name in _ON_GPUS)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # the cluster may be gone
            self._ray.shutdown()

    def color(self, data: bytes, key: str, order: Order) -> Colored:
        """Have one coloured by whichever worker is free. Called by several threads. Raises PhotochromError."""
        errors = self._ray.exceptions
        try:
            made = self._ray.get(self._task.remote(data, key, order, *self._model))
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError) as error:
            raise PhotochromError(
                f"{key} ended every worker that tried it; try it alone, with less --memory"
            ) from error
        if isinstance(made, PhotochromError):
            raise made
        return cast(Colored, made)


def _check_reachable(address: str | None) -> None:
    """Ray itself tries for minutes, and says so in lines of its own. Raises UsageError."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise UsageError(
            f"there is no Ray cluster at {address} ({error.strerror or error}); start one with ray start --head"
        ) from error


def _providers() -> list[str]:
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def _color(
    data: bytes, key: str, order: Order, model: str, file: bytes, device: str, threads: int
) -> Colored | PhotochromError:
    """See work.color; what it refuses comes back as a value, since Ray would wrap an error."""
    try:
        with alone() if threads == 1 else nullcontext():
            return color(data, key, order, _loaded(model, file, device, threads))
    except PhotochromError as error:
        return error


@lru_cache(maxsize=1)
def _loaded(model: str, file: bytes, device: str, threads: int) -> Colorizer:
    """The model, once for each process of a worker."""
    import tempfile

    import photochrom

    if not file:
        return photochrom.load_model(model, device=device, threads=threads or None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(model).name)
        path.write_bytes(file)
        return photochrom.load_model(path, device=device, threads=threads or None)
