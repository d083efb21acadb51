from __future__ import annotations

import asyncio
import itertools
import logging
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest

from webhook.cluster.gathering import Gathering, Item, Written
from webhook.cluster.kinds import (
    CLUSTER_IMAGE_POLICIES,
    IMAGE_EXCEPTIONS,
    IMAGE_POLICIES,
    REGISTRIES,
)
from webhook.core.resource import MAX_LOCAL_SPEC
from webhook.core.resources import gather_policies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from webhook.cluster.kinds import Kind
    from webhook.core.document import Document
    from webhook.core.reading import Loaded

GATHER = partial(gather_policies, exception_namespaces={"security"})
DIGEST: dict[str, object] = {"rules": {"digest": {}}}


def written(name: str, spec: object, namespace: str = "") -> Written:
    return Written(name, namespace, "2026-01-01T00:00:00Z", msgspec.json.encode(spec))


def put(gathering: Gathering, kind: Kind, name: str, spec: object, namespace: str = "") -> None:
    gathering.put(kind, (namespace, name), written(name, spec, namespace))


class Counted:
    """Gathers, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, documents: Iterable[Document]) -> Loaded:
        self.count += 1
        return GATHER(documents)


@asynccontextmanager
async def running(gathering: Gathering) -> AsyncIterator[None]:
    task = asyncio.create_task(gathering.run())
    try:
        async with asyncio.timeout(10):
            await gathering.first.wait()
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def changed(gathering: Gathering) -> None:
    """Wait until another value is in force."""
    event = asyncio.Event()
    gathering.changed = event.set
    async with asyncio.timeout(10):
        await event.wait()


async def test_nothing_is_in_force_before_something_was_gathered() -> None:
    gathering = Gathering(GATHER)

    assert gathering.loaded.policies.policies == ()
    assert gathering.version == ""
    assert not gathering.first.is_set()


async def test_documents_of_all_kinds_become_one_value() -> None:
    gathering = Gathering(GATHER)
    put(gathering, REGISTRIES, "prod", {"host": "r.example.com", "environment": "production"})
    put(gathering, CLUSTER_IMAGE_POLICIES, "main", DIGEST)
    put(gathering, IMAGE_POLICIES, "own", DIGEST, "shop")
    exception = {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "r.example.com/web",
        "reason": "once",
        "expires": "2026-01-02T00:00:00Z",
    }
    put(gathering, IMAGE_EXCEPTIONS, "once", exception, "security")
    put(gathering, IMAGE_EXCEPTIONS, "mine", exception, "shop")

    async with running(gathering):
        policies = gathering.loaded.policies

    assert [one.name for one in policies.policies] == ["main", "shop/own"]
    assert [one.name for one in policies.registries.all] == ["prod"]
    assert [one.name for one in policies.exceptions] == ["security/once"]
    assert policies.broken == ()


async def test_what_changed_nothing_leaves_the_value_alone() -> None:
    counted = Counted()
    gathering = Gathering(counted)
    put(gathering, CLUSTER_IMAGE_POLICIES, "main", DIGEST)
    async with running(gathering):
        before, version = gathering.loaded, gathering.version

        # As after a change of its status: another resourceVersion, the same spec.
        put(gathering, CLUSTER_IMAGE_POLICIES, "main", DIGEST)
        await asyncio.sleep(0.05)
        assert counted.count == 1

        # Written otherwise, and meant the same.
        spec = Written("main", "", "2026-01-01T00:00:00Z", b'{ "rules": {"digest": {}} }')
        gathering.put(CLUSTER_IMAGE_POLICIES, ("", "main"), spec)
        async with asyncio.timeout(10):
            while counted.count == 1:  # noqa: ASYNC110 - counted in a thread
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert gathering.loaded is before
        assert gathering.version == version


async def test_changes_that_come_together_are_gathered_once() -> None:
    counted = Counted()
    gathering = Gathering(counted)
    async with running(gathering):
        waiting = asyncio.create_task(changed(gathering))
        await asyncio.sleep(0)
        for number in range(100):
            put(gathering, CLUSTER_IMAGE_POLICIES, f"p{number}", DIGEST)
        await waiting

    assert counted.count == 2
    assert len(gathering.loaded.policies.policies) == 100


async def test_what_is_gone_decides_no_more() -> None:
    gathering = Gathering(GATHER)
    put(gathering, CLUSTER_IMAGE_POLICIES, "main", DIGEST)
    async with running(gathering):
        waiting = asyncio.create_task(changed(gathering))
        await asyncio.sleep(0)
        gathering.put(CLUSTER_IMAGE_POLICIES, ("", "main"), None)
        await waiting

        assert gathering.loaded.policies.policies == ()


async def test_what_was_never_seen_may_be_gone_too() -> None:
    gathering = Gathering(GATHER)
    gathering.put(CLUSTER_IMAGE_POLICIES, ("", "main"), None)
    async with running(gathering):
        assert gathering.loaded.policies.policies == ()


@pytest.mark.parametrize(
    "spec",
    [
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"rules": {}}',
        b'{"rules": {"digets": {}}}',
        b'{"rules": ',
        b"[" * 100_000,
        b'{"rules": {"digest": {}}, "mode": "\xff"}',
    ],
)
async def test_a_broken_policy_is_set_aside_and_said_once(
    spec: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    gathering = Gathering(GATHER)
    put(gathering, CLUSTER_IMAGE_POLICIES, "sound", DIGEST)
    broken = Written("odd", "", "2026-01-01T00:00:00Z", spec)
    gathering.put(CLUSTER_IMAGE_POLICIES, ("", "odd"), broken)
    with caplog.at_level(logging.WARNING):
        async with running(gathering):
            waiting = asyncio.create_task(changed(gathering))
            await asyncio.sleep(0)
            put(gathering, CLUSTER_IMAGE_POLICIES, "another", DIGEST)
            await waiting

    policies = gathering.loaded.policies
    assert [one.name for one in policies.policies] == ["another", "sound"]
    assert [one.title for one in policies.broken] == ["ClusterImagePolicy odd"]
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("ClusterImagePolicy odd is set aside, the others stay in force: ")


async def test_a_thousand_broken_ones_are_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    gathering = Gathering(GATHER)
    for number in range(1000):
        put(gathering, IMAGE_POLICIES, "odd", {}, f"ns-{number}")
    with caplog.at_level(logging.WARNING):
        async with running(gathering):
            pass

    assert len(caplog.records) == 21
    assert caplog.records[-1].getMessage() == "and 980 more"


async def test_the_version_is_that_of_the_documents_whatever_their_order() -> None:
    versions = set()
    for names in (["a", "b"], ["b", "a"]):
        gathering = Gathering(GATHER)
        for name in names:
            put(gathering, CLUSTER_IMAGE_POLICIES, name, DIGEST)
        async with running(gathering):
            versions.add(gathering.version)
    other = Gathering(GATHER)
    put(other, CLUSTER_IMAGE_POLICIES, "a", DIGEST)
    async with running(other):
        versions.add(other.version)

    assert len(versions) == 2
    assert all(len(version) == 12 for version in versions)


def test_only_what_counts_is_kept_of_an_object() -> None:
    document = {
        "metadata": {
            "name": "own",
            "namespace": "shop",
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"a": "b"},
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": DIGEST,
        "status": {"conditions": []},
    }
    item = msgspec.json.decode(msgspec.json.encode(document), type=Item)

    assert item.written() == written("own", DIGEST, "shop")
    assert item.written().document(IMAGE_POLICIES).data == {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "ImagePolicy",
        "metadata": {
            "name": "own",
            "namespace": "shop",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": DIGEST,
    }


@pytest.mark.parametrize(
    ("kind", "namespace", "kept"),
    [(IMAGE_POLICIES, "shop", False), (IMAGE_EXCEPTIONS, "shop", False), (REGISTRIES, "", True)],
)
async def test_what_a_tenant_wrote_is_kept_up_to_a_size(
    kind: Kind,
    namespace: str,
    kept: bool,  # noqa: FBT001 - a column of the table
) -> None:
    metadata = {"name": "large", "namespace": namespace}
    spec = {"rules": {"digest": {}}, "reason": "x" * MAX_LOCAL_SPEC}
    item = msgspec.json.decode(
        msgspec.json.encode({"metadata": metadata, "spec": spec}), type=Item
    ).written()
    gathering = Gathering(GATHER)
    gathering.put(kind, (namespace, "large"), item)
    async with running(gathering):
        said = [one.message for one in gathering.loaded.policies.broken]

    assert (len(item.spec) > MAX_LOCAL_SPEC) is kept
    assert bool(item.spec) is kept
    assert ("spec: it has more than 32768 bytes, and is not read" in said) is not kept


async def test_who_changes_a_policy_all_the_time_does_not_keep_us_from_all_else() -> None:
    began: list[float] = []

    def gather(documents: Iterable[Document]) -> Loaded:
        began.append(time.monotonic())
        time.sleep(0.2)
        return GATHER(documents)

    gathering = Gathering(gather)
    async with running(gathering):
        async with asyncio.timeout(10):
            for number in itertools.count():
                put(gathering, IMAGE_POLICIES, "mine", {"x": number}, "shop")
                await asyncio.sleep(0.01)
                if len(began) > 3:
                    break

    assert all(later - sooner >= 0.39 for sooner, later in itertools.pairwise(began))
