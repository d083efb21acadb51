"""What the Secret holds: the pair that is served, the one that is to follow, and the CAs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

CERTIFICATE, KEY, AUTHORITIES = "tls.crt", "tls.key", "ca.crt"
"""As in every Secret of type `kubernetes.io/tls`; replicas read the first two."""
NEXT_CERTIFICATE, NEXT_KEY = "next.crt", "next.key"
"""A pair that no replica shows yet, as its CA is not yet known everywhere."""

_MOST = 32
"""CAs that are read from one bundle. Two are usual."""
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_PUBLIC = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class Leaf(msgspec.Struct, frozen=True):
    """A serving certificate that can be used: its key fits, and a CA beside it has signed it."""

    chain: bytes
    key: bytes
    ca: bytes
    """Who signed it, as it stands in `Stored.bundle`."""
    begins: datetime
    ends: datetime
    names: frozenset[str]

    def __repr__(self) -> str:
        """Without the key."""
        return f"Leaf(until {self.ends}, key hidden)"


class Stored(msgspec.Struct, frozen=True):
    """What can be used of a Secret; what cannot is not there."""

    serving: Leaf | None = None
    pending: Leaf | None = None
    bundle: tuple[bytes, ...] = ()
    """CA certificates, each in normal form and once."""

    @property
    def others(self) -> tuple[bytes, ...]:
        """The CAs beside the one that signed what is served."""
        return tuple(ca for ca in self.bundle if self.serving and ca != self.serving.ca)


def read_stored(data: Mapping[str, bytes]) -> Stored:
    """Read the data of a Secret; never raises, as anybody with the rights may have written it."""
    bundle = read_bundle(data.get(AUTHORITIES, b""))
    return Stored(
        serving=_leaf(data.get(CERTIFICATE, b""), data.get(KEY, b""), bundle),
        pending=_leaf(data.get(NEXT_CERTIFICATE, b""), data.get(NEXT_KEY, b""), bundle),
        bundle=bundle,
    )


def read_bundle(pem: bytes) -> tuple[bytes, ...]:
    """The certificates in a text, each in normal form and once; others are passed over."""
    found: dict[bytes, None] = {}
    for part in pem.split(_BEGIN)[1:]:
        body, end, _ = part.partition(_END)
        try:
            certificate = x509.load_pem_x509_certificate(_BEGIN + body + end)
        except _UNREADABLE:
            continue
        found[certificate.public_bytes(Encoding.PEM)] = None
        if len(found) == _MOST:
            break
    return tuple(found)


def union(*bundles: Iterable[bytes]) -> tuple[bytes, ...]:
    """All certificates of some bundles, each once, in order."""
    return tuple(dict.fromkeys(ca for bundle in bundles for ca in bundle))


def _leaf(chain: bytes, key: bytes, bundle: tuple[bytes, ...]) -> Leaf | None:
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
        public = load_pem_private_key(key, None).public_key().public_bytes(*_PUBLIC)
        signer = next((ca for ca in bundle if _signed(certificate, ca)), None)
        if signer is None or public != certificate.public_key().public_bytes(*_PUBLIC):
            return None
        return Leaf(
            chain=chain,
            key=key,
            ca=signer,
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
            names=_names(certificate),
        )
    except _UNREADABLE:
        return None


def _names(certificate: x509.Certificate) -> frozenset[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    alternatives = extension.value
    return frozenset(
        [
            *alternatives.get_values_for_type(x509.DNSName),
            *(str(address) for address in alternatives.get_values_for_type(x509.IPAddress)),
        ]
    )


def _signed(certificate: x509.Certificate, ca: bytes) -> bool:
    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True
