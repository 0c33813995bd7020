"""Peak memory of whole processes: Python, the libraries, the network and the picture together.

Also the process itself: `python -m photochrom.evaluate.bench.memory floor|color SOURCE OUT [MODEL]`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.evaluate.bench.plan import Plan
from photochrom.progress import Progress


def measure(models: Sequence[tuple[str, str]], plan: Plan, folder: Path, progress: Progress) -> list[dict[str, Any]]:
    """Rows of MiB. models: (name, name or path to load), ours first: all colour the smallest file, ours every file."""
    from photochrom.evaluate.bench.drawn import write_jpeg, write_tiff16

    rows: list[dict[str, Any]] = []
    out = folder / "out.jpg"

    def add(picture: str, source: Path, job: str, name: str, *model: str) -> None:
        progress(f"memory, {picture}, {name}", 0, 0)
        rows.append({"picture": picture, "job": name, "mib": round(peak_of(job, str(source), str(out), *model))})

    for n, megapixels in enumerate(sorted(plan.megapixels)):
        source = write_jpeg(folder / "memory.jpg", megapixels)
        picture = f"{megapixels:g} MP JPEG"
        add(picture, source, "floor", "decode + encode")
        for name, model in models if n == 0 else models[:1]:
            add(picture, source, "color", name, model)
    if plan.deep:
        source = write_tiff16(folder / "memory.tif", plan.deep)
        out = folder / "out.tif"
        add(f"{plan.deep:g} MP TIFF of 16 bits", source, "color", *models[0])
    return rows


def peak_of(*arguments: str) -> float:
    """MiB at the peak of a process that does one job and ends."""
    command = [sys.executable, "-m", __name__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ourselves, no shell
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["killed"]
        raise PhotochromError(f"measuring the memory of {' '.join(arguments)} failed ({lines[-1]}): free some memory")
    return float(done.stdout) / 2**20


def peak() -> int:
    """Bytes of memory that this process has had at most."""
    try:  # where there is one: getrusage counts what the process was before it became this program
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(job: str, source: str, out: str, model: str = "") -> None:
    """Do one job, "floor" (decode and encode) or "color" (with the model), and write the peak in bytes to stdout."""
    if job == "floor":
        from photochrom.evaluate.bench.road import decode, encode

        pixels = decode(Path(source))
        encode(pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2), Path(out))
    else:
        import photochrom
        from photochrom.photo import Photo

        photochrom.load_model(model).colorize(Photo.open(source)).save(out, overwrite=True)
    sys.stdout.write(f"{peak()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
