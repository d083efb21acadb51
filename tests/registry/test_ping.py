"""Looks at the demo registry, at Debian's, and at scripted ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.certificates import self_signed
from tests.registry.asking import configured
from tests.servers import PASSWORD, USER, real_registry
from webhook.core.facts import Reason
from webhook.demo.faults import Fault
from webhook.demo.login import BasicLogin, TokenLogin
from webhook.demo.registry import DemoRegistry
from webhook.errors import RegistryError
from webhook.registry.credentials import Basic, Held, IdentityToken
from webhook.registry.ping import Ping, ping
from webhook.registry.ratelimit import RateLimit

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.registry.credentials import Credential

RIGHT = Basic("robot", "sesame")
WRONG = Basic("robot", "guess")


def held(password: str) -> Held:
    return Held(Basic(USER, password), "the login of the test")


async def look(
    registry: DemoRegistry, *credentials: Credential, seconds: float = 5.0, **settings: object
) -> Ping:
    logins = [Held(one, "the login of the test") for one in credentials]
    return await ping(configured(registry.host, **settings), logins, seconds=seconds)


async def test_an_open_registry_asks_nobody() -> None:
    async with DemoRegistry() as registry:
        found = await look(registry, RIGHT)

    assert found.challenge == ""
    assert found.refused is None
    assert found.expires is None
    assert found.limits is None
    assert 0 < found.seconds < 5


@pytest.mark.parametrize("credentials", [[RIGHT], [WRONG, RIGHT]])
async def test_one_good_password_is_enough(credentials: list[Credential]) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        found = await look(registry, *credentials)

    assert found.challenge == "Basic"
    assert found.refused is None


@pytest.mark.parametrize("credentials", [[], [WRONG]])
async def test_without_a_good_one_it_says_why(credentials: list[Credential]) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        found = await look(registry, *credentials)

        assert found.refused is not None
        assert found.refused.reason is Reason.UNAUTHORIZED
        who = "the login of the test was refused by " if credentials else ""
        assert found.refused.detail.startswith(f"{who}{registry.host}")
        assert "guess" not in repr(found)


async def test_a_wrong_password_is_not_hidden_by_a_service_that_lets_everybody_in() -> None:
    async with DemoRegistry(login=TokenLogin()) as registry:
        nobody = await look(registry)
        wrong = await look(registry, WRONG)
        right = await look(registry, RIGHT)

        assert nobody.refused is None
        assert wrong.refused is not None
        assert wrong.refused.reason is Reason.UNAUTHORIZED
        assert right.refused is None
        assert right.challenge == f"Bearer {registry.host}"


async def test_a_refresh_token_is_good_as_well() -> None:
    async with DemoRegistry(login=TokenLogin(identity_token="refresh")) as registry:
        good = await look(registry, IdentityToken("refresh"))
        bad = await look(registry, IdentityToken("stale"))

    assert good.refused is None
    assert bad.refused is not None


async def test_a_token_service_elsewhere_must_be_named_first() -> None:
    async with DemoRegistry(login=TokenLogin(elsewhere=True)) as registry:
        found = await look(registry, RIGHT)

    assert found.refused is not None
    assert "names a token service over plain HTTP" in found.refused.detail


async def test_a_password_that_changed_shows_at_the_next_look() -> None:
    registry = DemoRegistry(login=TokenLogin())
    async with registry:
        assert (await look(registry, RIGHT)).refused is None
        registry.login = TokenLogin(password="other")

        assert (await look(registry, RIGHT)).refused is not None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, Reason.NOT_FOUND),
        (500, Reason.UNREACHABLE),
        (302, Reason.BAD_CONTENT),
    ],
)
async def test_what_is_no_registry_did_not_answer(status: int, reason: Reason) -> None:
    async with DemoRegistry() as registry:
        registry.fault("/v2/", Fault(status=status))

        with pytest.raises(RegistryError) as refused:
            await look(registry)

    assert refused.value.reason is reason


async def test_a_registry_that_has_enough_of_us_answered() -> None:
    async with DemoRegistry() as registry:
        limits = (("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "0;w=21600"))
        registry.fault("/v2/", Fault(status=429, headers=limits))

        found = await look(registry)

    assert found.refused is not None
    assert found.refused.reason is Reason.RATE_LIMITED
    assert found.limits == RateLimit(100, 0, 21600)


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({"RateLimit-Limit": "100;w=21600"}, RateLimit(100, None, 21600)),
        ({"RateLimit-Remaining": " 7 ; w=60"}, RateLimit(None, 7, 60)),
        ({"RateLimit-Limit": "100"}, RateLimit(100, None, None)),
        ({"RateLimit-Limit": "many"}, None),
        ({"RateLimit-Limit": "-1"}, None),
        ({"RateLimit-Limit": "1" * 40}, None),
    ],
)
async def test_limits_are_read_where_they_are_numbers(
    headers: dict[str, str], limits: RateLimit | None
) -> None:
    async with DemoRegistry() as registry:
        registry.fault("/v2/", Fault(headers=tuple(headers.items())))

        assert (await look(registry)).limits == limits


async def test_nobody_listens() -> None:
    async with DemoRegistry() as registry:
        pass

    with pytest.raises(RegistryError) as refused:
        await look(registry)

    assert refused.value.reason is Reason.UNREACHABLE


@pytest.mark.tool("docker-registry")
async def test_a_real_registry_over_tls_shows_its_certificate(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "htpasswd", tls=True) as real:
        registry = configured(real.host, plain_http=False, ca_bundle=real.ca_pem)
        good = await ping(registry, [held(PASSWORD)], seconds=5)
        bad = await ping(registry, [held("wrong")], seconds=5)

    assert good.refused is None
    assert bad.refused is not None
    assert bad.refused.reason is Reason.UNAUTHORIZED
    assert good.expires is not None
    assert datetime.now(UTC) < good.expires < datetime.now(UTC) + timedelta(days=3650)


@pytest.mark.tool("docker-registry")
async def test_a_real_token_service_is_asked_who_we_are(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "token") as real:
        assert real.tokens is not None
        registry = configured(real.host, token_realm=real.tokens.host)
        good = await ping(registry, [held(PASSWORD)], seconds=5)
        bad = await ping(registry, [held("wrong")], seconds=5)

    assert good.refused is None
    assert good.challenge == f"Bearer {real.tokens.host}"
    assert bad.refused is not None
    assert bad.refused.reason is Reason.UNAUTHORIZED


@pytest.mark.tool("docker-registry")
async def test_a_certificate_of_a_stranger_is_no_answer(tmp_path: Path) -> None:
    async with real_registry(tmp_path, tls=True) as real:
        registry = configured(real.host, plain_http=False, ca_bundle=self_signed().certificate_pem)
        with pytest.raises(RegistryError) as refused:
            await ping(registry, [], seconds=5)

    assert refused.value.reason is Reason.UNTRUSTED_TLS
