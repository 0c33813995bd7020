"""The numbers of an evaluation as files: results.json and pictures.csv."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from photochrom.atomic import atomic_write
from photochrom.evaluate.run import Evaluation


def write_results(evaluation: Evaluation, out: Path) -> Path:
    """results.json, and pictures.csv with a line for each row and picture. Raises OutputError."""
    text = json.dumps(evaluation.results, indent=1, allow_nan=False) + "\n"
    with atomic_write(out / "results.json", overwrite=True) as stream:
        stream.write(text.encode())
    memory = io.StringIO(newline="")
    names = list(
        dict.fromkeys(
            name for columns in evaluation.numbers.columns.values() for name, c in columns.items() if c.ndim == 1
        )
    )
    writer = csv.writer(memory)
    writer.writerow(["model", "set", "name", "sha256", *names])
    for model, columns in evaluation.numbers.columns.items():
        for i, item in enumerate(evaluation.numbers.pictures):
            numbers = [f"{float(columns[name][i]):.6g}" if name in columns else "" for name in names]
            writer.writerow([model, item.set_name, item.name, item.sha256, *numbers])
    with atomic_write(out / "pictures.csv", overwrite=True) as stream:
        stream.write(memory.getvalue().encode("utf-8", "surrogateescape"))
    return out / "results.json"
