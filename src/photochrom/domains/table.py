"""The kinds of picture that photochrom colours; a new one is a row here."""

from photochrom.domains.domain import Domain
from photochrom.domains.infrared import INFRARED
from photochrom.domains.photo import PHOTO
from photochrom.domains.satellite import SATELLITE
from photochrom.domains.sketch import SKETCH
from photochrom.domains.thermal import THERMAL
from photochrom.errors import UsageError, suggestion

DOMAINS = {domain.name: domain for domain in (PHOTO, SKETCH, INFRARED, THERMAL, SATELLITE)}


def find_domain(name: str, *, also: tuple[str, ...] = ()) -> Domain:
    """The row of that name. also: words that would do too. Raises UsageError, naming the nearest."""
    if name not in DOMAINS:
        known = (*DOMAINS, *also)
        otherwise = f"choose one of {', '.join(known)}"
        raise UsageError(f"there is no domain {name!r}: {suggestion(name, known, otherwise=otherwise)}")
    return DOMAINS[name]
