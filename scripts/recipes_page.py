"""docs/recipes.md: what each recipe reached here, from the folders of its runs and from one evaluation.

    photochrom train NAME --data FOLDER --out runs/NAME && photochrom export runs/NAME --out runs/NAME.onnx   (each)
    photochrom evaluate --data DEV --model runs/NAME.onnx ... --out scores
    python scripts/recipes_page.py runs/* --scores scores/results.json --show samples

Beside the page it writes each run's curves and, from the pictures of --show, a sheet of grey, every model and truth.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.painters import GreyPainter, TruthPainter, open_models
from photochrom.evaluate.report.gallery import sheet_of
from photochrom.evaluate.report.tables import markdown
from photochrom.evaluate.summary import METRICS
from photochrom.evaluate.training.curves import curves
from photochrom.evaluate.training.past_runs import Run, differences, facts_of, read_run
from photochrom.train.recipe import load_recipe

_SCORES = {  # of an evaluation: the metric, and how it is written
    "fid": ".1f",
    "lpips_alex": ".4f",
    "psnr": ".2f",
    "ciede2000": ".2f",
    "colorfulness": ".1f",
    "tinted_share": ".1%",
    "ab_mse": ".5f",
    "accuracy": ".3f",
    "accuracy_area": ".4f",
}
_OF_DISTRIBUTIONS = {
    "ece": ".1%",
    "coverage_5": ".1%",
    "best_of_5_lpips": ".4f",
    "diversity_5": ".4f",
}
_LOGGED = ("loss", "ab_error", "accuracy", "accuracy_area", "ab_mse", "ab_mse_grey", "colorfulness", "diversity")
_ELSEWHERE = ("network.weights", "loss.critic_weights", "network.cache_folder", "data.other")  # places on a machine


def score_row(row: Mapping[str, Any], formats: Mapping[str, str]) -> dict[str, str]:
    metrics = row["metrics"]
    made = {"": f"`{Path(row['model']).stem}`" if row["model"] not in ("grey", "truth") else str(row["model"])}
    for key, form in formats.items():
        value = metrics.get(key)
        made[METRICS[key].label] = format(value, form) if value is not None and math.isfinite(value) else "–"
    return made


def command_of(run: Run) -> tuple[str, str]:
    """The command that repeats a run, and the settings that it changes, for reading."""
    shipped = load_recipe(run.recipe.name).flat()
    changed = differences([shipped, run.recipe.flat()], ["recipe", "here"])
    options = " ".join(f"{row['setting']}={'FILE' if row['setting'] in _ELSEWHERE else row['here']}" for row in changed)
    words = [f"{row['setting']} {row['here']} ({row['recipe']})" for row in changed if row["setting"] not in _ELSEWHERE]
    return f"photochrom train {run.recipe.name} --data FOLDER" + (f" --set {options}" if options else ""), "; ".join(
        words
    )


def section(run: Run, folder: Path, note: str) -> str:
    command, changed = command_of(run)
    facts = facts_of(run)
    target = folder / f"{run.recipe.name}.png"
    target.write_bytes(
        next(path for path in curves(run.folder, run.folder / "curves") if path.suffix == ".png").read_bytes()
    )
    monitor = run.recipe.train.monitor
    best = run.history.best_epoch(monitor)
    logged = {}
    if best is not None:
        found = {name: run.history.at_epoch(f"val/{name}", best) for name in _LOGGED}
        logged = {name: f"{value:.4g}" for name, value in found.items() if value is not None}
    minutes = facts["minutes"]
    lines = [
        f"## {run.recipe.name}",
        f"{run.recipe.title}.",
        f"```sh\n{command}\n```",
        f"{facts['training pictures']:,} pictures to train and {facts['validation pictures']:,} to validate, "
        f"{facts['steps']:,} steps of {run.recipe.train.batch}"
        + (f", {minutes:.0f} minutes" if minutes else "")
        + "."
        + (f" Changed (the recipe's own value): {changed}." if changed else ""),
    ]
    if note:
        lines.append(note)
    if logged:
        lines += [
            f"Validation {f'at the best epoch by {monitor}' if monitor else 'after the last epoch'} ({best + 1}):",
            markdown([logged]),
        ]
    lines.append(f"![Curves of {run.recipe.name}](recipes/{target.name})")
    return "\n\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--scores", type=Path, help="results.json of an evaluation of the exported models")
    parser.add_argument("--notes", type=Path, help="JSON: recipe -> what a reader should know of this run")
    parser.add_argument("--intro", type=Path, help="Markdown for the top of the page")
    parser.add_argument("--end", type=Path, help="Markdown for its end")
    parser.add_argument("--show", type=Path, help="folder of pictures that may be shown")
    parser.add_argument("--models", nargs="*", type=Path, default=[], help=".onnx files for the sheet")
    parser.add_argument("--page", type=Path, default=Path("docs/recipes.md"))
    options = parser.parse_args()

    folder = options.page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    notes = json.loads(options.notes.read_text()) if options.notes else {}
    parts = ["# The recipes, trained here"]
    if options.intro:
        parts.append(options.intro.read_text().strip())
    if options.scores:
        results = json.loads(options.scores.read_text())
        parts += [
            f"## Scores of all on the same {results['data']['n']:,} pictures",
            markdown([score_row(row, _SCORES) for row in results["rows"] if row["model"] != "truth-jpeg"]),
        ]
        unsure = [row for row in results["rows"] if "ece" in row["metrics"]]
        if unsure:
            parts += [
                "What only a distribution has: does it know when it guesses, and do five variants cover the truth?",
                markdown([score_row(row, _OF_DISTRIBUTIONS) for row in unsure]),
                "; ".join(f"{METRICS[key].label}: {METRICS[key].meaning}" for key in _OF_DISTRIBUTIONS) + ".",
            ]
    if options.show and options.models:
        painters = [GreyPainter(), *open_models([str(path) for path in options.models]), TruthPainter()]
        sheet_of(find_items([options.show]), painters, 256).save(folder / "sheet.jpg", quality=88)
        parts.append("![Grey, each recipe, truth](recipes/sheet.jpg)")
    parts += [section(run, folder, notes.get(run.recipe.name, "")) for run in map(read_run, options.runs)]
    if options.end:
        parts.append(options.end.read_text().strip())
    options.page.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
