"""The socket guard: which addresses may be dialled, decided on the address itself, at every dial.

Whoever can create a Pod writes the host that we would connect to; names, literals, redirects and
token services all end here, after resolution, so that no spelling and no second DNS answer helps.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# Not `is_global`: Python before 3.13 calls 64:ff9b::a9fe:a9fe, 2002:a9fe:a9fe::, 192.0.0.192 and
# 168.63.129.16 global, and later ones some of them. The lists are the IANA special-purpose
# registries (RFC 6890 and its updates) and the metadata addresses of the cloud providers.
_NEVER_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # metadata, Alibaba
        "168.63.129.16/32",  # host agent, Azure
        "169.254.0.0/16",  # link-local; metadata nearly everywhere
        "192.0.0.0/24",  # holds 192.0.0.192: metadata, Oracle
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PRIVATE_4 = tuple(
    IPv4Network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
    )
)
_NEVER_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "3fff::/20",
        "fd00:ec2::/32",  # metadata and helpers, AWS
        "fd20:ce::254/128",  # metadata, Google
        "fd00:c1::a9fe:a9fe/128",  # metadata, Oracle
        "fd00:42::42/128",  # metadata, Scaleway
    )
)
_PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_UNICAST_6 = IPv6Network("2000::/3")
"""The only range that is given out; all else is refused without being listed."""
_LOW_32_BITS = (1 << 32) - 1
_EMBEDDING = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)

_FORBIDDEN = "a link-local, metadata or reserved address"
_NOT_ALLOWED = "a private or loopback address"


class BlockedAddressError(OSError):
    """The guard refused to dial; an `OSError`, because dialling code passes on only these."""


def refusal(address: str, *, private: bool, excepted: frozenset[str] = frozenset()) -> str | None:
    """Why an address may not be dialled: a noun phrase, or None where it may.

    Args:
        address: an IPv4 or IPv6 address in text.
        excepted: addresses, in the one spelling that `ipaddress` gives, that may be dialled
            whatever they are.
        private: whether private and loopback addresses may be dialled; link-local, metadata,
            multicast and reserved ones never are.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "no address"
    if str(parsed) in excepted:
        return None
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        return _FORBIDDEN
    inner = innermost(parsed)
    if isinstance(inner, IPv6Address):
        return _refusal_6(inner, private=private)
    return _refusal_4(inner, private=private)


def innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it does; else itself."""
    if isinstance(address, IPv6Address):
        for network, shift in _EMBEDDING:
            if address in network:
                return IPv4Address(int(address) >> shift & _LOW_32_BITS)
    return address


def check(address: str, *, private: bool, excepted: frozenset[str] = frozenset()) -> None:
    """Let an address pass, or raise.

    Raises:
        BlockedAddressError: it may not be dialled; the message says why.
    """
    why = refusal(address, private=private, excepted=excepted)
    if why == _NOT_ALLOWED:
        raise BlockedAddressError(f"{address} is {why}, and allowPrivateAddresses is not set")
    if why is not None:
        raise BlockedAddressError(f"{address} is {why}, which is never contacted")


def _refusal_4(address: IPv4Address, *, private: bool) -> str | None:
    if any(address in network for network in _NEVER_4):
        return _FORBIDDEN
    if not private and any(address in network for network in _PRIVATE_4):
        return _NOT_ALLOWED
    return None


def _refusal_6(address: IPv6Address, *, private: bool) -> str | None:
    if any(address in network for network in _NEVER_6):
        return _FORBIDDEN
    if any(address in network for network in _PRIVATE_6):
        return None if private else _NOT_ALLOWED
    return None if address in _UNICAST_6 else _FORBIDDEN
