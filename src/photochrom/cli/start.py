"""Where the command begins: until a verb is at work, Ctrl-C and SIGTERM end it at once, without a traceback.

This module imports little, and what holds it nothing: the signals are ours some milliseconds after Python's own start.
"""

from __future__ import annotations

import os
import signal


def end_at_once(number: int, frame: object) -> None:
    """A handler of signals where nothing is half done. An exception out of an import may come out as another one."""
    os._exit(128 + number)


def main() -> None:
    """The console script; see photochrom.cli.main.main."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as Ctrl-C for what a shell runs in the background
            signal.signal(number, end_at_once)
    from photochrom.cli.main import main as run

    run()
