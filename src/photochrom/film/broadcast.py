"""Pictures for browsers and players of this machine: motion JPEG over HTTP, on loopback only."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from photochrom.errors import UsageError

HOST = "127.0.0.1"
_MARK = "photochrom"
_PAGE = b"""<!doctype html><meta charset=utf-8><title>photochrom live</title>
<style>body{margin:0;background:#111;display:grid;place-items:center;height:100vh}
img{max-width:100%;max-height:100vh}</style><img src=/stream alt="live, in colour">"""


class Broadcast:
    """Use as a context manager. Serves /, /stream, /frame.jpg and /status.json at `address`.

    port: 0 for any free one. Raises UsageError for one that is taken.
    """

    def __init__(self, port: int = 0) -> None:
        self._changed = threading.Condition()
        self._jpeg, self._number, self._over = b"", 0, False
        self.status: Mapping[str, Any] = {}
        try:
            self._server = ThreadingHTTPServer((HOST, port), self._handler())
        except OSError as error:
            raise UsageError(f"port {port} can't be used ({error.strerror}); choose another --port, or 0") from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.address = f"http://{HOST}:{self.port}/"

    def __enter__(self) -> Broadcast:
        threading.Thread(target=self._server.serve_forever, name="photochrom-http", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def show(self, jpeg: bytes) -> None:
        """The next picture for all who look."""
        with self._changed:
            self._jpeg, self._number = jpeg, self._number + 1
            self._changed.notify_all()

    def next(self, after: int, *, wait: float = 5.0) -> tuple[bytes, int]:
        """The newest picture later than number `after`, and its number; b"" where none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after or self._over, timeout=wait)
            return (self._jpeg, self._number) if self._number > after and not self._over else (b"", after)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        broadcast = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer what is known, refuse the rest."""
                name = (self.headers.get("Host") or "").rpartition(":")[0]
                if name not in (HOST, "localhost"):  # a page elsewhere whose name leads here
                    self.send_error(403)
                elif self.path == "/":
                    self._send("text/html; charset=utf-8", _PAGE)
                elif self.path == "/status.json":
                    self._send("application/json", json.dumps(dict(broadcast.status)).encode())
                elif self.path == "/frame.jpg":
                    jpeg, _ = broadcast.next(0)
                    self._send("image/jpeg", jpeg) if jpeg else self.send_error(503)
                elif self.path == "/stream":
                    self._stream()
                else:
                    self.send_error(404)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: stderr shows how fast it is."""

            def _send(self, kind: str, data: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(data)

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_MARK}")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                number = 0
                try:
                    while not broadcast._over:
                        jpeg, number = broadcast.next(number)
                        if jpeg:
                            head = f"--{_MARK}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                            self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:  # who looked has left
                    pass

        return Handler
