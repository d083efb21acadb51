"""Keys in files, and what they sign."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from tests.promote.keys import KINDS, signer, write_key
from webhook.errors import InputError
from webhook.promote.signing import load_signer
from webhook.registry.envelopes import pae, read_envelope, verifies


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_signs_its_public_half_verifies(tmp_path: Path, kind: str) -> None:
    ours = signer(tmp_path, kind)

    envelope = read_envelope(ours.envelope(b'{"said": 1}'))

    (signature,) = envelope.signatures
    assert ours.public.kind == kind
    assert verifies(ours.public.pem, signature, pae(b'{"said": 1}'))
    assert not verifies(ours.public.pem, signature, pae(b'{"said": 2}'))
    assert not verifies(ours.public.pem, signature, b'{"said": 1}')


@pytest.mark.parametrize("kind", KINDS)
def test_another_key_verifies_nothing_of_it(tmp_path: Path, kind: str) -> None:
    (signature,) = read_envelope(signer(tmp_path, kind).envelope(b"{}")).signatures

    for other in KINDS:
        if other != kind:
            assert not verifies(signer(tmp_path, other).public.pem, signature, pae(b"{}"))


def test_rsa_signatures_of_the_older_kind_are_verified_too(tmp_path: Path) -> None:
    key = KINDS["RSA"]
    assert isinstance(key, rsa.RSAPrivateKey)

    signature = key.sign(pae(b"{}"), padding.PKCS1v15(), hashes.SHA256())

    assert verifies(signer(tmp_path, "RSA").public.pem, signature, pae(b"{}"))


def test_openssl_verifies_it(tmp_path: Path) -> None:
    ours = signer(tmp_path, "ECDSA P-256")
    (signature,) = read_envelope(ours.envelope(b"{}")).signatures
    for name, body in (
        ("key.pub", ours.public.pem.encode()),
        ("sig", signature),
        ("m", pae(b"{}")),
    ):
        (tmp_path / name).write_bytes(body)

    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "key.pub", "-signature", "sig", "m"],  # noqa: S607 - of this machine
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.stdout == b"Verified OK\n"


def test_an_encrypted_key_is_opened_with_its_password(tmp_path: Path) -> None:
    path = write_key(tmp_path, KINDS["Ed25519"], b"sesame")

    assert load_signer(path, "sesame").public == signer(tmp_path).public


@pytest.mark.parametrize(
    ("password", "given", "why"),
    [
        (b"sesame", "", "set COCKET_KEY_PASSWORD"),
        (b"sesame", "guess", "no private key as PEM, or not its password"),
        (b"", "sesame", "it is not encrypted"),
    ],
)
def test_a_password_that_does_not_fit_is_said_to_be(
    tmp_path: Path, password: bytes, given: str, why: str
) -> None:
    path = write_key(tmp_path, KINDS["Ed25519"], password)

    with pytest.raises(InputError, match=why) as refused:
        load_signer(path, given)

    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        dsa.generate_private_key(2048),
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - that is it
    ],
    ids=["P-521", "DSA", "short RSA"],
)
def test_a_kind_that_no_policy_counts_is_refused(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey | rsa.RSAPrivateKey
) -> None:
    with pytest.raises(InputError, match="use ECDSA P-256"):
        load_signer(write_key(tmp_path, key))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no private key as PEM"),
        (b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "cosign's own form"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, body: bytes, why: str) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(body)

    with pytest.raises(InputError, match=why):
        load_signer(path)


def test_a_key_that_cannot_be_read_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_signer(tmp_path / "nothing.pem")
