"""The kinds of picture that photochrom colours; a new one is a row here."""

from photochrom.domains.domain import Domain
from photochrom.domains.photo import PHOTO
from photochrom.errors import UsageError, suggestion

DOMAINS = {domain.name: domain for domain in (PHOTO,)}


def find_domain(name: str) -> Domain:
    """The row of that name. Raises UsageError, naming the nearest."""
    if name not in DOMAINS:
        otherwise = f"choose one of {', '.join(DOMAINS)}"
        raise UsageError(f"there is no domain {name!r}: {suggestion(name, DOMAINS, otherwise=otherwise)}")
    return DOMAINS[name]
