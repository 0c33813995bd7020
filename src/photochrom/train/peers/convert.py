"""`photochrom convert`: published weights of another network -> an .onnx that `photochrom --model` takes.

How a network wants its lightness and gives its colours becomes part of the exported graph, whose input is lightness
0..100 like that of our own models.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from photochrom.atomic import atomic_write
from photochrom.digest import sha256_of
from photochrom.errors import ModelError, UsageError
from photochrom.progress import Bar, Progress, silent
from photochrom.train.peers.download import fetch, fetch_from_hub, is_hub_id
from photochrom.train.peers.table import Peer, find_peer

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZES = (64, 2048)  # px, that a working size may have
_SUFFIXES = (".bin", ".ckpt", ".onnx", ".pt", ".pth", ".safetensors")  # a name that ends so means a file, no hub id
_LARGEST = 110.0  # ab units; the largest a or b of sRGB


@dataclass(frozen=True)
class Converted:
    """path: of the .onnx. parameters: of the network. difference: the largest between torch and onnxruntime, of a
    probability or of the output in its own units."""

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
    progress: Progress = silent,
) -> Converted:
    """Make `out` from a file, an address or a hub id ("" for where the authors keep theirs).

    work_size: short side in px of the network's input; None for its authors'. sha256: what the file must have; known
    for some authors' files. Raises UsageError (an address or size that can't be used), ModelError (not to be had, or
    not this network's weights) and OutputError.
    """
    multiple = peer.spec.multiple
    if work_size is not None and (not SIZES[0] <= work_size <= SIZES[1] or work_size % multiple):
        raise UsageError(
            f"the working size of {peer.title} is a multiple of {multiple} in {SIZES[0]}..{SIZES[1]} px, "
            f"got {work_size}"
        )
    path = find_weights(weights, peer, sha256=sha256, progress=progress)
    from photochrom.train.networks.weight_files import read_weights

    state = read_weights(path)
    return export_peer(peer, state, out, work_size=work_size, overwrite=overwrite, origin=sha256_of(path))


def find_weights(weights: str, peer: Peer, *, sha256: str = "", progress: Progress = silent) -> Path:
    """The local file that `weights` means, downloaded if it has to be and checked where its SHA-256 is known."""
    from photochrom.pictures.remote import cache_folder

    path = Path(weights)
    if weights and path.is_file():
        if sha256 and not (digest := sha256_of(path)).startswith(sha256.lower()):
            raise ModelError(f"{path} has SHA-256 {digest[:12]}..., not {sha256[:12]}...: get a whole copy")
        return path
    place = weights or peer.source
    expected = sha256 or (peer.sha256 if place == peer.source else "")
    folder = cache_folder() / "weights"
    if "://" in place:
        return fetch(place, folder, sha256=expected, progress=progress)
    if is_hub_id(place) and (":" in place or path.suffix.lower() not in _SUFFIXES):
        return fetch_from_hub(place, folder, sha256=expected, progress=progress)
    raise ModelError(f"there is no weight file {weights}: give a file, an https address or a hub id like owner/name")


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
    from photochrom.train.onnx_writing import PARITY, difference, to_onnx

    network = peer.build()
    if state is not None:
        peer.load(network, state)
    distribution = peer.spec.output == "distribution"
    spec = replace(
        peer.spec,
        recipe=peer.name,
        work_size=work_size or peer.spec.work_size,
        centres=_centres(peer, network, state) if distribution else (),
        details={"paper": peer.paper, "weights_sha256": origin},
    )
    data = to_onnx(network, spec)
    worst = difference(data, network, spec)
    if not worst <= PARITY * (1 if distribution else _LARGEST / spec.scale):
        raise ModelError(
            f"onnxruntime and torch differ by {worst:.1e} on {peer.title}, so nothing was written: "
            "the weights may be broken (NaN); get a whole copy"
        )
    with atomic_write(out, overwrite=overwrite) as stream:
        stream.write(data)
    return Converted(out, sum(weight.numel() for weight in network.parameters()), worst)


def _centres(peer: Peer, network: nn.Module, state: dict[str, Tensor] | None) -> tuple[tuple[float, float], ...]:
    import torch

    from photochrom.train.losses.bins import pairs_of

    if state is None:
        side = 4 * peer.spec.multiple
        with torch.no_grad():
            bins = network(torch.zeros(1, 1, side, side)).shape[1]
        return pairs_of(np.random.default_rng(0).normal(0, 30, (bins, 2)).astype(np.float32))
    if peer.centres not in state:
        raise ModelError(f"these are not the weights of {peer.title}: {peer.centres}, its colours, is not there")
    return pairs_of(np.asarray(state[peer.centres].reshape(2, -1).T.float() * peer.centre_unit))


def run(weights: str, *, name: str, output: str | None, size: int | None, sha256: str, overwrite: bool) -> int:
    """The verb; gives the exit code."""
    peer = find_peer(name)
    out = Path(output or f"{name}.onnx")
    if out.suffix != ".onnx":
        raise UsageError(f"the result is an .onnx file, got -o {out}: give it that ending")
    if out.exists() and not overwrite:  # before a long download
        raise UsageError(f"{out} is there already: choose another name with -o, or add --overwrite")
    with Bar(unit="bytes") as bar:
        converted = convert(weights, peer, out, work_size=size, sha256=sha256, overwrite=overwrite, progress=bar)
    sys.stdout.write(
        f"{converted.path}: {peer.title}, {converted.parameters / 1e6:.1f} M parameters, "
        f"{converted.path.stat().st_size / 1e6:.0f} MB; torch and onnxruntime differ by {converted.difference:.1e}\n"
        f"try it: photochrom old.jpg --model {converted.path}\n"
    )
    return 0
