"""`photochrom convert`: published weights of another network -> an .onnx that the one road can colour with.

How a network wants its lightness and gives its colours is part of the exported graph; its input is lightness 0..100
like that of our own models.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from photochrom.atomic import atomic_write
from photochrom.errors import ModelError, UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.peers import Peer, find_peer
from photochrom.train.peers.download import Progress, fetch, fetch_from_hub, is_hub_id

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZES = (64, 2048)  # that a working size may have, px
_FILES = (".bin", ".ckpt", ".onnx", ".pt", ".pth", ".safetensors")  # what ends so and isn't here is no hub id
_AB = 110.0  # the largest a or b there is


@dataclass(frozen=True)
class Converted:
    """path: of the .onnx. parameters: of the network. difference: largest, torch against onnxruntime: of a
    probability, or of the output in its own units."""

    path: Path
    parameters: int
    difference: float


def convert(
    weights: str,
    peer: Peer,
    out: Path,
    *,
    work_size: int | None = None,
    sha256: str = "",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Converted:
    """Make `out` from a file, an address or a hub id ("" for where the authors keep theirs).

    work_size: short side in px at which the network will look at a picture; None for its authors'.
    sha256: what the file must have; known for some authors' files.
    Raises UsageError (an address or size that can't be used), ModelError (not to be had, or not this network's
    weights) and OutputError.
    """
    if work_size is not None and (not SIZES[0] <= work_size <= SIZES[1] or work_size % peer.multiple):
        raise UsageError(
            f"the working size of {peer.title} is a multiple of {peer.multiple} in {SIZES[0]}..{SIZES[1]} px, "
            f"got {work_size}"
        )
    path = find_weights(weights, peer, sha256=sha256, progress=progress)
    return export_peer(peer, read_state(path), out, work_size=work_size, overwrite=overwrite, origin=_digest(path))


def find_weights(weights: str, peer: Peer, *, sha256: str = "", progress: Progress | None = None) -> Path:
    """The local file that `weights` means, downloaded if it has to be and checked where its SHA-256 is known."""
    from photochrom.pictures.remote import cache_folder

    path = Path(weights)
    if weights and path.is_file():
        if sha256 and not _digest(path).startswith(sha256.lower()):
            raise ModelError(f"{path} has SHA-256 {_digest(path)[:12]}..., not {sha256[:12]}...: get a whole copy")
        return path
    place = weights or peer.source
    expected = sha256 or (peer.sha256 if place == peer.source else "")
    folder = cache_folder() / "weights"
    if "://" in place:
        return fetch(place, folder, sha256=expected, progress=progress)
    if is_hub_id(place) and (":" in place or path.suffix.lower() not in _FILES):
        return fetch_from_hub(place, folder, sha256=expected, progress=progress)
    raise ModelError(f"there is no weight file {weights}: give a file, an https address or a hub id like owner/name")


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a .safetensors or a torch file; nothing in it is run. Raises ModelError."""
    import torch

    from photochrom.train.peers.layout import plain

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return plain(load_file(path))
        return plain(torch.load(path, map_location="cpu", weights_only=True))
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} holds more than tensors, and such a file can run code when it is read: "
            "save the network's state dict alone"
        ) from error
    except ModelError:
        raise
    except Exception as error:  # torch and safetensors have errors of many kinds for a damaged file
        raise ModelError(f"{path} can't be read as weights ({_first_line(error)}): get a whole copy") from error


def export_peer(
    peer: Peer,
    state: dict[str, Tensor] | None,
    out: Path,
    *,
    work_size: int | None = None,
    overwrite: bool = False,
    origin: str = "",
) -> Converted:
    """Write a peer's network as .onnx with our metadata. state: None for random weights, whose speed is the same."""
    from photochrom.train.export import PARITY, difference, to_onnx

    network = peer.build()
    if state is not None:
        peer.load(network, state)
    distribution = peer.head == "distribution"
    spec = NetworkSpec(
        recipe=peer.name,
        licence=peer.licence,
        output=peer.head,
        stride=peer.stride,
        multiple=peer.multiple,
        work_size=work_size or peer.work_size,
        scale=1.0 if distribution else peer.scale,
        centres=_centres(peer, network, state) if distribution else (),
        temperature=peer.temperature,
        details={"paper": peer.paper, "weights_sha256": origin},
    )
    data = to_onnx(network, spec)
    worst = difference(data, network, spec)
    if not worst <= PARITY * (1 if distribution else _AB / peer.scale):
        raise ModelError(
            f"onnxruntime and torch differ by {worst:.1e} on {peer.title}, so nothing was written: "
            "the weights may be broken (NaN); get a whole copy"
        )
    with atomic_write(out, overwrite=overwrite) as stream:
        stream.write(data)
    return Converted(out, sum(p.numel() for p in network.parameters()), worst)


def _centres(peer: Peer, network: nn.Module, state: dict[str, Tensor] | None) -> tuple[tuple[float, float], ...]:
    import torch

    from photochrom.train.losses.bins import pairs_of

    if state is None:
        with torch.no_grad():
            bins = network(torch.zeros(1, 1, 4 * peer.multiple, 4 * peer.multiple)).shape[1]
        return pairs_of(np.random.default_rng(0).normal(0, 30, (bins, 2)).astype(np.float32))
    if peer.centres not in state:
        raise ModelError(f"these are not the weights of {peer.title}: {peer.centres}, its colours, is not there")
    return pairs_of(np.asarray(state[peer.centres].reshape(2, -1).T.float() * peer.scale))


def _digest(path: Path) -> str:
    with open(path, "rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def run(weights: str, *, name: str, output: str | None, size: int | None, sha256: str, overwrite: bool) -> int:
    """The verb; gives the exit code."""
    peer = find_peer(name)
    out = Path(output or f"{name}.onnx")
    if out.suffix != ".onnx":
        raise UsageError(f"the result is an .onnx file, got -o {out}: give it that ending")
    if out.exists() and not overwrite:  # known before a long download
        raise UsageError(f"{out} is there already: choose another name with -o, or add --overwrite")
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = None

        def show(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task("weights", total=total or None)
            bar.update(task, completed=done)

        made = convert(weights, peer, out, work_size=size, sha256=sha256, overwrite=overwrite, progress=show)
    sys.stdout.write(
        f"{made.path}: {peer.title}, {made.parameters / 1e6:.1f} M parameters, "
        f"{made.path.stat().st_size / 1e6:.0f} MB; torch and onnxruntime differ by {made.difference:.1e}\n"
        f"try it: photochrom old.jpg --model {made.path}\n"
    )
    return 0
