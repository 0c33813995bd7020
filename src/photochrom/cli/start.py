"""Where the command begins: until a verb is at work, Ctrl-C and SIGTERM end it at once, without a traceback.

This module imports little, and what holds it nothing: the signals are ours soon after Python's own start. (The module
signal would bring enum, functools and collections, twice as long as all else here: hence what lies below it.)
"""

import _signal  # type: ignore[import-not-found]  # of every Python, but not of the stubs
import os


def end_at_once(number: int, frame: object) -> None:
    """A handler of signals where nothing is half done. An exception out of an import may come out as another one."""
    os._exit(128 + number)


def main() -> None:
    """The console script; see photochrom.cli.main.main."""
    for number in (_signal.SIGINT, _signal.SIGTERM):
        if _signal.getsignal(number) != _signal.SIG_IGN:  # as Ctrl-C for what a shell runs in the background
            _signal.signal(number, end_at_once)
    from photochrom.cli.main import main as run

    run()
