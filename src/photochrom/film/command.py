"""`photochrom live`: what the verb does once its options are read."""

from __future__ import annotations

import sys
from pathlib import Path

from photochrom import load_model
from photochrom.auto import AUTO
from photochrom.errors import UsageError
from photochrom.film.broadcast import Broadcast
from photochrom.film.live import Pace, run_live
from photochrom.film.newest import Newest
from photochrom.film.recorder import recording
from photochrom.film.source import source_of
from photochrom.settings import Settings
from photochrom.streams import complain, printable


def run(
    source: str,
    *,
    model: str | None,
    domain: str | None,
    device: str,
    settings: Settings,
    port: int,
    record: Path | None,
    seconds: float | None,
    overwrite: bool,
) -> int:
    """Show a source in colour until it ends; gives the exit code. Raises PhotochromError.

    model: None for the fast one for photographs, or that of a domain.
    """
    if domain == AUTO:
        raise UsageError("what a camera shows is of one kind: name its domain instead of auto")
    opened, ends = source_of(source)
    colorizer = load_model(model or (None if domain else "photo-fast"), domain=domain, device=device)
    with Broadcast(port) as broadcast, recording(record, overwrite=overwrite) as recorder:
        print_line = _Line()
        complain(f"{printable(source)} in colour: {broadcast.address} (Ctrl-C ends it)")
        with Newest(opened, ends=ends, tell=print_line.say) as newest:
            pace = run_live(
                newest,
                colorizer,
                broadcast,
                settings=settings,
                recorder=recorder,
                seconds=seconds,
                tell=lambda pace: print_line.show(_words(pace)),
            )
    print_line.say(_words(pace))
    return 0


def _words(pace: Pace) -> str:
    return (
        f"{pace.rate:.1f} frames/s, latency {1000 * pace.latency:.0f} ms (worst {1000 * pace.worst:.0f}), "
        f"{pace.shown} shown, {pace.dropped} dropped"
    )


class _Line:
    """One line of stderr that changes, where it is a terminal; elsewhere a line each time."""

    def show(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        else:
            complain(text)

    def say(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        complain(text)
