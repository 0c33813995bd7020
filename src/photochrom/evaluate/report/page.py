"""The report as HTML: report.html."""

from __future__ import annotations

from pathlib import Path

from photochrom.evaluate.metrics.failures import KINDS
from photochrom.evaluate.painters import ModelPainter
from photochrom.evaluate.report import gallery, tables
from photochrom.evaluate.report.content import SHOWN, about, figures, origin, sheet_columns, vividness
from photochrom.evaluate.report.html import Page
from photochrom.evaluate.report.ranking import ENDS, ranked, readable
from photochrom.evaluate.run import Evaluation
from photochrom.evaluate.summary import METRICS


def write_page(evaluation: Evaluation, path: Path) -> Path:
    """report.html, everything in one file. Raises OutputError."""
    r, size = evaluation.results, evaluation.settings.size
    page = Page("photochrom evaluate")
    page.text(about(evaluation))
    page.heading("All pictures")
    page.table(tables.result_rows(r["rows"]), "Means over the pictures; the Frechet distances are of all together.")
    for note in [*r["notes"], *evaluation.missing.values()]:
        page.text(note)
    page.heading("What the columns mean")
    page.table(tables.meanings(r["rows"]))
    if evaluation.settings.draws:
        page.heading("With 95 % intervals")
        page.table(
            tables.result_rows(r["rows"], intervals=True),
            f"Bootstrap over pictures, {evaluation.settings.draws} draws; Frechet distances: 1.96 times the standard "
            f"error of {r['settings']['frechet_draws']} paired draws to both sides.",
        )
    page.heading("Chroma by the truth's")
    page.table(tables.vividness_rows(r["rows"]), vividness(r))
    if r["sets"]:
        page.heading("Each set")
        page.table(tables.result_rows(r["sets"]))
    page.heading("Spread over the pictures")
    for figure, caption in figures(evaluation):
        page.figure(figure, caption)
    page.heading("Contact sheet")
    shown = gallery.spread(evaluation.numbers.pictures, SHOWN)
    sheet = gallery.sheet_of(shown, sheet_columns(evaluation), size, domain=evaluation.settings.domain)
    page.picture(sheet, ", ".join(f"{i.set_name}/{i.name}" for i in shown))
    for painter in evaluation.numbers.painters:
        if isinstance(painter, ModelPainter):
            _ends(page, evaluation, painter)
    page.heading("Where this comes from")
    page.table([{"What": name, "Value": value} for name, value in origin(r)])
    if r["data"]["left_out"]:
        page.heading("Pictures left out")
        page.table(r["data"]["left_out"])
    return page.save(path)


def _ends(page: Page, evaluation: Evaluation, painter: ModelPainter) -> None:
    """The best and the worst pictures of a model."""
    ends = evaluation.results["pictures"][painter.name]
    _, order = ranked(evaluation, painter.name)
    grey, truth = evaluation.numbers.painters[0], evaluation.numbers.painters[-1]
    label = METRICS[ends["by"]].label
    for title, places in (("worst", order[: -ENDS - 1 : -1]), ("best", order[:ENDS])):
        page.heading(f"{painter.name}: the {len(places)} {title} by {label}")
        items = [evaluation.numbers.pictures[i] for i in places]
        columns, settings = [grey, painter, truth], evaluation.settings
        page.picture(gallery.sheet_of(items, columns, settings.size, domain=settings.domain))
        page.table([readable(row) for row in ends[title]])
    page.text(
        "How all pictures fail, by simple rules: "
        + "; ".join(f"{kind} ({KINDS[kind]}) {n}" for kind, n in ends["failures"].items())
        + "."
    )
