"""Public keys as they stand in a policy: which kinds count, and by which name a key goes.

What a key signed is verified where cryptography is; here its text is read, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import msgspec

_PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", re.ASCII
)
_BEGINS = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----", re.ASCII)

# DER of SubjectPublicKeyInfo up to the key itself (RFC 5480, 2.1; RFC 8410, 4; RFC 3279, 2.3.1).
_FIXED = {
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"): ("ECDSA P-256", 91),
    bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"): ("ECDSA P-384", 120),
    bytes.fromhex("302a300506032b6570032100"): ("Ed25519", 44),
}
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
_RSA_SIZES = range(294, 1200)
"""Bytes: from 2048 bits to 8192."""


class PublicKey(msgspec.Struct, frozen=True):
    """A key that may sign."""

    pem: str
    kind: str
    fingerprint: str
    """`sha256:` and the digest of its SubjectPublicKeyInfo: the same key has the same one."""


def read_key(pem: str) -> PublicKey | None:
    """The key in a PEM text; None where it is no public key of a kind that counts.

    ECDSA over P-256 and P-384, Ed25519, and RSA from 2048 to 8192 bits.
    """
    match = _PEM.fullmatch(pem)
    if match is None:
        return None
    try:
        der = base64.b64decode("".join(match[1].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = _kind(der)
    if not kind:
        return None
    return PublicKey(pem.strip() + "\n", kind, f"sha256:{hashlib.sha256(der).hexdigest()}")


def not_a_key(pem: str) -> str:
    """What is wrong with a text that `read_key` does not take, and what to write."""
    begins = _BEGINS.search(pem)
    what = f"it is a {begins[1]}" if begins and begins[1] != "PUBLIC KEY" else "it is none"
    if begins and "PRIVATE" in begins[1]:
        what = "it is a private key, which belongs into no policy"
    return (
        f"expected a public key as PEM (-----BEGIN PUBLIC KEY-----) of ECDSA P-256 or P-384, "
        f"Ed25519, or RSA from 2048 bits: {what}"
    )


def _kind(der: bytes) -> str:
    for prefix, (kind, size) in _FIXED.items():
        if der.startswith(prefix) and len(der) == size:
            return kind
    whole = len(der) in _RSA_SIZES and der[:4] == b"\x30\x82" + (len(der) - 4).to_bytes(2, "big")
    return "RSA" if whole and der[4:].startswith(_RSA) else ""
