"""Registries are asked, and say on their objects what came of it."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api_server import ApiServer, api_server
from tests.e2e.processes import free_port
from tests.operator.facts_world import until
from webhook.core.resources import gather_policies
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry
from webhook.operator.bell import Bell
from webhook.operator.desk import Desk
from webhook.operator.registries import ProbeOptions, Prober
from webhook.registry.ping import Ping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

REGISTRIES = "/apis/cocket.dev/v1alpha1/registries"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Asked:
    """A desk that read Registries, and the prober that asks them."""

    def __init__(self, server: ApiServer, api: Api, registry: DemoRegistry) -> None:
        self.server = server
        self.registry = registry
        self.secrets: dict[str, bytes] = {}
        self.secrets_read = True
        self.changes = 0
        self._bell = Bell()
        gather = partial(gather_policies, exception_namespaces=(), max_exception_days=90, now=NOW)
        self.desk = Desk(api, gather=gather, clock=lambda: NOW, bell=self._bell)
        self.prober = Prober(
            api,
            self.desk,
            secrets=self.secrets.get,
            secrets_read=lambda: self.secrets_read,
            clock=lambda: NOW,
            options=ProbeOptions(seconds=600.0),
        )
        self.desk.changed = self.prober.bell.ring
        self.prober.changed = self._changed

    def _changed(self) -> None:
        self.changes += 1

    def put(self, name: str = "prod", host: str = "", **more: Any) -> None:
        """Somebody writes a Registry."""
        place = {"host": host or self.registry.host, "allowPrivateAddresses": True}
        tls = {"tls": {"plainHTTP": True}}
        self.server.put(REGISTRIES, name, spec={**place, **tls, "environment": "test", **more})
        self._bell.ring()

    def login(self, user: str, password: str) -> None:
        """Somebody writes the Secret `login`."""
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        document = {"auths": {self.registry.host: {"auth": auth}}}
        self.secrets["login"] = json.dumps(document).encode()

    def reasons(self, name: str = "prod") -> dict[str, str]:
        """Reasons of the conditions by type."""
        status = (self.server.get(REGISTRIES, name) or {}).get("status", {})
        return {one["type"]: one["reason"] for one in status.get("conditions", [])}

    async def ready(self, reason: str, name: str = "prod") -> None:
        """Return when this is the reason of Ready."""
        await until(lambda: self.reasons(name).get("Ready") == reason)


@asynccontextmanager
async def asking(*, login: BasicLogin | None = None) -> AsyncIterator[Asked]:
    async with api_server() as (server, api), DemoRegistry() as registry:
        if login is not None:
            registry.login = login
        asked = Asked(server, api, registry)
        tasks = [asyncio.create_task(one.run()) for one in (asked.desk, asked.prober)]
        try:
            yield asked
        finally:
            assert not any(task.done() for task in tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_registry_that_answers_is_ready() -> None:
    async with asking() as asked:
        asked.put()
        await asked.ready("InForce")

        assert asked.reasons() == {
            "Ready": "InForce",
            "Reachable": "Answered",
            "Authenticated": "NotAsked",
        }
        status = (asked.server.get(REGISTRIES, "prod") or {})["status"]
        assert status["latencyMilliseconds"] >= 1
        assert status["probedAt"] == "2026-03-01T00:00:00Z"
        (looked, ready) = asked.prober.latest()["prod"]
        assert isinstance(looked, Ping)
        assert ready


async def test_it_is_not_asked_again_before_it_is_due() -> None:
    async with asking() as asked:
        asked.put()
        await asked.ready("InForce")
        questions = len(asked.registry.requests)
        for _ in range(3):
            asked.prober.bell.ring()
            await asyncio.sleep(0.05)

        assert len(asked.registry.requests) == questions
        assert asked.changes == 0


async def test_a_registry_that_changed_is_asked_at_once_and_told_of() -> None:
    async with asking() as asked:
        asked.put()
        await asked.ready("InForce")
        asked.put(host=f"127.0.0.1:{free_port()}")
        await asked.ready("Unreachable")

        assert asked.reasons()["Authenticated"] == "NotReached"
        assert asked.changes == 1
        assert "latencyMilliseconds" not in asked.server.objects[REGISTRIES]["", "prod"]["status"]


async def test_credentials_are_tried_and_a_secret_that_changes_at_once() -> None:
    async with asking(login=BasicLogin(user="ci", password="secret")) as asked:
        asked.login("ci", "wrong")
        asked.put(credentials={"secretName": "login"})
        await asked.ready("Unauthorized")
        asked.login("ci", "secret")
        await asked.ready("InForce")

        assert asked.reasons()["Authenticated"] == "Accepted"
        assert asked.changes == 1


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (None, "CredentialsUnusable"),
        (b"no JSON", "CredentialsUnusable"),
        (b'{"auths": {"other.example.com": {"auth": "YTpi"}}}', "CredentialsUnusable"),
    ],
)
async def test_a_secret_that_cannot_be_used_is_named_and_never_shown(
    secret: bytes | None, reason: str
) -> None:
    async with asking(login=BasicLogin(user="ci", password="secret")) as asked:
        if secret is not None:
            asked.secrets["login"] = secret
        asked.put(credentials={"secretName": "login"})
        await asked.ready(reason)

        assert asked.reasons()["Reachable"] == "Answered"
        shown = json.dumps(asked.server.get(REGISTRIES, "prod"))
        assert "Secret login" in shown
        assert "YTpi" not in shown


async def test_without_credentials_a_closed_registry_says_what_is_missing() -> None:
    async with asking(login=BasicLogin(user="ci", password="secret")) as asked:
        asked.put()
        await asked.ready("CredentialsMissing")


async def test_who_needs_a_secret_waits_until_secrets_are_read() -> None:
    async with asking() as asked:
        asked.secrets_read = False
        asked.put(credentials={"secretName": "login"})
        asked.put("other", host=f"{asked.registry.elsewhere}")
        await asked.ready("InForce", "other")
        assert asked.reasons() == {}

        asked.login("ci", "secret")
        asked.secrets_read = True
        asked.prober.bell.ring()
        await asked.ready("InForce")


async def test_a_registry_that_is_set_aside_is_never_contacted() -> None:
    async with asking() as asked:
        asked.put(tls={"plainHTTP": "perhaps"})
        await asked.ready("Invalid")

        assert asked.reasons()["Reachable"] == "NotAsked"
        assert not asked.registry.requests
        assert asked.prober.latest() == {}


async def test_a_registry_that_is_gone_is_forgotten() -> None:
    async with asking() as asked:
        asked.put()
        asked.put("other", host=asked.registry.elsewhere)
        await asked.ready("InForce")
        await asked.ready("InForce", "other")
        asked.server.drop(REGISTRIES, "other")
        asked.put(environment="production")  # which rings
        await until(lambda: list(asked.prober.latest()) == ["prod"])


async def test_one_that_is_made_anew_is_asked_anew() -> None:
    async with asking() as asked:
        asked.put()
        await asked.ready("InForce")
        questions = len(asked.registry.requests)
        asked.server.drop(REGISTRIES, "prod")
        asked.put()
        await asked.ready("InForce")

        assert len(asked.registry.requests) > questions
