"""The networks alone: our models and the peers', through onnxruntime and through torch, on a square of lightness."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from photochrom.color.lab import Float
from photochrom.errors import ModelError
from photochrom.evaluate.bench.plan import Plan
from photochrom.evaluate.bench.rounds import in_turn, ratios, spread
from photochrom.network.models import find_model
from photochrom.network.session import open_network
from photochrom.progress import Progress
from photochrom.train.peers import PEERS, find_peer

if TYPE_CHECKING:
    from torch import nn

_NEEDED = ("torch", "timm", "onnx", "lightning")  # to build and export a peer
Run = Callable[[Float], object]  # (H,W) lightness 0..100


@dataclass(frozen=True)
class Model:
    """One that is timed: ours, or a peer's network with random weights. millions: of parameters, None if not known."""

    name: str
    file: Path
    millions: float | None
    ours: bool


def missing() -> list[str]:
    """What the peers and torch need and this installation hasn't."""
    return [name for name in _NEEDED if importlib.util.find_spec(name) is None]


def gather(plan: Plan, folder: Path, progress: Progress, notes: list[str]) -> list[Model]:
    """Our models, then the peers' exported into `folder`. Raises UnknownModelError and UsageError for names."""
    infos = [find_model(name) for name in plan.models]
    models = [Model(info.name, info.file, _millions(info.file), True) for info in infos]
    peers = [find_peer(name) for name in plan.peers]
    if peers and (lacking := missing()):
        notes.append(
            f"The peers and all torch rows were left out: {', '.join(lacking)} is not installed "
            "(pip install 'photochrom[train]')."
        )
        return models
    for peer in peers:
        from photochrom.train.peers.convert import export_peer

        progress(f"{peer.title}: building it with random weights", 0, 0)
        exported = export_peer(peer, None, folder / f"{peer.name}.onnx")
        models.append(Model(peer.name, exported.path, exported.parameters / 1e6, False))
    return models


def measure(models: Sequence[Model], plan: Plan, progress: Progress, notes: list[str]) -> list[dict[str, Any]]:
    """Rows of milliseconds for every model, runtime and size, with the ratio to our first model in onnxruntime."""
    runs = {("onnxruntime", model.name): _through_onnxruntime(model, None) for model in models}
    if plan.torch and not missing():
        for model in models:
            try:
                runs["torch", model.name] = _through_torch(model)
            except ModelError as error:
                notes.append(f"{model.name} was not timed in torch: {error}")
    rows = []
    for size in plan.sizes:
        picture = _picture(size)
        steps = {key: partial(run, picture) for key, run in runs.items()}
        seconds = in_turn(steps, plan.rounds, what=f"networks at {size} px", progress=progress)
        base = seconds["onnxruntime", models[0].name]
        for (runtime, name), values in seconds.items():
            model = next(model for model in models if model.name == name)
            rows.append(
                {
                    "model": name,
                    "ours": model.ours,
                    "millions": model.millions,
                    "runtime": runtime,
                    "size": size,
                    "ms": spread([1000 * value for value in values]),
                    "ratio": ratios(values, base),
                }
            )
    return rows


def measure_threads(models: Sequence[Model], plan: Plan, progress: Progress) -> list[dict[str, Any]]:
    """Rows of milliseconds through onnxruntime at the smallest size for every count of threads."""
    size = min(plan.sizes)
    picture = _picture(size)
    rows = []
    for model in models:  # one at a time: all of them at all counts would not fit in memory
        steps = {n: partial(_through_onnxruntime(model, n), picture) for n in plan.threads}
        seconds = in_turn(steps, plan.rounds, what=f"{model.name}, threads", progress=progress)
        for n, values in seconds.items():
            faster = ratios(seconds[plan.threads[0]], values)
            rows.append(
                {
                    "model": model.name,
                    "size": size,
                    "threads": n,
                    "ms": spread([1000 * value for value in values]),
                    "speedup": faster,
                }
            )
    return rows


def _picture(size: int) -> Float:
    return np.random.default_rng(0).uniform(0, 100, (size, size)).astype(np.float32)


def _through_onnxruntime(model: Model, threads: int | None) -> Run:
    return open_network(find_model(str(model.file)), device="cpu", threads=threads).run


def _through_torch(model: Model) -> Run:
    import torch

    if model.ours:
        from photochrom.train.start.from_onnx import photo_from_onnx

        network: nn.Module = photo_from_onnx(model.file)[0]
    else:
        network = PEERS[model.name].build()

    def run(lightness: Float) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(lightness)[None, None])

    return run


def _millions(file: Path) -> float | None:
    """Millions of parameters in an .onnx file: every stored number of more than one."""
    if importlib.util.find_spec("onnx") is None:
        return None
    import onnx

    graph = onnx.load(file).graph
    return sum(int(np.prod(tensor.dims)) for tensor in graph.initializer if len(tensor.dims)) / 1e6
