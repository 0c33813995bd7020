"""Where the command begins: until all is imported, Ctrl-C ends it as it ends any program, without a traceback."""

from __future__ import annotations

import signal


def main() -> None:
    """The console script; see photochrom.cli.main.main."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from photochrom.cli.main import main as run

    signal.signal(signal.SIGINT, before)
    run()
