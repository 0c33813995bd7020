"""Who may ask: the Host header, the page that a request comes from, the token; and headers that bind the browser."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.web.config import Config
from photochrom.web.problems import problem

COOKIE = "photochrom"
_OPEN = ("/healthz",)  # asked by machines that know no token
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware: refuses what must not get in, before its body is read, and marks every response."""

    def __init__(self, app: ASGIApp, *, config: Config) -> None:
        self._app = app
        self._config = config
        self._cookie = hashlib.sha256(f"photochrom {config.token}".encode()).hexdigest() if config.token else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mark(MutableHeaders(scope=message), headers.get("origin"))
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, marked)
        else:
            await self._app(scope, receive, marked)

    def _mark(self, response: MutableHeaders, origin: str | None) -> None:
        for name, value in _HEADERS.items():
            response.setdefault(name, value)
        if origin in self._config.origins and origin is not None:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Content-Disposition, Photochrom-Notes, Photochrom-Model"
            response["Cross-Origin-Resource-Policy"] = "cross-origin"
            response.add_vary_header("Origin")

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._config.is_own_name(_name_of(host)):
            return problem(
                403, f"this server isn't called {host[:100]!r}; start it with --name to let it answer to that"
            )
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin, host):
            return problem(403, f"pages of {origin[:100]} may not call this server; start it with --origin to let them")
        if scope["method"] == "OPTIONS" and origin is not None:
            allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "600"}
            return Response(None, 204, {**allowed, "Access-Control-Allow-Headers": "Authorization, Content-Type"})
        return self._without_token(scope, headers)

    def _is_ours(self, origin: str, host: str) -> bool:
        """A browser names the page that asks; it must be this server's own, or one that was named at the start."""
        return origin in self._config.origins or urlsplit(origin).netloc.lower() == host.lower()

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        token = self._config.token
        if token is None or scope["path"] in _OPEN:
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["method"] == "GET" and scope["path"] == "/" and _same(asked, token):
            welcome = RedirectResponse("/", 303)
            welcome.set_cookie(
                COOKIE, self._cookie, httponly=True, samesite="strict", secure=scope["scheme"] == "https"
            )
            return welcome
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and _same(given.strip(), token)) or _same(_cookie(headers), self._cookie):
            return None
        refusal = problem(401, "this server wants a token: open the address that it printed, or send it as Bearer")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
