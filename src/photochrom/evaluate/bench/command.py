"""One benchmark run: everything in the plan, into one set of results."""

from __future__ import annotations

import datetime
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from photochrom.errors import UsageError
from photochrom.evaluate.bench import folder, memory, networks, report, road, startup
from photochrom.evaluate.bench.plan import Plan
from photochrom.progress import Bar, Progress, silent
from photochrom.provenance import hardware, versions


def bench(plan: Plan, *, command: str = "", progress: Progress = silent) -> dict[str, Any]:
    """Measure everything; what benchmarks.json holds. Needs a few GB of temporary space for the large peers."""
    if not plan.models:
        raise UsageError("a benchmark needs a model of ours: name one with --model")
    started = time.perf_counter()
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as name:
        place = Path(name)
        models = networks.gather(plan, place, progress, notes)
        loadable = [(model.name, str(model.file)) for model in models]
        ours = [pair for pair, model in zip(loadable, models, strict=True) if model.ours]
        peers = loadable[len(ours) :]
        parts = {
            "networks": networks.measure(models, plan, progress, notes),
            "threads": networks.measure_threads(models, plan, progress) if plan.threads else [],
            "road": road.measure(ours[0][1], plan, place, progress),
            "folder": folder.measure([*ours, *peers[: plan.folder_peers]], plan, place, progress),
            "memory": memory.measure(loadable, plan, place, progress),
            "start": startup.measure(ours[0][1], plan, place, progress),
        }
    return {
        "command": command,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "versions": versions(),
        "hardware": hardware(),
        "models": [{"name": m.name, "millions": m.millions, "ours": m.ours} for m in models],
        "rounds": {"networks": plan.rounds, "road": plan.road_rounds, "start": plan.start_rounds},
        "notes": notes,
        **parts,
    }


def run(plan: Plan, out: Path, *, command: str, overwrite: bool) -> int:
    """The verb; gives the exit code."""
    if out.suffix != ".md":
        raise UsageError(f"the page is a Markdown file, got {out}: give a name that ends in .md")
    if out.exists() and not overwrite:  # known before the long run
        raise UsageError(f"{out} is there already: choose another name with --out, or add --overwrite")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}: make it first")
    with Bar() as bar:
        results = bench(plan, command=command, progress=bar)
    written = report.write(results, out)
    for note in results["notes"]:
        sys.stderr.write(f"photochrom: {note}\n")
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0
