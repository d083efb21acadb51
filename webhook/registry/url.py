"""Addresses that strangers wrote, taken apart once: scheme, host, port, path, query."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin

import msgspec

from webhook.core.image import DOCKER_HUB_FAMILY
from webhook.core.printable import printable
from webhook.registry.documents import bad

DEFAULT_PORTS = {"https": 443, "http": 80}
HUB_API = "registry-1.docker.io"
"""Where Docker Hub answers for every one of its names."""

_MAX_URL = 8192
_MAX_HOST = 253
_MAX_PORT = 65535
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([0-9]{1,5}))?", re.ASCII)
_PARTS = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?"
    r"(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?",
    re.ASCII | re.IGNORECASE,
)


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port: the border that no credential crosses (RFC 6454)."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int

    @property
    def authority(self) -> str:
        """`host[:port]`, the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """`scheme://host[:port]`."""
        return f"{self.scheme}://{self.authority}"


class Url(msgspec.Struct, frozen=True):
    """An absolute http or https address without user and fragment."""

    origin: Origin
    path: str
    """Percent-encoded; begins with a slash."""
    query: str = ""
    """Percent-encoded. Never shown: signatures and tokens stand there."""

    def __str__(self) -> str:
        """The address as it may be shown: without its query."""
        return printable(f"{self.origin}{self.path}")

    def __repr__(self) -> str:
        """As `str()`, so that no log ever holds a query."""
        return f"<Url {self}>"


def parse_url(text: str, what: str, *, fragment: bool = False) -> Url:
    """Take an address apart.

    No part is repaired: what clients read differently (a user name, a backslash, a number in the
    place of a name, non-ASCII letters) is refused.

    Args:
        text: the address.
        what: what it is, for the message.
        fragment: whether a fragment is dropped (RFC 9110, 10.2.2) and not refused.

    Raises:
        BadContentError: it is no such address.
    """
    if len(text) > _MAX_URL or not text.isascii() or not text.isprintable():
        raise bad(f"{what} is no address")
    match = _PARTS.fullmatch(text)
    if match is None or set(text) & set(' \\"<>^`{|}'):
        raise bad(f"{what} is no http or https address")
    if match["fragment"] and not fragment:
        raise bad(f"{what} has a fragment (`#`)")
    if "@" in match["authority"]:
        raise bad(f"{what} has a user name in it")
    scheme = match["scheme"].lower()
    origin = parse_origin(scheme, match["authority"])
    if origin is None:
        raise bad(f"{what} names no host: {printable(match['authority'], 100)!r}")
    return Url(origin, match["path"] or "/", match["query"] or "")


def follow(base: Url, location: str) -> Url:
    """The address that a `Location` header leads to.

    Raises:
        BadContentError: it is no http or https address.
    """
    what = f"the redirect from {base.origin.authority}"
    if len(location) > _MAX_URL or not location.isascii() or not location.isprintable():
        raise bad(f"{what} is no address")
    try:
        target = urljoin(f"{base.origin}{base.path}", location)
    except ValueError as error:
        raise bad(f"{what} is no address") from error
    return parse_url(target, what, fragment=True)


def registry_origin(registry: str, *, plain_http: bool) -> Origin | None:
    """Where the registry of an image name answers; None where the name is no host."""
    host = registry.lower()
    if host.removesuffix(":443") in DOCKER_HUB_FAMILY:
        host = HUB_API
    return parse_origin("http" if plain_http else "https", host)


def parse_origin(scheme: str, authority: str) -> Origin | None:
    """`host[:port]` as an origin; None where it is none."""
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return None
    literal, name, port = match.groups()
    if port is not None and not 0 < int(port) <= _MAX_PORT:
        return None
    if not (_is_host(name) if literal is None else _is_ipv6(literal)):
        return None
    return Origin(scheme, literal or name, int(port) if port else DEFAULT_PORTS[scheme])


def _is_ipv6(host: str) -> bool:
    # A zone id names an interface of this machine; nobody else may choose one.
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host


def _is_host(host: str) -> bool:
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if not _NUMBER.fullmatch(labels[-1]):
        return True
    # 2130706433, 0x7f.1 and 127.1 are addresses to a resolver and names to a reader.
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
