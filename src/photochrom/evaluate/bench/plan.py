"""What a benchmark run measures, and how often."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Plan:
    """models: names or .onnx files of ours. peers: names of train.peers.PEERS, with random weights.

    sizes: of the network's square input, px. rounds: how often everything is timed, in turn. threads: of the
    processor, for the scaling table; none for the others, which take what onnxruntime takes. megapixels: of the drawn
    files that go through the whole road; road_rounds: how often. deep: megapixels of a 16-bit TIFF, for its memory; 0
    for none. folder_pictures, folder_megapixels: of the drawn folder, unless `data` is one. folder_peers: how many of
    the peers colour it as well. sample: pictures of `data` that are taken. start_rounds: of starting the command.
    """

    models: tuple[str, ...] = ("photo",)
    peers: tuple[str, ...] = ("ddcolor-tiny", "ddcolor-large", "eccv16", "siggraph17", "deoldify-artistic")
    sizes: tuple[int, ...] = (256, 512)
    rounds: int = 7
    threads: tuple[int, ...] = ()
    megapixels: tuple[float, ...] = (1, 12, 24, 100)
    road_rounds: int = 3
    deep: float = 100.0
    data: Path | None = None
    sample: int = 24
    folder_pictures: int = 24
    folder_megapixels: float = 2.0
    folder_peers: int = 1
    start_rounds: int = 7
    torch: bool = True


def full() -> Plan:
    """Everything: about half an hour on two cores, mostly the peers'."""
    return Plan(threads=thread_counts(os.cpu_count() or 1))


def quick() -> Plan:
    """A look, in under a minute: one size, one peer, small files, few rounds."""
    return Plan(
        peers=("siggraph17",),
        sizes=(256,),
        rounds=2,
        threads=tuple(sorted({1, os.cpu_count() or 1})),
        megapixels=(1, 4),
        road_rounds=1,
        deep=0.0,
        sample=4,
        folder_pictures=4,
        folder_megapixels=0.5,
        folder_peers=0,
        start_rounds=2,
    )


def thread_counts(most: int) -> tuple[int, ...]:
    """1, 2, 4... up to the number of cores, which is always there."""
    counts = {1, most}
    n = 2
    while n < most:
        counts.add(n)
        n *= 2
    return tuple(sorted(counts))
