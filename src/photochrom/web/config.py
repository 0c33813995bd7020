"""How the server runs: where, for whom, and how much it takes on at once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from photochrom.errors import UsageError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request, and all of them together, may ask for. Raises UsageError for what makes no sense.

    megabytes: of one request's body. megapixels: of one picture. queue: requests that wait or are worked on.
    seconds: that one request may take, its upload apart, which has as long again.
    """

    megabytes: float = 64.0
    megapixels: float = 100.0
    queue: int = 32
    seconds: float = 120.0

    def __post_init__(self) -> None:
        for name in ("megabytes", "megapixels", "queue", "seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"the limit of {name} must be more than 0, got {value:g}")

    @property
    def body_bytes(self) -> int:
        """The most bytes that the body of one request may have."""
        return int(self.megabytes * 1e6)

    @property
    def waiting_bytes(self) -> int:
        """The most bytes of all bodies together that are held at once: of four of the largest."""
        return 4 * self.body_bytes


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that `photochrom serve` is told.

    model: the one for requests that name none. workers: pictures that are coloured at once. threads: of each network.
    token: what a request must show, None for nothing. names: further names that the Host header may say.
    origins: of other pages (scheme://host) whose scripts may call the API; none by default.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    model: str = "photo"
    device: str = "auto"
    workers: int = 2
    threads: int | None = None
    token: str | None = None
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def is_own_name(self, host: str) -> bool:
        """Whether a Host header may say this name.

        A page that has its own name point at this machine (DNS rebinding) says that name, so a name must be known; an
        address of numbers can't be had by rebinding and counts where the server is open to others.
        """
        plain = host.strip("[]").lower().rstrip(".")
        if plain in LOOPBACK or plain in {name.lower() for name in (self.host, *self.names)}:
            return True
        return self.host not in LOOPBACK and is_address(plain)


def is_address(host: str) -> bool:
    """Whether it is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server there."""
    if host == "localhost":
        return True
    return is_address(host) and ipaddress.ip_address(host).is_loopback
