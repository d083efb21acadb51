"""Promotion evidence as bytes: the DSSE envelope, its signatures, and the statement in it.

A signature is of the kind that its key is: ECDSA over SHA-256 (P-256) or SHA-384 (P-384) in DER,
Ed25519, RSA with PSS or PKCS #1 v1.5 over SHA-256. `keyid` is nobody's word: every key is tried.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from webhook.core.promotion import PREDICATE_TYPE, STATEMENT_TYPE
from webhook.registry.documents import bad, document, text_of
from webhook.registry.statements import is_about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from webhook.core.keys import PublicKey

ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE = 256 * 1024
MAX_SIGNATURES = 8


class Envelope(msgspec.Struct, frozen=True):
    """A DSSE envelope (secure-systems-lab/dsse, envelope.md)."""

    payload: bytes
    signatures: tuple[bytes, ...]


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What is signed: the payload with its type and both lengths (DSSE, protocol.md).

    >>> pae(b"hello world", "http://example.com/HelloWorld")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def read_envelope(body: bytes) -> Envelope:
    """Read an envelope around an in-toto statement.

    Raises:
        BadContentError: it is none.
    """
    return envelope_of(document(body, "the evidence"))


def envelope_of(found: Mapping[str, object]) -> Envelope:
    """The same for one that was read as a part of something else, by `documents.document`."""
    if text_of(found, "payloadType") != PAYLOAD_TYPE:
        raise bad("the evidence is no in-toto statement")
    signatures = found.get("signatures")
    if not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
        raise bad(f"the evidence has no signatures, or more than {MAX_SIGNATURES}")
    return Envelope(
        _bytes(text_of(found, "payload")),
        tuple(_bytes(text_of(one, "sig")) for one in signatures if isinstance(one, dict)),
    )


def read_statement(payload: bytes, digest: str) -> Mapping[str, object]:
    """The predicate of a statement about a promotion of this digest (in-toto attestation v1).

    Raises:
        BadContentError: it is no such statement, or one about something else.
    """
    found = document(payload, "the statement")
    kinds = (text_of(found, "_type"), text_of(found, "predicateType"))
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise bad("the statement is not about a promotion")
    if not is_about(found, digest):
        raise bad("the statement is about another image")
    predicate = found.get("predicate")
    if not isinstance(predicate, dict):
        raise bad("the statement says nothing")
    return predicate


def signers(body: bytes, digest: str, keys: Iterable[PublicKey]) -> frozenset[str]:
    """The fingerprints of those keys that signed a statement about a promotion of this digest.

    Args:
        body: an envelope.
        digest: of the image.
        keys: those that are tried.

    Raises:
        BadContentError: it is no envelope, or its statement is about something else.
    """
    envelope = read_envelope(body)
    read_statement(envelope.payload, digest)
    return verified(envelope, keys)


def verified(envelope: Envelope, keys: Iterable[PublicKey]) -> frozenset[str]:
    """The fingerprints of those keys that signed an envelope, whatever it says."""
    message = pae(envelope.payload)
    return frozenset(
        key.fingerprint
        for key in keys
        if any(verifies(key.pem, signature, message) for signature in envelope.signatures)
    )


def verifies(pem: str, signature: bytes, message: bytes) -> bool:
    """Whether the key made the signature of the message."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    match key:
        case ec.EllipticCurvePublicKey():
            digest = hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()  # noqa: PLR2004 - bits of P-256
            return _tried(lambda: key.verify(signature, message, ec.ECDSA(digest)))
        case ed25519.Ed25519PublicKey():
            return _tried(lambda: key.verify(signature, message))
        case rsa.RSAPublicKey():
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            return _tried(lambda: key.verify(signature, message, pss, hashes.SHA256())) or _tried(
                lambda: key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            )
        case _:
            return False


def _tried(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _bytes(text: str) -> bytes:
    """Base64, standard or for URLs: DSSE takes both."""
    try:
        return base64.b64decode(text.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad("the evidence holds something that is no base64") from error


_URL_SAFE = str.maketrans("-_", "+/")
