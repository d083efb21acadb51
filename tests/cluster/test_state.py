from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from tests.builders import config, facts
from tests.cluster.objects_server import ObjectsServer, objects_server
from webhook.cluster.state import ClusterState
from webhook.core.recorded import name_of, spec_of
from webhook.core.resources import gather_policies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

OURS = "/apis/cocket.dev/v1alpha1"
POLICIES = f"{OURS}/clusterimagepolicies"
FACTS = f"{OURS}/imagefacts"
NAMESPACES = "/api/v1/namespaces"
SECRETS = f"{NAMESPACES}/cocket/secrets"
SPEC: dict[str, object] = {"rules": {"digest": {}}}
DIGEST = "sha256:" + "ab" * 32
GATHER = partial(gather_policies, exception_namespaces=())


@asynccontextmanager
async def following(
    *forbidden: str,
) -> AsyncIterator[tuple[ObjectsServer, ClusterState, web.AppRunner]]:
    async with objects_server() as (server, api, runner):
        server.forbidden.update(forbidden)
        server.put(POLICIES, "main", spec=SPEC)
        server.put(NAMESPACES, "shop", metadata={"labels": {"env": "prod"}})
        state = ClusterState(api, namespace="cocket", gather=GATHER)
        running = asyncio.create_task(state.run())
        try:
            yield server, state, runner
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.01)


async def synced(state: ClusterState) -> None:
    async with asyncio.timeout(10):
        await state.wait_synced()


async def test_what_is_there_at_the_start_is_known_when_it_is_synced() -> None:
    async with following() as (_, state, _runner):
        assert not state.synced
        assert state.namespace_labels("shop") is None

        await synced(state)

        assert state.synced
        assert [one.name for one in state.policies().policies] == ["main"]
        assert state.namespace_labels("shop") == {
            "env": "prod",
            "kubernetes.io/metadata.name": "shop",
        }
        assert state.namespace_labels("absent") is None
        assert state.namespace_labels("") is None
        assert len(state.version) == 12
        assert state.problems() == []


async def test_changes_are_told_and_a_status_is_no_change() -> None:
    async with following() as (server, state, _runner):
        await synced(state)
        told: list[str] = []
        state.on_change(lambda: told.append(state.version))
        before = state.policies()
        await until(lambda: sum("watch" in query for _, query in server.asked) == 7)

        server.put(POLICIES, "main", spec=SPEC, status={"conditions": []})
        server.put(POLICIES, "other", spec=SPEC)
        await until(lambda: bool(told))

        assert told == [state.version]
        assert state.policies() is not before
        current = state.policies()
        server.put(POLICIES, "main", spec=SPEC, status={"conditions": [{}]})
        server.put(NAMESPACES, "late")
        await until(lambda: state.namespace_labels("late") is not None)
        assert state.policies() is current


async def test_recorded_facts_come_and_go() -> None:
    async with following() as (server, state, _runner):
        await synced(state)
        await until(lambda: sum("watch" in query for _, query in server.asked) == 7)
        spec = spec_of(facts(config(), digest=DIGEST), image="r.example.com/a", registries=[])
        server.put(FACTS, name_of(DIGEST), spec=spec)
        server.put(FACTS, "sha256-" + "cd" * 32, spec={**spec, "platforms": []})

        await until(lambda: state.counts()["facts_known"] == 1)
        assert state.recorded.facts(DIGEST) is not None
        assert state.recorded.in_use(DIGEST)
        assert state.counts() == {
            "policies_in_force": 1,
            "policies_broken": 0,
            "facts_known": 1,
            "facts_unlearned": 0,
            "facts_ignored": 1,
            "following_ended": 0,
        }

        server.drop(FACTS, name_of(DIGEST))
        await until(lambda: not state.recorded.in_use(DIGEST))
        assert state.recorded.facts(DIGEST) is None


async def test_logins_are_those_of_our_namespace_and_their_type() -> None:
    async with following() as (server, state, _runner):
        await synced(state)
        data = {".dockerconfigjson": base64.b64encode(b'{"auths": {}}').decode()}
        await until(lambda: any(path == SECRETS and "watch" in q for path, q in server.asked))
        server.put(SECRETS, "pull", "cocket", data=data)
        server.put(SECRETS, "empty", "cocket")

        await until(lambda: state.secrets("pull") is not None)
        assert state.secrets("pull") == b'{"auths": {}}'
        assert state.secrets("empty") is None
        assert state.secrets("absent") is None
        queries = [query for path, query in server.asked if path == SECRETS]
        assert {query["fieldSelector"] for query in queries} == {
            "type=kubernetes.io/dockerconfigjson"
        }


async def test_who_may_not_read_secrets_can_judge_all_the_same() -> None:
    async with following(SECRETS) as (_, state, _runner):
        await synced(state)
        await until(lambda: bool(state.problems()))

        [problem] = state.problems()
        assert problem.startswith("logins: ")
        assert "403" in problem


async def test_who_may_not_read_policies_is_not_synced_and_says_why() -> None:
    async with following(POLICIES) as (_, state, _runner):
        await until(lambda: bool(state.problems()))
        await until(lambda: sum(one.synced for one in state.watched()) == len(state.watched()) - 1)

        assert not state.synced
        assert state.version == ""
        assert [one.name for one in state.watched() if not one.synced] == ["clusterpolicies"]


async def test_without_the_api_server_all_stays_as_it_was() -> None:
    async with following() as (_, state, runner):
        await synced(state)
        before = state.policies()

        await runner.cleanup()
        await until(lambda: len(state.problems()) == 7)

        assert state.synced
        assert state.policies() is before
        assert state.namespace_labels("shop") is not None
        assert all(": not followed for " in problem for problem in state.problems())


async def test_what_ends_by_a_bug_is_heard_of() -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError

    async with objects_server() as (_, api, _runner):
        state = ClusterState(api, namespace="cocket", gather=broken)  # type: ignore[arg-type]  # on purpose
        running = asyncio.create_task(state.run())
        await until(lambda: bool(state.ended()))
        assert state.ended() == [
            "the reading of policies: not followed any more (ZeroDivisionError); restart me"
        ]
        assert state.problems() == state.ended()
        assert state.counts()["following_ended"] == 1
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_one_look_sees_everything_and_follows_nothing() -> None:
    async with objects_server() as (server, api, _runner):
        server.put(POLICIES, "main", spec=SPEC)
        server.put(NAMESPACES, "shop", metadata={"labels": {"env": "prod"}})
        state = ClusterState(api, namespace="cocket", gather=GATHER)

        assert await state.look() == {}

        assert state.synced
        assert [one.name for one in state.policies().policies] == ["main"]
        assert (state.namespace_labels("shop") or {})["env"] == "prod"
        assert not [query for _, query in server.asked if "watch" in query]


async def test_one_look_tells_what_could_not_be_listed() -> None:
    async with objects_server() as (server, api, _runner):
        server.forbidden.update({NAMESPACES, SECRETS})
        server.put(POLICIES, "main", spec=SPEC)
        state = ClusterState(api, namespace="cocket", gather=GATHER)

        failed = await state.look()

        assert {name: error.status for name, error in failed.items()} == {
            "namespaces": 403,
            "logins": 403,
        }
        assert [one.name for one in state.loaded().policies.policies] == ["main"]
