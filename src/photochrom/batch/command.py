"""`photochrom FILES...`: plan the run, load the model, colour, tell."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import photochrom
from photochrom.batch import plan as files
from photochrom.batch.report import Report
from photochrom.batch.run import Options, color_files
from photochrom.codec.bands import parse_bands
from photochrom.codec.writing import known_format
from photochrom.errors import UsageError
from photochrom.photo import chosen_pages
from photochrom.threads import cores

_FEW = 2  # cores: beside a network with two threads the other stages of a film would wait


def run(
    names: Sequence[str],
    *,
    options: Options,
    model: str | None,
    domain: str | None,
    device: str,
    output: str | None,
    recursive: bool,
    as_json: bool,
) -> int:
    """Do the whole run; gives the exit code. UsageError and ModelError come before any picture is touched."""
    warnings.simplefilter("ignore")  # other libraries' own: what we have to tell is in each result's warnings
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of a broken file, our sentence says
    if options.pages:
        chosen_pages(options.pages)
    if options.bands:
        parse_bands(options.bands)
    if options.pages and (options.confidence or options.sheet):
        raise UsageError("--pages goes with neither --confidence nor --sheet, which are of one picture: leave one out")
    if options.sidecar and (options.pages or "-" in names):
        raise UsageError("--sidecar is of one picture in a file: leave out --pages, and name the picture instead of -")
    if options.format:
        known_format(options.format, pages=bool(options.pages))
    if not names:
        raise UsageError("no picture was named; try photochrom old.jpg, or photochrom --help")
    to_stdout = output == "-" or (output is None and "-" in names)
    if "-" in names or to_stdout:
        made = files.Plan([_stream_job(names, options, output=output, recursive=recursive, as_json=as_json)])
    else:
        made = files.plan(
            names, output=output, recursive=recursive, format=options.format, variants=options.variants,
            pages=bool(options.pages), film=options.film,
        )  # fmt: skip
    films = bool(made.jobs) and all(job.is_film for job in made.jobs)
    threads = 1 if films and cores() <= _FEW else None
    colorizer = photochrom.load_model(model, device=device, domain=domain, threads=threads)
    options = replace(options, judged=as_json, model=model, domain=domain)
    report = Report(len(made.jobs), passed=made.passed, as_json=as_json, to_stdout=to_stdout)
    with report:
        for result in color_files(made.jobs, colorizer, options, stdout=sys.stdout.buffer, progress=report.progress):
            report.add(result)
    return 1 if report.failed or report.untold else 0


def _stream_job(
    names: Sequence[str], options: Options, *, output: str | None, recursive: bool, as_json: bool
) -> files.Job:
    """The one job of a run that reads stdin or writes stdout."""
    if len(names) > 1 or recursive:
        raise UsageError(
            "with - (stdin or stdout) exactly one picture can be coloured; give the others a run of their own"
        )
    outputs: tuple[Path, ...] = ()
    if output is None or output == "-":
        if options.variants > 1 or as_json or options.confidence or options.sheet or options.sidecar:
            raise UsageError(
                "stdout takes one picture and nothing else; add -o new.png to use --variants, --sheet, --confidence, "
                "--sidecar or --json"
            )
        if sys.stdout.isatty():
            raise UsageError("a picture can't be shown in a terminal; add -o new.png, or send it on with > or |")
    else:
        target = files.output_file(output, options.format, pages=bool(options.pages))
        if target is None:
            raise UsageError(f"a picture from stdin has no name to be given in {output}; name a file, as in -o new.png")
        outputs = files.with_variants(target, options.variants)
    if names[0] != "-":
        return files.Job(Path(names[0]), outputs)
    if sys.stdin.isatty():
        raise UsageError("a picture was expected on stdin; try photochrom - < old.jpg > new.jpg")
    return files.Job(Path("-"), outputs, data=sys.stdin.buffer.read())
