import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from webhook.operator.authority import BACKDATED, Issued, issue, renewed_at

NOW = datetime.now(UTC).replace(microsecond=0)


def leaf(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.chain)


def authority(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.ca)


def server(issued: Issued, folder: Path) -> ssl.SSLContext:
    (folder / "pair.pem").write_bytes(issued.chain + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    return context


@pytest.mark.parametrize("name", ["cocket.system.svc", "127.0.0.1", "::1"])
async def test_the_strictest_client_accepts_it(name: str, tmp_path: Path) -> None:
    issued = issue(["cocket.system.svc", "127.0.0.1", "::1"], NOW)
    listening = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=server(issued, tmp_path)
    )
    strict = ssl.create_default_context(cadata=issued.ca.decode())
    strict.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=strict, server_hostname=name
        )
        writer.transport.abort()


def test_it_lives_a_month_and_its_ca_a_year_both_backdated() -> None:
    issued = issue(["a"], NOW)

    assert leaf(issued).not_valid_before_utc == NOW - timedelta(hours=1)
    assert leaf(issued).not_valid_after_utc == NOW + timedelta(days=30)
    assert authority(issued).not_valid_before_utc == NOW - BACKDATED
    assert authority(issued).not_valid_after_utc == NOW + timedelta(days=365)


def test_the_ca_signs_nothing_but_certificates_and_no_further_ca() -> None:
    issued = issue(["a"], NOW)
    extensions = authority(issued).extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)

    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)


def test_every_ca_has_a_name_of_its_own() -> None:
    assert authority(issue(["a"], NOW)).subject != authority(issue(["a"], NOW)).subject


def test_the_key_is_never_shown() -> None:
    issued = issue(["a"], NOW)

    assert "BEGIN" not in repr(issued)


def test_it_is_renewed_after_two_thirds_of_its_life() -> None:
    assert renewed_at(NOW, NOW + timedelta(days=30)) == NOW + timedelta(days=20)


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_ten_years_off_makes_certificates_all_the_same(years: int) -> None:
    issued = issue(["a"], NOW + timedelta(days=365 * years))

    leaf(issued).verify_directly_issued_by(authority(issued))
