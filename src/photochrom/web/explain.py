"""POST /api/v1/explain: how a picture gets its colours, as one HTML file that opens without a server."""

from __future__ import annotations

from starlette.responses import Response

from photochrom.explain.command import point_of
from photochrom.explain.explanation import explain
from photochrom.explain.page import page
from photochrom.explain.subject import subject_of
from photochrom.web.colorize import disposition, stem_of
from photochrom.web.desk import Step
from photochrom.web.studio import Studio
from photochrom.web.upload import Upload


def explained(upload: Upload, step: Step, *, studio: Studio) -> Response:
    """The response: an attachment, since what the page holds is more than this server's own pages may do."""
    settings = studio.settings(upload, "at")
    points = [point_of(upload.fields["at"])] if upload.fields.get("at") else []
    photo = studio.open(upload, salvage=True)
    step()
    subject = subject_of(studio.chosen(upload.fields), photo, settings, points)
    figures = []
    for figure in explain(subject):
        step()
        figures.append(figure)
    headers = {"Content-Disposition": disposition(f"{stem_of(upload.picture.name)}.explain.html")}
    return Response(page(subject, figures).encode(), media_type="text/html; charset=utf-8", headers=headers)
