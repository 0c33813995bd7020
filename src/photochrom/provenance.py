"""Where a result or a run comes from: revision, versions and hardware, for the file that keeps it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import photochrom

MEASURING = (
    "numpy",
    "pillow",
    "onnxruntime",
    "scikit-image",
    "scipy",
    "torch",
    "torchvision",
    "timm",
    "torch-fidelity",
)
"""What the numbers of an evaluation depend on."""


def versions(packages: Sequence[str] = MEASURING) -> dict[str, str]:
    """Of Python, the system, ourselves and these packages, as far as they are installed."""
    installed = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "photochrom": photochrom.__version__,
    }
    for name in packages:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def hardware() -> dict[str, object]:
    """The processor and its cores, memory in GiB, and the GPU if torch sees one."""
    parts: dict[str, object] = {"cpu": processor(), "cores": os.cpu_count()}
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        parts["memory_gib"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    if seen := gpus():
        parts["gpu"] = seen[0]
    return parts


def processor() -> str:
    """What the system calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def gpus() -> list[str]:
    """Those that torch sees, where it has been imported."""
    torch = sys.modules.get("torch")
    return [] if torch is None else [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def revision() -> str:
    """Of the source tree that the package is in, "" for an installed one; ends in -dirty when files were changed."""
    here, git = Path(__file__), shutil.which("git")
    if git is None:
        return ""
    try:
        _run(git, here.parent, "ls-files", "--error-unmatch", here.name)
        return _run(git, here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _run(git: str, folder: Path, *words: str) -> str:
    command = [git, "-C", str(folder), *words]
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own words, without a shell
    return done.stdout.decode().strip()
