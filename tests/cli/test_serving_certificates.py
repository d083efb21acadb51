"""Where the serving certificate comes from, and what is shown while it is replaced."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.certificates import SelfSigned, self_signed
from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from webhook.admission.metrics import Metrics
from webhook.cli.serving_certificates import (
    Files,
    FromSecret,
    SecretCertificate,
    SelfSigning,
    local_certificate,
)
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRETS = "/api/v1/secrets"
SECRET = FromSecret("cocket", "tls")
QUICK = 0.05


def fingerprint(signed: SelfSigned) -> str:
    return hashlib.sha256(signed.certificate_der).hexdigest()


def files(signed: SelfSigned, folder: Path) -> Files:
    return Files(*signed.write(folder, "pair"))


class Shown:
    """A certificate of a Secret, the server that has it, and how often another one was shown."""

    def __init__(self, server: ApiServer, secret: SecretCertificate, metrics: Metrics) -> None:
        self.server = server
        self.secret = secret
        self.metrics = metrics

    def store(self, signed: SelfSigned, folder: Path) -> None:
        """Somebody writes the Secret."""
        chain, key = signed.write(folder, "secret")
        self.put({"tls.crt": chain.read_bytes(), "tls.key": key.read_bytes()})

    def put(self, data: dict[str, bytes]) -> None:
        encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
        self.server.put(SECRETS, "tls", "cocket", type="kubernetes.io/tls", data=encoded)

    async def shows(self, signed: SelfSigned) -> None:
        await until(lambda: self.secret.certificate.fingerprint == fingerprint(signed))


@asynccontextmanager
async def from_secret(*refused: tuple[str, str]) -> AsyncIterator[tuple[Shown, list[None]]]:
    async with api_server() as (server, api):
        for method, path in refused:
            server.refuse(method, path, 403, "Forbidden")
        metrics, told = Metrics(), list[None]()
        secret = SecretCertificate(api, SECRET, None, metrics, lambda: told.append(None))
        running = asyncio.create_task(secret.run(QUICK))
        try:
            yield Shown(server, secret, metrics), told
        finally:
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_files_are_shown_and_watched(tmp_path: Path) -> None:
    one, two = self_signed(), self_signed()
    told: list[None] = []
    certificate, (reload,) = local_certificate(
        files(one, tmp_path), None, Metrics(), lambda: told.append(None)
    )
    assert certificate.fingerprint == fingerprint(one)
    files(two, tmp_path)
    await reload.look()

    assert certificate.fingerprint == fingerprint(two)
    assert len(told) == 1


async def test_files_that_do_not_fit_any_more_change_nothing(tmp_path: Path) -> None:
    one, two = self_signed(), self_signed()
    certificate, (reload,) = local_certificate(files(one, tmp_path), None, Metrics())
    (tmp_path / "pair.crt").write_text(two.certificate_pem)
    await reload.look()

    assert certificate.fingerprint == fingerprint(one)
    assert "--tls-cert" in reload.complaint


def test_files_that_cannot_be_used_at_the_start_are_named(tmp_path: Path) -> None:
    late = self_signed(since=datetime.now(UTC) - timedelta(days=3))
    with pytest.raises(InputError, match=r"--tls-cert .*pair.crt with --tls-key .*pair.key: "):
        local_certificate(files(late, tmp_path), None, Metrics())


def test_one_made_in_memory_leaves_its_ca_in_a_file_and_nothing_to_watch(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    certificate, reloads = local_certificate(SelfSigning(("a.example",), ca), None, Metrics())

    assert certificate.fingerprint
    assert reloads == []
    assert ca.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_client_ca_that_is_none_is_named(tmp_path: Path) -> None:
    ca = tmp_path / "clients.pem"
    ca.write_text("nothing")
    with pytest.raises(InputError, match=r"--client-ca .*clients.pem: "):
        local_certificate(SelfSigning(), ca, Metrics())


async def test_a_secret_is_waited_for_shown_and_followed(tmp_path: Path) -> None:
    one, two = self_signed(), self_signed()
    async with from_secret() as (shown, told):
        await until(lambda: "GET /api/v1/namespaces/cocket/secrets" in shown.server.asked)
        assert not shown.secret.there.is_set()
        check = shown.secret.check()
        assert (check.ok, check.detail) == (
            False,
            "not there yet: Secret cocket/tls, which the operator makes",
        )

        shown.store(one, tmp_path)
        await shown.shows(one)
        assert shown.secret.there.is_set()
        await until(lambda: shown.secret.check().detail == "")
        shown.store(two, tmp_path)
        await shown.shows(two)
        assert shown.secret.check().ok
        assert len(told) == 2


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tls.crt": b"", "tls.key": b""},
        {"tls.crt": b"nonsense", "tls.key": b"nonsense"},
        {"tls.crt": self_signed().certificate_pem.encode(), "tls.key": b"nonsense"},
    ],
    ids=["nothing", "empty", "nonsense", "no key"],
)
async def test_a_secret_that_cannot_be_shown_leaves_what_is_shown(
    data: dict[str, bytes], tmp_path: Path
) -> None:
    good = self_signed()
    async with from_secret() as (shown, _):
        shown.store(good, tmp_path)
        await shown.shows(good)
        shown.put(data)
        await until(lambda: shown.metrics.reload_failing["certificate"])

        assert shown.secret.certificate.fingerprint == fingerprint(good)
        check = shown.secret.check()
        assert check.ok
        assert check.detail.startswith("Secret cocket/tls: ")


async def test_a_secret_that_is_deleted_is_said_and_its_certificate_stays(tmp_path: Path) -> None:
    good = self_signed()
    async with from_secret() as (shown, _):
        shown.store(good, tmp_path)
        await shown.shows(good)
        shown.server.drop(SECRETS, "tls", "cocket")
        await until(lambda: shown.secret.check().detail == "Secret cocket/tls is gone")

        assert shown.secret.certificate.fingerprint == fingerprint(good)


async def test_one_that_becomes_valid_with_time_is_shown_then(tmp_path: Path) -> None:
    early = self_signed(since=datetime.now(UTC) + timedelta(seconds=3))
    async with from_secret() as (shown, _):
        shown.store(early, tmp_path)
        await until(lambda: shown.metrics.reload_failing.get("certificate"))
        assert not shown.secret.there.is_set()

        await shown.shows(early)


async def test_why_a_secret_cannot_be_read_is_said() -> None:
    async with from_secret(("GET", "/secrets$")) as (shown, _):
        await until(lambda: "answered 403" in shown.secret.check().detail)

        assert not shown.secret.check().ok
