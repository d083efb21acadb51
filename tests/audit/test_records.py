"""What is recorded of a digest, or why nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import DIGEST, facts
from tests.cluster.api_server import ApiServer, api_server
from webhook.audit.records import read_records
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.recorded import MAX_SPEC, name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

PATH = "/apis/cocket.dev/v1alpha1/imagefacts"
OTHER = "sha256:" + "cd" * 32


@pytest.fixture
async def cluster() -> AsyncIterator[tuple[ApiServer, Api]]:
    async with api_server() as both:
        yield both


async def recorded(
    cluster: tuple[ApiServer, Api], spec: dict[str, Any], *conditions: dict[str, str]
) -> ImageFacts | Unknown:
    server, api = cluster
    server.put(PATH, name_of(DIGEST), spec=spec, status={"conditions": list(conditions)})
    return (await read_records(api, {DIGEST})).facts(DIGEST)


async def test_facts_are_those_of_the_record(cluster: tuple[ApiServer, Api]) -> None:
    spec = spec_of(facts(), image="web", registries=["prod"])

    found = await recorded(cluster, spec)

    assert isinstance(found, ImageFacts)
    assert [one.config for one in found.platforms] == [one.config for one in facts().platforms]
    assert [one.digest for one in found.platforms] == [found.digest]


async def test_only_what_is_asked_for_is_held(cluster: tuple[ApiServer, Api]) -> None:
    server, api = cluster
    server.put(PATH, name_of(DIGEST), spec=spec_of(facts(), image="web", registries=[]))

    records = await read_records(api, {OTHER})

    assert isinstance(records.facts(DIGEST), Unknown)
    server.asked.clear()
    assert (await read_records(api, ())).gap is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("condition", "reason", "detail"),
    [
        (
            ("Learned", "False", "NotConfigured", "no Registry serves it"),
            Reason.NOT_CONFIGURED,
            "not recorded yet: no Registry serves it",
        ),
        (("Learned", "False", "Odd", ""), Reason.NOT_FOUND, "not recorded yet: Odd"),
        (
            ("Other", "False", "NotConfigured", "x"),
            Reason.NOT_FOUND,
            "not recorded yet: no operator has written ImageFacts of it",
        ),
        (
            ("Learned", "False", "Unreachable", "\x1b[2J"),
            Reason.UNREACHABLE,
            "not recorded yet: \\x1b[2J",
        ),
    ],
)
async def test_what_was_not_learned_says_why_in_the_operators_words(
    cluster: tuple[ApiServer, Api], condition: tuple[str, ...], reason: Reason, detail: str
) -> None:
    said = dict(zip(("type", "status", "reason", "message"), condition, strict=True))

    found = await recorded(cluster, {"digest": DIGEST, "platforms": []}, said)

    assert found == Unknown(reason, detail)


@pytest.mark.parametrize(
    ("spec", "detail"),
    [
        ({"digest": OTHER, "platforms": []}, "not recorded: its ImageFacts cannot be read"),
        ({"digest": 7}, "not recorded: its ImageFacts cannot be read"),
        (
            {"digest": DIGEST, "image": "x" * 5 * MAX_SPEC},
            "not recorded: its ImageFacts cannot be read",
        ),
        (
            {"digest": DIGEST, "platforms": [], "truncated": True},
            "not recorded: what its registry says is too large for it",
        ),
    ],
)
async def test_a_record_that_says_nothing_is_no_facts(
    cluster: tuple[ApiServer, Api], spec: dict[str, Any], detail: str
) -> None:
    found = await recorded(cluster, spec)

    assert found == Unknown(Reason.BAD_CONTENT, detail)


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (404, Reason.NOT_CONFIGURED, "Cocket is not installed in it"),
        (403, Reason.UNREACHABLE, "ImageFacts cannot be listed"),
    ],
)
async def test_without_records_every_digest_says_why(
    cluster: tuple[ApiServer, Api], status: int, reason: Reason, words: str
) -> None:
    server, api = cluster
    server.refuse("GET", "/imagefacts", status)

    records = await read_records(api, {DIGEST})

    found = records.facts(DIGEST)
    assert records.gap is not None
    assert isinstance(found, Unknown)
    assert found.reason is reason
    assert words in found.detail
