"""Which public keys count."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.keys import not_a_key, read_key

_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_RSA = rsa.generate_private_key(65537, 2048).public_key()
GOOD: dict[str, PublicKeyTypes] = {
    "ECDSA P-256": ec.generate_private_key(ec.SECP256R1()).public_key(),
    "ECDSA P-384": ec.generate_private_key(ec.SECP384R1()).public_key(),
    "Ed25519": ed25519.Ed25519PrivateKey.generate().public_key(),
    "RSA": _RSA,
}
BAD: dict[str, PublicKeyTypes] = {
    "P-521": ec.generate_private_key(ec.SECP521R1()).public_key(),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()).public_key(),
    "Ed448": ed448.Ed448PrivateKey.generate().public_key(),
    "RSA of 1024 bits": rsa.generate_private_key(65537, 1024).public_key(),  # noqa: S505 - that is it
    "DSA": dsa.generate_private_key(2048).public_key(),
}


def pem_of(key: PublicKeyTypes) -> str:
    return key.public_bytes(_PEM, _SPKI).decode()


@pytest.mark.parametrize("kind", GOOD)
def test_a_key_goes_by_the_digest_of_its_der(kind: str) -> None:
    key = GOOD[kind]

    read = read_key(pem_of(key))

    assert read is not None
    assert read.kind == kind
    assert read.fingerprint == f"sha256:{hashlib.sha256(key.public_bytes(_DER, _SPKI)).hexdigest()}"


@pytest.mark.parametrize("kind", BAD)
def test_other_kinds_do_not_count(kind: str) -> None:
    assert read_key(pem_of(BAD[kind])) is None


def test_how_the_text_is_broken_into_lines_does_not_matter() -> None:
    text = pem_of(_RSA)
    begin, *body, end = text.splitlines()
    one_line = f"\n {begin}\r\n{''.join(body)}\r\n{end}\n\n"

    first, second = read_key(text), read_key(one_line)

    assert first is not None
    assert second is not None
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is none"),
        ("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", "it is none"),
        ("-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----", "it is none"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "it is a CERTIFICATE"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "it is a private key"),
        (pem_of(_RSA) * 2, "it is none"),
    ],
)
def test_what_is_no_key_is_said_to_be_none(text: str, why: str) -> None:
    assert read_key(text) is None
    assert why in not_a_key(text)


@given(st.text() | st.binary().map(lambda body: f"-----BEGIN PUBLIC KEY-----{body.hex()}"))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_key(text) is None
    assert not_a_key(text)
