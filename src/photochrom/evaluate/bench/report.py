"""The page of a benchmark: Markdown with tables and plots, and everything it says as JSON beside it."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from photochrom.atomic import atomic_write

_STEPS = ("decode", "predict", "render", "encode")


def write(results: Mapping[str, Any], out: Path) -> list[Path]:
    """Write `out`, its .json and its plots (out's name, a dash and a word); replaces earlier ones. Their paths."""
    plots: dict[str, Path] = {}
    if importlib.util.find_spec("matplotlib"):
        from photochrom.evaluate.bench import plots as drawing

        for name, figure in drawing.figures(results).items():
            path = out.with_name(f"{out.stem}-{name}.svg")
            memory = io.BytesIO()
            figure.savefig(memory, format="svg", bbox_inches="tight", metadata={"Date": None})
            _write(path, memory.getvalue())
            plots[name] = path
    data = out.with_suffix(".json")
    _write(data, (json.dumps(results, indent=1) + "\n").encode())
    _write(out, page(results, {name: path.name for name, path in plots.items()}, data.name).encode())
    return [out, data, *plots.values()]


def page(results: Mapping[str, Any], plots: Mapping[str, str], data: str) -> str:
    """The Markdown. plots: name -> file, of those that there are. data: the name of the JSON."""
    ours = next(model["name"] for model in results["models"] if model["ours"])
    parts = ["# Benchmarks", _about(results, data)]
    parts += [f"> {note}" for note in results["notes"]]
    parts += ["## The network alone", _network_words(ours)]
    for size in sorted({row["size"] for row in results["networks"]}):
        rows = [row for row in results["networks"] if row["size"] == size]
        parts += [f"### {size} x {size}", _table(_network_line(row, ours) for row in rows)]
    parts += _plot(plots, "networks", "Milliseconds for one picture, by network and runtime")
    if results["threads"]:
        parts += ["## Threads", "onnxruntime; times faster than with the fewest threads, min / median / max."]
        parts += [_table(_thread_line(row) for row in results["threads"])]
        parts += _plot(plots, "threads", "Speed-up by number of threads")
    parts += [
        "## From file to file",
        f"`{ours}` on grey JPEGs: decode, predict, render, encode, against decoding the file and encoding "
        "the coloured picture with Pillow (the floor). Seconds, median; the ratio is min / median / max.",
        _table(_road_line(row) for row in results["road"]),
    ]
    parts += _plot(plots, "road", "Seconds from file to file, and where they go")
    folder = results["folder"]
    parts += [
        "## A folder",
        f"{folder['pictures']} pictures ({folder['kind']}), as the command does it: the next one is decoded while the "
        f"network runs. Time is beside `{ours}`.",
        _table(
            {
                "": row["job"],
                "pictures/s": _three(row["per_second"], 2),
                "time (ratio)": _three(row["ratio"], 2),
            }
            for row in folder["rows"]
        ),
        "## Peak memory",
        "Of the whole process, from its start to its end.",
        _table({"picture": row["picture"], "": row["job"], "MiB": row["mib"]} for row in results["memory"]),
        "## Start-up",
        "Whole processes, seconds.",
        _table({"": row["what"], "min / median / max": _three(row["seconds"], 3)} for row in results["start"]),
    ]
    return "\n\n".join(parts) + "\n"


def _about(results: Mapping[str, Any], data: str) -> str:
    hardware, versions = results["hardware"], results["versions"]
    machine = ", ".join(
        f"{value} {key}" if key == "cores" else f"{value}" for key, value in hardware.items() if key != "memory_gib"
    )
    memory = f", {hardware['memory_gib']:g} GiB of memory" if "memory_gib" in hardware else ""
    return (
        f"Made by `{results['command']}` in one run of {results['minutes']:g} minutes, {results['date'][:10]}, on "
        f"{machine}{memory}. Everything is timed in turn, round after round "
        f"({results['rounds']['networks']} for the networks, {results['rounds']['road']} for files), so that whatever "
        "else the machine does falls on all alike: ratios mean more than times. "
        f"Numbers are min / median / max. All of them: [{data}]({data}).\n\n"
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )


def _network_words(ours: str) -> str:
    return (
        "One square picture at a time, from lightness to the network's output. The peers' networks are written from "
        "their papers and have random weights, which cost the same. The ratio is the time beside "
        f"`{ours}` in onnxruntime, round by round."
    )


def _network_line(row: Mapping[str, Any], ours: str) -> dict[str, object]:
    return {
        "network": f"**{row['model']}**" if row["ours"] else row["model"],
        "parameters": f"{row['millions']:.1f} M" if row["millions"] else "–",
        "runtime": row["runtime"],
        "ms": _three(row["ms"], 1),
        "ratio": _three(row["ratio"], 2),
    }


def _thread_line(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "network": row["model"],
        "size": row["size"],
        "threads": row["threads"],
        "ms": _three(row["ms"], 1),
        "times faster": _three(row["speedup"], 2),
    }


def _road_line(row: Mapping[str, Any]) -> dict[str, object]:
    seconds = row["seconds"]
    return {
        "megapixels": f"{row['megapixels']:g}",
        "size": "x".join(map(str, row["size"])),
        "road": f"{seconds['road']['median']:.2f}",
        "floor": f"{seconds['floor']['median']:.2f}",
        "ratio": _three(row["ratio"], 2),
        **{name: f"{seconds[name]['median']:.2f}" for name in _STEPS},
    }


def _three(values: Mapping[str, float], digits: int) -> str:
    return " / ".join(f"{values[name]:.{digits}f}" for name in ("min", "median", "max"))


def _table(lines: Iterable[Mapping[str, object]]) -> str:
    rows = list(lines)
    if not rows:
        return "Nothing was measured."
    heads = list(rows[0])
    out = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    out += ["| " + " | ".join(str(row[head]) for head in heads) + " |" for row in rows]
    return "\n".join(out)


def _plot(plots: Mapping[str, str], name: str, caption: str) -> list[str]:
    return [f"![{caption}]({plots[name]})"] if name in plots else []


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path, overwrite=True) as stream:
        stream.write(content)
