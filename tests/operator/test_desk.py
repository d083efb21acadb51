"""All our documents read together, and on each of them what became of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from webhook.core.resources import gather_policies
from webhook.operator.bell import Bell
from webhook.operator.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

OURS = "/apis/cocket.dev/v1alpha1"
REGISTRIES = f"{OURS}/registries"
POLICIES = f"{OURS}/clusterimagepolicies"
NAMESPACED = f"{OURS}/imagepolicies"
EXCEPTIONS = f"{OURS}/imageexceptions"
RULES: dict[str, Any] = {"rules": {"digest": {}}}
PROD = {"host": "r.example.com", "environment": "production"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXCUSE = {
    "rules": ["digest"],
    "namespaces": ["shop"],
    "image": "r.example.com/x",
    "reason": "a move",
    "expires": "2026-03-05T00:00:00Z",
}


class Read:
    """A desk, its server, and how often it told that Registries changed."""

    def __init__(self, server: ApiServer, api: Api) -> None:
        self.server = server
        self.bell = Bell()
        self.changes = 0
        gather = partial(
            gather_policies,
            exception_namespaces=frozenset({"cocket"}),
            max_exception_days=90,
            now=NOW,
        )
        self.desk = Desk(api, gather=gather, clock=lambda: NOW, bell=self.bell)
        self.desk.changed = self._changed

    def _changed(self) -> None:
        self.changes += 1

    def ready(self, path: str, name: str, namespace: str = "") -> tuple[str, str]:
        """Status and reason of the condition Ready."""
        found = (self.server.get(path, name, namespace) or {}).get("status", {})
        (one,) = found.get("conditions") or [{"status": "", "reason": ""}]
        return one["status"], one["reason"]

    async def again(self) -> None:
        """Ring, and return when everything was listed once more."""
        asked = self.server.asked.count(f"GET {EXCEPTIONS}")
        self.bell.ring()
        await until(lambda: self.server.asked.count(f"GET {EXCEPTIONS}") > asked)


@asynccontextmanager
async def reading(*refused: tuple[str, str, int]) -> AsyncIterator[Read]:
    async with api_server() as (server, api):
        read = Read(server, api)
        for one in refused:
            server.refuse(*one)
        yield read


@asynccontextmanager
async def running(read: Read) -> AsyncIterator[None]:
    task = asyncio.create_task(read.desk.run())
    try:
        yield
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_document_says_what_became_of_it() -> None:
    async with reading() as read:
        server = read.server
        server.put(REGISTRIES, "prod", spec=PROD)
        server.put(POLICIES, "good", spec=RULES)
        server.put(POLICIES, "bad", spec={"rules": {"nonsense": {}}})
        server.put(NAMESPACED, "good", "shop", spec=RULES)
        server.put(EXCEPTIONS, "good", "cocket", spec=EXCUSE)
        server.put(EXCEPTIONS, "elsewhere", "shop", spec=EXCUSE)
        async with running(read), asyncio.timeout(15):
            await read.desk.read.wait()

        assert read.ready(POLICIES, "good") == ("True", "InForce")
        assert read.ready(POLICIES, "bad") == ("False", "Invalid")
        assert read.ready(NAMESPACED, "good", "shop") == ("True", "InForce")
        assert read.ready(EXCEPTIONS, "good", "cocket") == ("True", "InForce")
        assert read.ready(EXCEPTIONS, "elsewhere", "shop") == ("False", "NotHonoured")
        # What a Registry says of itself is for whoever asks it.
        assert read.ready(REGISTRIES, "prod") == ("", "")
        assert read.desk.counts == {
            ("ClusterImagePolicy", "InForce"): 1,
            ("ClusterImagePolicy", "Invalid"): 1,
            ("ImagePolicy", "InForce"): 1,
            ("ImageException", "InForce"): 1,
            ("ImageException", "NotHonoured"): 1,
        }
        assert [one.name for one in read.desk.registries.all] == ["prod"]
        assert read.desk.problem == ""


async def test_what_has_not_changed_is_not_written_again() -> None:
    async with reading() as read:
        read.server.put(POLICIES, "good", spec=RULES)
        async with running(read):
            await until(lambda: read.ready(POLICIES, "good") == ("True", "InForce"))
            for _ in range(2):
                await read.again()

    assert len(read.server.writes) == 1


async def test_what_is_mended_is_in_force_after_the_bell() -> None:
    async with reading() as read:
        read.server.put(POLICIES, "one", spec={})
        async with running(read):
            await until(lambda: read.ready(POLICIES, "one") == ("False", "Invalid"))
            read.server.put(POLICIES, "one", spec=RULES)
            read.bell.ring()
            await until(lambda: read.ready(POLICIES, "one") == ("True", "InForce"))


async def test_registries_are_told_of_only_when_they_change() -> None:
    async with reading() as read:
        read.server.put(REGISTRIES, "prod", spec=PROD)
        async with running(read):
            await until(read.desk.read.is_set)
            assert read.changes == 1
            first = read.desk.registries
            read.server.put(POLICIES, "one", spec=RULES)
            await read.again()
            await until(lambda: read.ready(POLICIES, "one") == ("True", "InForce"))
            assert (read.changes, read.desk.registries is first) == (1, True)

            read.server.put(REGISTRIES, "prod", spec=PROD | {"environment": "test"})
            read.bell.ring()
            await until(lambda: read.changes == 2)
            read.server.drop(REGISTRIES, "prod")
            read.bell.ring()
            await until(lambda: read.changes == 3)
            assert (read.desk.registries.all, read.desk.items) == ((), {})


async def test_a_registry_that_is_set_aside_says_why() -> None:
    async with reading() as read:
        read.server.put(REGISTRIES, "bad", spec={"host": "UPPER/Case!"})
        async with running(read):
            await until(read.desk.read.is_set)

        assert list(read.desk.broken) == ["bad"]
        assert list(read.desk.items) == ["bad"]


async def test_a_cluster_that_cannot_be_read_is_a_problem_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with reading(("GET", "/imagepolicies$", 403)) as read, running(read):
        await until(lambda: "403" in read.desk.problem)

        assert not read.desk.read.is_set()
        assert caplog.text.count("our documents cannot be read") == 1
        assert not read.server.writes


@pytest.mark.parametrize(("status", "said"), [(403, True), (404, False), (409, False)])
async def test_one_status_that_is_not_written_stops_no_other(
    status: int,
    said: bool,  # noqa: FBT001 - of a table
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with reading(("PATCH", "/bad/status$", status)) as read:
        read.server.put(POLICIES, "bad", spec={})
        read.server.put(POLICIES, "good", spec=RULES)
        async with running(read):
            await until(lambda: read.ready(POLICIES, "good") == ("True", "InForce"))
            await until(read.desk.read.is_set)

    assert ("is not written" in caplog.text) is said
