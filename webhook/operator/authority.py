"""A CA and the one certificate that it signs: made together, and the CA's key forgotten at once."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

CA_LIFETIME = timedelta(days=365)
LEAF_LIFETIME = timedelta(days=30)
BACKDATED = timedelta(hours=1)
"""A peer whose clock is late must not see a certificate from the future."""
_RENEWED = 2 / 3
"""Of its life; what is left is the time in which somebody can mend what hinders the renewal."""


class Issued(msgspec.Struct, frozen=True):
    """A CA and a serving certificate, as PEM."""

    ca: bytes
    chain: bytes
    key: bytes
    """Of the serving certificate. That of the CA is nowhere any more."""

    def __repr__(self) -> str:
        """Without the key: it must not get into a traceback or a log."""
        return "Issued(key hidden)"


def issue(names: Iterable[str], now: datetime) -> Issued:
    """Make a CA for a year and a certificate for these host names and addresses for 30 days.

    There is no second certificate from the same CA: a rotation makes a new one of both, so nobody
    can steal a key that signs, and a rotation of CAs is nothing that happens once in ten years.
    The extensions are those that strict clients want (RFC 5280, 4.2.1; `VERIFY_X509_STRICT`, which
    Python sets since 3.13).

    Args:
        names: at least one; those that are IP addresses become such.
        now: aware.
    """
    ca_key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # A name of its own: a verifier that holds two CAs of one name may try the wrong one.
    ca_name = _named(f"cocket webhook CA {serial:040x}")
    ca = (
        _certificate(ca_name, ca_name, ca_key.public_key(), now, CA_LIFETIME)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certify=True), critical=True)
        .add_extension(_issuer(ca_key), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _certificate(_named("cocket webhook"), ca_name, key.public_key(), now, LEAF_LIFETIME)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certify=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_issuer(ca_key), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return Issued(
        ca=ca.public_bytes(Encoding.PEM),
        chain=leaf.public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def renewed_at(begins: datetime, ends: datetime) -> datetime:
    """When a certificate is to be replaced."""
    return begins + (ends - begins) * _RENEWED


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certify,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certify,
        crl_sign=certify,
        encipher_only=False,
        decipher_only=False,
    )


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
