"""Signing evidence with a private key that somebody holds in a file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from webhook.core.keys import PublicKey, read_key
from webhook.errors import InputError
from webhook.registry.envelopes import PAYLOAD_TYPE, pae

if TYPE_CHECKING:
    from pathlib import Path

MAX_KEY_FILE = 64 * 1024

_Private: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class Signer:
    """A private key, which never shows itself."""

    def __init__(self, key: _Private, public: PublicKey) -> None:
        """Sign with `key`, whose public half is `public`."""
        self._key = key
        self.public = public

    def envelope(self, payload: bytes) -> bytes:
        """The DSSE envelope around a statement, with our one signature."""
        signature = {"keyid": self.public.fingerprint, "sig": _text(self._sign(pae(payload)))}
        return msgspec.json.encode(
            {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [signature]}
        )

    def _sign(self, message: bytes) -> bytes:
        match self._key:
            case ec.EllipticCurvePrivateKey() as key:
                digest = hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()  # noqa: PLR2004 - bits of P-256
                return key.sign(message, ec.ECDSA(digest))
            case ed25519.Ed25519PrivateKey() as key:
                return key.sign(message)
            case key:
                salt = hashes.SHA256.digest_size
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
                return key.sign(message, pss, hashes.SHA256())


def load_signer(path: Path, password: str = "") -> Signer:
    """Read a private key as PEM: PKCS #8, or the older form of its kind, encrypted or not.

    Raises:
        InputError: it cannot be read, or is of a kind that no policy would count; the message
            holds nothing of what stands in it.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        raise InputError(f"--key {path}: cannot be read: {error.strerror}") from error
    if b"SIGSTORE" in body or b"COSIGN" in body:
        raise InputError(
            f"--key {path}: cosign's own form of a key cannot be read; "
            "make one with: openssl genpkey -algorithm ed25519"
        )
    try:
        key = serialization.load_pem_private_key(body, password.encode() if password else None)
    except TypeError as error:
        raise InputError(
            f"--key {path}: it is encrypted: set COCKET_KEY_PASSWORD"
            if not password
            else f"--key {path}: it is not encrypted, and COCKET_KEY_PASSWORD is set"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"--key {path}: it is no private key as PEM, or not its password") from (
            None if isinstance(error, ValueError) else error
        )
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = read_key(pem.decode())
    if public is None or not isinstance(key, _Private):
        raise InputError(f"--key {path}: use ECDSA P-256 or P-384, Ed25519, or RSA from 2048 bits")
    return Signer(key, public)


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()
