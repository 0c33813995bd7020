"""The command `photochrom`. Only signatures and help live in these modules; a verb's code is imported when it runs.

`photochrom old.jpg` needs no verb: whatever does not begin with a verb's name is a picture or an option. A file that is
called as a verb is given as `./models`.
"""

from __future__ import annotations

import sys

import typer

from photochrom import streams
from photochrom.cli import (
    batch,
    bench,
    color,
    era,
    evaluate,
    explain,
    live,
    models,
    prepare,
    redo,
    serve,
    study,
    train,
    weights,
)
from photochrom.cli.group import Group

app = typer.Typer(
    name="photochrom",
    cls=Group,
    help="Colour black-and-white pictures.",
    rich_markup_mode=None,  # rich costs more time than the rest of --help together
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for verbs in (
    color,
    redo,
    models,
    explain,
    era,
    serve,
    live,
    batch,
    prepare,
    train,
    weights,
    study,
    evaluate,
    bench,
):
    verbs.register(app)


def main() -> None:
    """The console script: exit codes 0 done, 1 some failed, 2 wrong use, 130 interrupted, 141 nobody reads stdout.

    Signals are start.main's, and the verb's while one is at work.
    """
    streams.prepare()
    code: int | str | None = 0
    try:
        app(prog_name="photochrom")
    except SystemExit as end:
        code = end.code
    except OSError:
        lost = streams.refused()
        if lost is None:
            raise
        code = _untold(lost)
    if lost := streams.flush():  # what was written is often not sent before
        code = _untold(lost)
    sys.exit(code)


def _untold(error: OSError) -> int:
    """What to do when stdout doesn't take what we say; gives the exit code."""
    if isinstance(error, BrokenPipeError):
        return 141
    streams.complain(f"photochrom: can't write to stdout: {error.strerror or error}; send it elsewhere with >")
    return 1
