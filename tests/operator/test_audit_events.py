"""Events on owners: once, few at a time, and not again after a restart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api_server import ApiServer, api_server
from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Mode, Outcome
from webhook.operator.audit_events import AuditEvents, EventOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api
    from webhook.reports.audited import Audited

PATH = "/apis/events.k8s.io/v1/events"


def web(number: int = 0, *, message: str = "it is a tag", namespace: str = "shop") -> Audited:
    return audited(
        finding(message=message),
        of=owner(f"web-{number}", namespace, uid=f"uid-{namespace}-{number}"),
    )


@pytest.fixture
async def world() -> AsyncIterator[tuple[ApiServer, Api]]:
    async with api_server() as (server, api):
        yield server, api


async def tell(events: AuditEvents, *found: Audited, namespaces: tuple[str, ...] = ()) -> None:
    await events.tell(audit(*found), namespaces, everything=not namespaces)


def there(server: ApiServer) -> list[dict[str, Any]]:
    return list(server.objects.get(PATH, {}).values())


async def test_a_refused_owner_is_told_once(world: tuple[ApiServer, Api]) -> None:
    server, api = world
    events = AuditEvents(api, "operator-1")
    await tell(events, web())
    await tell(events, web())

    [event] = there(server)
    assert event["regarding"]["name"] == "web-0"
    assert event["reportingInstance"] == "operator-1"
    assert len(server.writes) == 1


async def test_something_else_that_is_wrong_is_told_too(world: tuple[ApiServer, Api]) -> None:
    server, api = world
    events = AuditEvents(api, "operator-1")
    await tell(events, web())
    await tell(events, web(message="its registry is no production registry"))

    assert len(there(server)) == 2


async def test_what_was_mended_and_is_wrong_again_is_told_again(
    world: tuple[ApiServer, Api],
) -> None:
    server, api = world
    events = AuditEvents(api, "operator-1")
    await tell(events, web())
    await tell(events, audited(finding(Outcome.PASS), of=web().owner))
    await tell(events, web())

    assert len(server.writes) == 2


async def test_warnings_unknowns_in_audit_and_nameless_owners_are_told_by_reports_alone(
    world: tuple[ApiServer, Api],
) -> None:
    server, api = world
    await tell(
        AuditEvents(api, "operator-1"),
        audited(finding(mode=Mode.WARN), finding(Outcome.UNKNOWN, Mode.AUDIT)),
        audited(finding(), of=owner(uid="")),
    )

    assert there(server) == []


async def test_after_a_restart_the_same_event_is_not_written_twice(
    world: tuple[ApiServer, Api],
) -> None:
    server, api = world
    await tell(AuditEvents(api, "operator-1"), web())
    again = AuditEvents(api, "operator-2")
    await tell(again, web())
    await tell(again, web())

    assert len(there(server)) == 1
    assert len(server.writes) == 2
    assert again.problem == ""


async def test_many_at_once_are_put_off_and_told_later(world: tuple[ApiServer, Api]) -> None:
    server, api = world
    # A second for three writes, however busy the machine is.
    events = AuditEvents(api, "operator-1", EventOptions(burst=3, per_second=1.0))
    found = [web(number) for number in range(5)]
    await tell(events, *found)
    assert len(there(server)) == 3

    async with asyncio.timeout(30):
        while len(there(server)) < len(found):
            await asyncio.sleep(0.1)
            await tell(events, *found)
    assert len(server.writes) == len(found)


async def test_a_look_at_one_namespace_forgets_nothing_of_the_others(
    world: tuple[ApiServer, Api],
) -> None:
    server, api = world
    events = AuditEvents(api, "operator-1")
    both = (web(), web(namespace="bank"))
    await tell(events, *both)
    await tell(events, *both, namespaces=("bank",))
    await tell(events, *both)

    assert len(server.writes) == 2


async def test_what_cannot_be_written_is_a_problem_and_tried_again(
    world: tuple[ApiServer, Api],
) -> None:
    server, api = world
    events = AuditEvents(api, "operator-1")
    server.refuse("POST", "events", 403, "Forbidden")
    await tell(events, web())
    assert "403" in events.problem

    server.agree()
    await tell(events, web())
    assert events.problem == ""
    assert len(there(server)) == 1
