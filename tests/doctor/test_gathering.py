"""The picture, made of an API server that a test changes: each missing right costs its own part."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.cluster.api_server import api_server
from tests.doctor import pictures as made
from webhook.doctor.gathering import Place, gather
from webhook.doctor.picture import Picture, Unseen

if TYPE_CHECKING:
    from webhook.cluster.api import Api

PLACE = Place(namespace=made.NAMESPACE)
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


async def look(api: Api) -> Picture:
    return await gather(api, PLACE, version="1.0", now=datetime.now(UTC))


async def test_what_is_not_there_is_not_there_and_lists_are_empty() -> None:
    async with api_server() as (_, api):
        seen = await look(api)

    assert seen.configuration is None
    assert seen.secret is None
    assert set(seen.definitions.values()) == {None}
    assert seen.excluded == {}


async def test_what_may_not_be_read_is_unseen_by_itself() -> None:
    async with api_server() as (server, api):
        server.refuse("GET", "^/a", 403, "Forbidden")
        seen = await look(api)

    for part in (
        *(seen.configuration, seen.secret, seen.leases, seen.deployments, seen.registries),
        *(seen.policies, seen.exceptions, seen.rights.cluster_roles, seen.rights.bindings),
        *seen.definitions.values(),
    ):
        assert isinstance(part, Unseen)
        assert "403" in part.why


async def test_namespaces_are_asked_for_by_the_names_in_the_configuration() -> None:
    async with api_server() as (server, api):
        selector = made.live().webhooks[0]["namespaceSelector"]  # type: ignore[index]
        hook = {"name": "validate.cocket.dev", "namespaceSelector": selector}
        server.put(HOOKS, "cocket", webhooks=[hook])
        server.put("/api/v1/namespaces", "legacy", metadata={"labels": {"a": "b"}})
        seen = await look(api)

    assert set(seen.excluded) == {"cocket-system", "kube-system", "legacy"}
    assert seen.excluded["cocket-system"] is None
    found = seen.excluded["legacy"]
    assert not isinstance(found, Unseen)
    assert found is not None
    assert found.metadata.labels == {"a": "b"}


async def test_the_time_of_the_api_server_is_that_of_its_answers() -> None:
    async with api_server() as (_, api):
        seen = await look(api)

    assert not isinstance(seen.server_time, Unseen)
    assert abs((seen.server_time - seen.now).total_seconds()) < 30
    assert seen.time == seen.server_time
