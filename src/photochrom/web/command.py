"""`photochrom serve`: check what was asked, say where the page is, run until told to stop."""

from __future__ import annotations

import secrets
import socket
import sys
import webbrowser

import uvicorn

from photochrom.errors import UsageError
from photochrom.streams import complain
from photochrom.web.app import FINISH, create_app
from photochrom.web.config import Config, is_loopback


def serve(config: Config, *, no_token: bool = False, open_page: bool = False) -> int:
    """Serve until SIGTERM or Ctrl-C; running work ends first, for at most 8 s. Gives the exit code.

    Raises UsageError: open to others without a token, or a place that can't be had.
    """
    if not is_loopback(config.host) and config.token is None:
        if not no_token:
            raise UsageError(
                f"{config.host} can be reached by others: give --token {secrets.token_urlsafe(12)}, say, which every "
                "request must show, or --no-token if all of them may use it"
            )
        complain("photochrom: without a token anybody who reaches this machine can use the server")
    app = create_app(config)
    listening = _bound(config)
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,  # it would write addresses with tokens in them
            server_header=False,
            proxy_headers=False,  # a client must not choose who it is
            timeout_graceful_shutdown=int(FINISH),
            timeout_keep_alive=30,
        )
    )
    shown = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104  compared, not bound
    place = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    welcome = f"{place}?token={config.token}" if config.token else place
    sys.stdout.write(f"photochrom: open {welcome} in a browser; Ctrl-C ends it\n")
    sys.stdout.flush()
    if open_page:
        webbrowser.open(welcome)
    server.run(sockets=[listening])
    return 0


def _bound(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((config.host, config.port))
    except OSError as error:
        made.close()
        raise UsageError(
            f"can't listen at {config.host} port {config.port}: {error.strerror or error}; choose another --port"
        ) from error
    made.listen(128)
    return made
