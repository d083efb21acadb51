import asyncio
import base64
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.admission.serving import ISSUED, serving, trusting
from tests.admission.wire import GET, connect
from webhook.admission.tls import Certificate, Pair, _leaf, read_pair, try_pair
from webhook.errors import InputError

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


def pair(
    *,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    begins: datetime = NOW - timedelta(hours=1),
    ends: datetime = NOW + timedelta(hours=1),
    names: bool = True,
    password: bytes = b"",
) -> Pair:
    """A certificate that signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(alternative, critical=False)
    hidden = serialization.BestAvailableEncryption(password) if password else None
    return Pair(
        builder.sign(key, hashes.SHA256()).public_bytes(PEM),
        key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, hidden or serialization.NoEncryption()
        ),
    )


GOOD = pair()


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (Pair(GOOD.chain, pair().key), "cannot be used together"),
        (Pair(GOOD.chain[:200], GOOD.key), "cannot be used together"),
        (Pair(GOOD.chain, GOOD.key[:80]), "cannot be used together"),
        (Pair(b"", b""), "cannot be used together"),
        (Pair(GOOD.chain, b""), "cannot be used together"),
        (Pair(b"", GOOD.key), "cannot be used together"),
        (Pair(b"\xff\x00", b"\xff"), "cannot be used together"),
        (pair(password=b"secret"), "cannot be used together"),
        (pair(ends=NOW - timedelta(minutes=1)), "expired at"),
        (pair(begins=NOW + timedelta(minutes=1)), "is not valid before"),
        (pair(names=False), "no subject alternative name"),
    ],
)
def test_a_pair_that_cannot_be_used_is_told_apart_before_it_is_shown(
    bad: Pair, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        try_pair(bad, NOW)


def test_a_certificate_with_an_extension_twice_is_no_end_of_the_process() -> None:
    # The library makes none: one of two extensions is given the number of the other one.
    der = x509.load_pem_x509_certificate(pair().chain).public_bytes(serialization.Encoding.DER)
    basic, alternative = b"\x06\x03\x55\x1d\x13", b"\x06\x03\x55\x1d\x11"
    assert basic in der
    twice = base64.encodebytes(der.replace(basic, alternative))
    chain = b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % twice

    with pytest.raises(InputError, match="cannot be read"):
        _leaf(Pair(chain, GOOD.key), NOW)


def test_the_expiry_is_that_of_the_leaf() -> None:
    assert try_pair(GOOD, NOW).expires == (NOW + timedelta(hours=1)).replace(microsecond=0)


def test_a_key_is_not_in_the_text_of_a_pair() -> None:
    assert "PRIVATE" not in repr(GOOD)


def test_a_file_that_is_missing_or_huge_is_named(tmp_path: Path) -> None:
    huge = tmp_path / "huge.pem"
    huge.write_bytes(b"-" * 2_000_000)

    with pytest.raises(InputError, match=r"absent.pem: cannot be read: No such file"):
        read_pair(tmp_path / "absent.pem", huge)
    with pytest.raises(InputError, match=r"huge.pem: is too large"):
        read_pair(huge, huge)


def test_a_client_ca_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="client CA"):
        Certificate(try_pair(GOOD, NOW), client_ca=b"garbage")


async def shown_at(port: int, name: str | None = "localhost") -> bytes:
    """The certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name or ""
    )
    handshake: ssl.SSLObject = writer.get_extra_info("ssl_object")
    shown = handshake.getpeercert(binary_form=True)
    assert shown is not None
    assert handshake.version() == "TLSv1.3"
    writer.close()
    await writer.wait_closed()
    return shown


def leaf(of: Pair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(of.chain.decode())


@pytest.mark.parametrize("name", ["localhost", None], ids=["with SNI", "without SNI"])
async def test_new_connections_see_the_new_certificate_and_open_ones_live_on(
    name: str | None,
) -> None:
    certificate = Certificate(try_pair(ISSUED.pair, NOW))
    async with serving(certificate=certificate) as server:
        port = server.server.port
        assert await shown_at(port, name) == leaf(ISSUED.pair)
        open_before = await connect(port, trusting())

        certificate.show(try_pair(GOOD, NOW))

        assert await shown_at(port, name) == leaf(GOOD)
        await open_before.send(GET + b"\r\n")
        assert b" 200 " in await open_before.answer()
        await open_before.close()


async def test_a_change_of_the_kind_of_key_shows_no_certificate_of_before() -> None:
    by_rsa = pair(key=rsa.generate_private_key(65537, 2048))
    certificate = Certificate(try_pair(by_rsa, NOW))
    async with serving(certificate=certificate) as server:
        port = server.server.port
        seen = [await shown_at(port)]
        for other in (GOOD, by_rsa):
            certificate.show(try_pair(other, NOW))
            seen.append(await shown_at(port))

    assert seen == [leaf(by_rsa), leaf(GOOD), leaf(by_rsa)]


async def test_tls_before_1_3_is_refused() -> None:
    old = trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving() as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connect(server.server.port, old)


async def test_a_client_ca_opens_validate_only_to_its_clients(tmp_path: Path) -> None:
    theirs = pair()
    certificate = Certificate(try_pair(ISSUED.pair, NOW), client_ca=theirs.chain)
    for swapped in (False, True):
        if swapped:
            certificate.show(try_pair(ISSUED.pair, NOW))
        async with serving(certificate=certificate) as server:
            port = server.server.port
            big = b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n"
            known = trusting()
            file = tmp_path / "client.pem"
            file.write_bytes(theirs.chain + theirs.key)
            known.load_cert_chain(file)

            for unread in (
                big,
                big.replace(b"30000000", b"100"),
                big.replace(b"30000000", b"2") + b"{}",
            ):
                stranger = await connect(port, trusting())
                await stranger.send(unread)
                assert b" 403 " in await stranger.answer()
                await stranger.close()
            prober = await connect(port, trusting())
            await prober.send(GET + b"\r\n")
            assert b" 200 " in await prober.answer()
            await prober.close()
            client = await connect(port, known)
            await client.send(b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
            assert b" 400 " in await client.answer()
            await client.close()


async def test_a_certificate_of_another_ca_does_not_get_through_the_handshake(
    tmp_path: Path,
) -> None:
    certificate = Certificate(try_pair(ISSUED.pair, NOW), client_ca=pair().chain)
    file = tmp_path / "client.pem"
    other = pair()
    file.write_bytes(other.chain + other.key)
    context = trusting()
    context.load_cert_chain(file)
    async with serving(certificate=certificate) as server:
        wire = await connect(server.server.port, context)
        await wire.send(GET + b"\r\n")

        assert await wire.until_closed() == b""
        await wire.close()


async def test_without_a_pair_no_handshake_succeeds_until_there_is_one() -> None:
    certificate = Certificate(None)
    assert certificate.expires is None
    assert certificate.fingerprint == ""
    async with serving(certificate=certificate) as server:
        with pytest.raises(OSError, match=r"alert|reset|EOF|^$"):
            await connect(server.server.port, trusting())

        certificate.show(try_pair(ISSUED.pair, datetime.now(UTC)))

        wire = await connect(server.server.port, trusting())
        await wire.close()
    leaf = x509.load_pem_x509_certificates(ISSUED.pair.chain)[0]
    assert certificate.fingerprint == leaf.fingerprint(hashes.SHA256()).hex()
    assert certificate.expires == leaf.not_valid_after_utc
