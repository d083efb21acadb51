"""What is kept of an `ImageFacts` object."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.builders import DIGEST, facts
from webhook.core.recorded import name_of, spec_of
from webhook.operator.conditions import Condition
from webhook.operator.recorded_facts import (
    FactsItem,
    Recorded,
    condition_of,
    digest_of,
    fingerprint,
    recorded_of,
)
from webhook.operator.usage import UsedBy

CONDITION = {
    "type": "Learned",
    "status": "True",
    "reason": "Learned",
    "message": "Registry prod told",
    "lastTransitionTime": "2026-11-20T08:00:00Z",
    "observedGeneration": 3,
}


def item(
    *,
    digest: str = DIGEST,
    generation: int = 3,
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
) -> Recorded:
    whole = spec_of(facts(), image="r.example/prod/web", registries=["prod"]) | {"digest": digest}
    metadata = {
        "name": name_of(DIGEST),
        "resourceVersion": "41",
        "generation": generation,
        "uid": "1-2",
    }
    body: dict[str, Any] = {
        "metadata": metadata,
        "spec": whole if spec is None else spec,
        "status": {"conditions": [CONDITION]} if status is None else status,
    }
    return read(msgspec.json.encode(body))


def read(data: bytes) -> Recorded:
    return recorded_of(msgspec.json.decode(data, type=FactsItem))


def test_what_we_wrote_is_ours() -> None:
    found = item()

    assert (found.ours, found.learned, found.version) == (True, True, "41")
    assert (found.image, found.registries) == ("r.example/prod/web", ("prod",))
    assert (found.reason, found.condition_true) == ("Learned", True)
    assert found.used_by == fingerprint(UsedBy())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"generation": 4}, id="the spec was changed"),
        pytest.param({"status": {}}, id="nobody says that it was learned"),
        pytest.param({"digest": "sha256:" + "cd" * 32}, id="it is about another digest"),
        pytest.param({"spec": {}}, id="it is about none"),
    ],
)
def test_what_somebody_else_wrote_is_not(changed: dict[str, Any]) -> None:
    assert not item(**changed).ours


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"digest": DIGEST}, False),
        ({"digest": DIGEST, "platforms": []}, False),
        ({"digest": DIGEST, "platforms": [], "truncated": True}, True),
    ],
)
def test_facts_that_are_too_large_are_not_asked_for_again(
    spec: dict[str, Any], *, expected: bool
) -> None:
    assert item(spec=spec).learned is expected


def test_who_used_it_and_until_when() -> None:
    used_by = {"count": 2, "names": ["shop/Pod/a", "shop/Pod/b"]}
    found = item(status={"usedBy": used_by, "unusedSince": "2026-11-20T08:00:00Z"})

    assert found.used_by == fingerprint(UsedBy(2, ("shop/Pod/a", "shop/Pod/b")))
    assert found.unused_since == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert item(status={"unusedSince": "yesterday"}).unused_since is None
    assert item(status={"unusedSince": "2026-11-20T08:00:00"}).unused_since is not None


def test_the_condition_keeps_its_time() -> None:
    kept = condition_of(item())

    assert isinstance(kept, Condition)
    assert (kept.status, kept.last_transition_time) == ("True", "2026-11-20T08:00:00Z")
    denied = CONDITION | {"status": "False", "reason": "NotFound"}
    assert (again := condition_of(item(status={"conditions": [denied]}))) is not None
    assert (again.status, again.reason) == ("False", "NotFound")
    assert condition_of(item(status={})) is None


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [("9", "10", True), ("10", "9", False), ("9", "9", False), ("x", "10", False)],
)
def test_versions_are_compared_as_numbers(one: str, other: str, *, older: bool) -> None:
    found = item()
    first = msgspec.structs.replace(found, version=one)
    second = msgspec.structs.replace(found, version=other)

    assert first.is_older(second) is older


def test_a_name_tells_its_digest() -> None:
    assert digest_of(name_of(DIGEST)) == DIGEST


def test_a_hundred_thousand_take_little_memory() -> None:
    spec = {"image": "r.example/prod/web", "registries": ["prod"], "platforms": [{}]}
    objects = [
        msgspec.json.encode(
            {
                "metadata": {"name": f"sha256-{number:064x}", "resourceVersion": str(number)},
                "spec": spec | {"digest": f"sha256:{number:064x}"},
                "status": {"conditions": [CONDITION]},
            }
        )
        for number in range(2000)
    ]
    tracemalloc.start()
    try:
        kept = [read(data) for data in objects]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held / len(kept) < 500
