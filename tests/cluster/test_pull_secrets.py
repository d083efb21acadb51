"""Pull secrets of Pods: which are read, where, and what is said of those that cannot be."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from tests.builders import pod
from tests.cluster.answers import Served, connected
from webhook.cluster.pull_secrets import PullSecrets
from webhook.core.pull_secret import PullSecret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CONFIG = b'{"auths": {}}'


def objects(
    found: dict[str, dict[str, Any]], status: int = 404
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        one = found.get(request.path)
        if one is None:
            return web.json_response({"kind": "Status", "reason": "x"}, status=status)
        return web.json_response(one)

    return answer


def secret(kind: str = "kubernetes.io/dockerconfigjson", key: str = ".dockerconfigjson") -> Any:
    return {"type": kind, "data": {key: base64.b64encode(CONFIG).decode()}}


def paths(served: Served) -> list[str]:
    return [f"{method} {path}" for method, path, *_ in served.asked]


async def test_those_of_a_pod_are_read_by_name_in_its_namespace_and_kept_a_while() -> None:
    clock = [0.0]
    async with connected() as (served, api):
        served.answer = objects(
            {
                "/api/v1/namespaces/shop/secrets/one": secret(),
                "/api/v1/namespaces/shop/secrets/two": secret(
                    "kubernetes.io/dockercfg", ".dockercfg"
                ),
            }
        )
        reading = PullSecrets(api, None, monotonic=lambda: clock[0])
        workload = pod(namespace="shop", pull_secrets=("one", "two", "one"))

        found = await reading.of(workload)
        again = await reading.of(workload)
        asked = paths(served)
        clock[0] = 31.0
        await reading.of(workload)
        await reading.close()

    assert found == again == [PullSecret("shop/one", CONFIG), PullSecret("shop/two", CONFIG)]
    assert asked == [f"GET /api/v1/namespaces/shop/secrets/{name}" for name in ("one", "two")]
    assert len(served.asked) == 4


@pytest.mark.parametrize(("account", "asked"), [("", "default"), ("builder", "builder")])
async def test_those_of_the_service_account_count_where_there_are_none(
    account: str, asked: str
) -> None:
    async with connected() as (served, api):
        served.answer = objects(
            {
                f"/api/v1/namespaces/shop/serviceaccounts/{asked}": {
                    "imagePullSecrets": [{"name": "one"}]
                },
                "/api/v1/namespaces/shop/secrets/one": secret(),
            }
        )
        found = await PullSecrets(api, None).of(pod(namespace="shop", service_account=account))

    assert found == [PullSecret("shop/one", CONFIG)]


@pytest.mark.parametrize("account", ["gone", "../secrets", ""])
async def test_an_account_that_cannot_be_read_has_none(account: str) -> None:
    async with connected() as (served, api):
        served.answer = objects({})

        assert await PullSecrets(api, None).of(pod(namespace="x", service_account=account)) == []
        assert not any("secrets" in path for path in paths(served))


async def test_an_object_of_no_namespace_has_none() -> None:
    async with connected() as (served, api):
        assert await PullSecrets(api, None).of(pod(namespace="", pull_secrets=("a",))) == ()
        assert served.asked == []


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (None, 404, "is not there"),
        (None, 403, "may not be read by Cocket (RBAC)"),
        (None, 500, "could not be read"),
        (secret("Opaque"), 200, "is of no type that holds logins, or holds none"),
        (secret(key="other"), 200, "is of no type that holds logins, or holds none"),
        ({"type": "kubernetes.io/dockercfg"}, 200, "is of no type that holds logins"),
    ],
)
async def test_one_that_cannot_be_used_says_why(found: Any, status: int, said: str) -> None:
    async with connected() as (served, api):
        there = {} if found is None else {"/api/v1/namespaces/shop/secrets/one": found}
        served.answer = objects(there, status)

        (one,) = await PullSecrets(api, None).of(pod(namespace="shop", pull_secrets=("one",)))

    assert one.problem.startswith(f"the pull secret shop/one {said}")
    assert one.config == b""


async def test_only_the_names_that_may_be_read_are_asked_for() -> None:
    async with connected() as (served, api):
        served.answer = objects({"/api/v1/namespaces/shop/secrets/two": secret()})
        reading = PullSecrets(api, frozenset({"two"}))

        one, two = await reading.of(pod(namespace="shop", pull_secrets=("one", "two")))

    assert one.problem == "the pull secret shop/one is none of those that Cocket may read"
    assert two.config == CONFIG
    assert paths(served) == ["GET /api/v1/namespaces/shop/secrets/two"]


async def test_a_pod_that_names_very_many_costs_eight_requests() -> None:
    names = tuple(f"s{number}" for number in range(100))
    async with connected() as (served, api):
        served.answer = objects({})
        found = await PullSecrets(api, None).of(pod(namespace="shop", pull_secrets=names))

    assert len(found) == len(served.asked) == 8


@pytest.mark.parametrize("name", ["../../kube-system/secrets/x", "a/b", "ä", "\x1b[31m"])
async def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    async with connected() as (served, api):
        (one,) = await PullSecrets(api, None).of(pod(namespace="shop", pull_secrets=(name,)))

        assert served.asked == []
    assert "has a name that no Secret has" in one.problem
    assert json.dumps(one.problem).isprintable()
