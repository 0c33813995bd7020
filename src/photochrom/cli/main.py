"""The command `photochrom`. Only signatures and help live in these modules; a verb's code is imported when it runs.

`photochrom old.jpg` needs no verb: whatever does not begin with a verb's name is a picture or an option. A file that is
called as a verb is given as `./models`.
"""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType

import typer

from photochrom.cli import bench, color, evaluate, models, study, train
from photochrom.cli.group import Group

app = typer.Typer(
    name="photochrom",
    cls=Group,
    help="Colour black-and-white pictures.",
    rich_markup_mode=None,  # rich costs more time than the rest of --help together
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for verbs in (color, models, train, study, evaluate, bench):
    verbs.register(app)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # unwinds, so that a file that is half written is removed


def main() -> None:
    """The console script: exit codes 0 done, 1 some failed, 2 wrong use, 130 interrupted, 141 nobody reads stdout."""
    if isinstance(sys.stdout, TextIOWrapper):  # file names need not be valid text
        sys.stdout.reconfigure(errors="surrogateescape" if os.name == "posix" else "backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app(prog_name="photochrom")
    except KeyboardInterrupt:
        sys.exit(130)
