from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from webhook.operator.authority import issue
from webhook.operator.stored import Stored, read_bundle, read_stored, union

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ONE, TWO = issue(["a", "127.0.0.1"], NOW), issue(["a"], NOW)
GOOD = {"tls.crt": ONE.chain, "tls.key": ONE.key, "ca.crt": ONE.ca}


def test_a_pair_is_read_with_its_ca_its_names_and_its_time() -> None:
    stored = read_stored(GOOD | {"ca.crt": TWO.ca + ONE.ca})

    assert stored.serving is not None
    assert stored.serving.ca == ONE.ca
    assert stored.serving.names == {"a", "127.0.0.1"}
    assert stored.bundle == (TWO.ca, ONE.ca)
    assert stored.others == (TWO.ca,)
    assert stored.pending is None


def test_a_pair_to_come_is_read_likewise() -> None:
    stored = read_stored({"next.crt": ONE.chain, "next.key": ONE.key, "ca.crt": ONE.ca})

    assert stored.serving is None
    assert stored.pending is not None
    assert stored.others == ()


def encrypted() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize(
    "change",
    [
        {"tls.key": TWO.key},
        {"tls.key": b""},
        {"tls.key": b"\xff" * 100},
        {"tls.key": encrypted()},
        {"tls.crt": b""},
        {"tls.crt": ONE.chain[:300]},
        {"tls.crt": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        {"ca.crt": b""},
        {"ca.crt": TWO.ca},
        {"ca.crt": ONE.chain},
        {"ca.crt": b"\x00garbage"},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_not_there(change: dict[str, bytes]) -> None:
    assert read_stored(GOOD | change).serving is None


def test_an_empty_secret_holds_nothing() -> None:
    assert read_stored({}) == Stored()


def nameless() -> dict[str, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    pem = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    shown = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"tls.crt": pem, "tls.key": shown, "ca.crt": pem}


def emptily_named() -> dict[str, bytes]:
    issued = issue([], NOW)
    return {"tls.crt": issued.chain, "tls.key": issued.key, "ca.crt": issued.ca}


@pytest.mark.parametrize("make", [nameless, emptily_named])
def test_a_certificate_without_names_is_for_nobody(make: Callable[[], dict[str, bytes]]) -> None:
    stored = read_stored(make())

    assert stored.serving is not None
    assert stored.serving.names == frozenset()


def test_a_bundle_keeps_its_order_and_each_certificate_once() -> None:
    text = b"words\n" + TWO.ca + b"# comment\n" + ONE.ca.replace(b"\n", b"\r\n") + TWO.ca

    assert read_bundle(text) == (TWO.ca, ONE.ca)


def test_broken_certificates_in_a_bundle_are_passed_over() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"

    assert read_bundle(broken + ONE.ca + TWO.ca[:200]) == (ONE.ca,)


def test_a_bundle_without_end_is_read_to_its_thirty_second() -> None:
    many = [issue([], NOW).ca for _ in range(33)]

    assert len(read_bundle(b"".join(many))) == 32


def test_a_union_holds_each_once() -> None:
    assert union([b"a", b"b"], [b"b", b"c"]) == (b"a", b"b", b"c")


def test_keys_are_never_shown() -> None:
    assert "BEGIN" not in repr(read_stored(GOOD).serving)
