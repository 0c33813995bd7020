"""`photochrom evaluate`: what the verb does once its options are read."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.report.files import write_results
from photochrom.evaluate.report.gallery import save_pictures
from photochrom.evaluate.report.markdown import write_markdown
from photochrom.evaluate.report.page import write_page
from photochrom.evaluate.report.ranking import add_rankings
from photochrom.evaluate.report.tables import markdown, result_rows
from photochrom.evaluate.run import evaluate
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.progress import Bar


def run(
    data: Sequence[Path],
    models: Sequence[str],
    out: Path,
    *,
    settings: EvaluationSettings,
    pictures: bool = False,
    page: Path | None = None,
    show: Sequence[Path] = (),
    notes: Path | None = None,
) -> int:
    """Evaluate, write everything under `out`, and show the table. Gives the exit code."""
    if page is not None and page.suffix.lower() != ".md":
        raise UsageError(f"the page must be a Markdown file, got {page}: give it a name that ends in .md")
    shown = find_items(show, domain=settings.domain) if show else None
    remarks = _read(notes) if notes else ""
    with Bar(lines=60.0) as bar:
        evaluation = evaluate(data, models, out, settings=settings, command=_command(), progress=bar)
        add_rankings(evaluation)
        write_results(evaluation, out)
        bar("Writing the report", 0, 1)
        write_markdown(evaluation, out / "results.md", show=shown)
        write_page(evaluation, out / "report.html")
        if page is not None:
            write_markdown(evaluation, page, show=shown, notes=remarks)
        if pictures:
            numbers = evaluation.numbers
            save_pictures(
                out / "pictures",
                numbers.pictures,
                numbers.painters,
                settings.size,
                domain=settings.domain,
                progress=bar,
            )
    left_out = evaluation.results["data"]["left_out"]
    for row in left_out:
        sys.stderr.write(f"photochrom: left out {row['set']}/{row['name']}: {row['reason']}\n")
    for sentence in (*evaluation.results["notes"], *evaluation.missing.values()):
        sys.stderr.write(f"photochrom: {sentence}\n")
    sys.stdout.write(markdown(result_rows(evaluation.results["rows"])) + f"\n{out / 'report.html'}\n")
    return 0


def _read(notes: Path) -> str:
    try:
        return notes.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the notes {notes} can't be read ({error}): name a text file in UTF-8") from error


def _command() -> str:
    return shlex.join(["photochrom", *sys.argv[1:]])
