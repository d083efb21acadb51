"""What a write says, what it leaves of an earlier one, and what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import DIGEST, facts
from tests.cluster.api_server import ApiServer, api_server
from webhook.core.facts import ImageFacts
from webhook.core.recorded import name_of, spec_of
from webhook.errors import ClusterError
from webhook.operator.conditions import Found, Truth
from webhook.operator.facts_writer import LEFT_OUT, FactsWriter
from webhook.operator.pace import Pace
from webhook.operator.recorded_facts import LEARNED, Recorded, fingerprint
from webhook.operator.usage import UsedBy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OBJECTS = "/apis/cocket.dev/v1alpha1/imagefacts"
NAME = name_of(DIGEST)
USED = UsedBy(2, ("shop/Pod/a", "shop/Pod/b"))
SPEC = spec_of(facts(), image="r.example/web", registries=["prod"])
UNKNOWN = spec_of(ImageFacts(digest=DIGEST), image="r.example/web", registries=[])
GOOD = Found(LEARNED, Truth.TRUE, "Learned", "Registry prod told")
BAD = Found(LEARNED, Truth.FALSE, "NotFound", "there is none")
LOOKED = {"inside", "made", "os"}
CRD = Path(__file__).parents[2] / "charts" / "cocket" / "files" / "crds" / "imagefacts.yaml"


def test_every_field_of_a_spec_is_written_or_taken_away() -> None:
    crd = msgspec.yaml.decode(CRD.read_bytes())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields = schema["properties"]["spec"]["properties"].keys()
    known = spec_of(facts(), image="r.example/web", registries=["prod"])
    unknown = spec_of(ImageFacts(digest=DIGEST), image="r.example/web", registries=[])

    # What the layers and attestations hold is written when somebody looked, and else stays.
    assert known.keys() | LEFT_OUT.keys() | LOOKED == fields
    assert unknown.keys() | LEFT_OUT.keys() | LOOKED == fields


class Written:
    """A writer, its server and the time."""

    def __init__(self, server: ApiServer, writer: FactsWriter, clock: list[datetime]) -> None:
        self.server = server
        self.writer = writer
        self.clock = clock

    def found(self) -> Any:
        return self.server.get(OBJECTS, NAME)

    async def record(
        self,
        spec: dict[str, object],
        found: Found,
        before: Recorded | None = None,
        used_by: UsedBy | None = USED,
    ) -> Recorded:
        return await self.writer.record(DIGEST, spec, found, before=before, used_by=used_by)


@pytest.fixture
async def written() -> AsyncIterator[Written]:
    clock = [datetime(2026, 3, 1, tzinfo=UTC)]
    async with api_server() as (server, api):
        yield Written(server, FactsWriter(api, Pace(1000), lambda: clock[0]), clock)


async def test_a_new_object_says_all_that_is_known(written: Written) -> None:
    recorded = await written.record(SPEC, GOOD)

    assert written.found()["spec"] == SPEC
    assert written.found()["status"] == {
        "conditions": [
            {
                "type": "Learned",
                "status": "True",
                "reason": "Learned",
                "message": "Registry prod told",
                "lastTransitionTime": "2026-03-01T00:00:00Z",
                "observedGeneration": 1,
            }
        ],
        "usedBy": {"count": 2, "names": ["shop/Pod/a", "shop/Pod/b"]},
    }
    assert (recorded.ours, recorded.learned, recorded.registries) == (True, True, ("prod",))
    assert recorded.used_by == fingerprint(USED)
    assert recorded.version == written.found()["metadata"]["resourceVersion"]


async def test_what_was_known_and_is_not_any_more_goes(written: Written) -> None:
    before = await written.record(SPEC, GOOD)
    written.clock[0] = datetime(2026, 3, 2, tzinfo=UTC)
    after = await written.record(UNKNOWN, BAD, before)

    assert written.found()["spec"] == UNKNOWN
    assert not after.learned
    (condition,) = written.found()["status"]["conditions"]
    assert condition["lastTransitionTime"] == "2026-03-02T00:00:00Z"


async def test_a_condition_that_stays_keeps_its_time_and_users_theirs(written: Written) -> None:
    before = await written.record(SPEC, GOOD)
    written.clock[0] = datetime(2026, 3, 2, tzinfo=UTC)
    after = await written.record({**SPEC, "image": "r.example/new"}, GOOD, before, used_by=None)

    (condition,) = written.found()["status"]["conditions"]
    assert condition["lastTransitionTime"] == "2026-03-01T00:00:00Z"
    assert condition["observedGeneration"] == 2
    assert after.used_by == fingerprint(USED)
    assert after.ours


async def test_whoever_is_killed_between_two_writes_is_followed_by_a_repair(
    written: Written,
) -> None:
    before = await written.record(SPEC, GOOD)
    written.server.refuse("PATCH", "/status$", 503, times=1)
    with pytest.raises(ClusterError, match="503"):
        await written.record(UNKNOWN, BAD, before)
    again = await written.writer.count(DIGEST, USED)

    assert not again.ours


async def test_since_when_nobody_uses_it_comes_and_goes(written: Written) -> None:
    await written.record(SPEC, GOOD)
    since = datetime(2026, 3, 3, 4, 5, 6, tzinfo=UTC)
    unused = await written.writer.count(DIGEST, UsedBy(), unused_since=since)
    assert unused.unused_since == since
    assert written.found()["status"]["unusedSince"] == "2026-03-03T04:05:06Z"
    assert written.found()["status"]["usedBy"] == {"count": 0, "names": []}

    used = await written.writer.count(DIGEST, USED)
    assert used.unused_since is None
    assert "unusedSince" not in written.found()["status"]


async def test_only_the_version_that_was_looked_at_is_deleted(written: Written) -> None:
    before = await written.record(SPEC, GOOD)
    after = await written.writer.count(DIGEST, UsedBy())
    with pytest.raises(ClusterError) as caught:
        await written.writer.delete(DIGEST, before.version)
    assert caught.value.reason == "Conflict"

    await written.writer.delete(DIGEST, after.version)
    assert written.found() is None
