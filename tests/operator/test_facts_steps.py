"""What has to be done about the facts of one digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.builders import DIGEST, NOW
from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.recorded import MAX_REGISTRIES
from webhook.core.registries import Registries, Registry
from webhook.operator.facts_steps import (
    FactsOptions,
    Step,
    Trouble,
    count_step,
    questions,
    step_of,
    trouble_after,
)
from webhook.operator.recorded_facts import Recorded, fingerprint
from webhook.operator.usage import UsedBy

LEARNED = Recorded(
    version="7",
    ours=True,
    learned=True,
    looked=False,
    stacks=(),
    image="r.example/prod/web",
    registries=("prod",),
    promotion=None,
    used_by=fingerprint(UsedBy()),
    unused_since=None,
    reason="Learned",
    condition_true=True,
    since="2026-11-20T08:00:00Z",
)
UNLEARNED = replace(LEARNED, learned=False, registries=(), reason="NotFound", condition_true=False)
FOREIGN = replace(LEARNED, ours=False)
NOT_FOUND = Unknown(Reason.NOT_FOUND, "it does not have it")
DOWN = Unknown(Reason.UNREACHABLE, "refused")


@pytest.mark.parametrize(
    ("recorded", "more", "expected"),
    [
        pytest.param(None, {"may_ask": True}, Step.LEARN, id="new"),
        pytest.param(UNLEARNED, {"may_ask": True}, Step.LEARN, id="tried again"),
        pytest.param(LEARNED, {"may_ask": True}, Step.LEARN, id="used from another registry"),
        pytest.param(LEARNED, {}, Step.NOTHING, id="known"),
        pytest.param(LEARNED, {"unknown": NOT_FOUND}, Step.NOTHING, id="what is known stays known"),
        pytest.param(None, {"unknown": DOWN}, Step.RECORD, id="in use"),
        pytest.param(
            None, {"unknown": DOWN, "in_pods": False}, Step.NOTHING, id="only in templates"
        ),
        pytest.param(None, {}, Step.NOTHING, id="not tried yet"),
        pytest.param(UNLEARNED, {"unknown": NOT_FOUND}, Step.NOTHING, id="the same reason"),
        pytest.param(UNLEARNED, {"unknown": DOWN}, Step.RECORD, id="another reason"),
        pytest.param(FOREIGN, {"may_ask": True}, Step.REPAIR, id="changed by somebody"),
        pytest.param(FOREIGN, {"used": False}, Step.REPAIR, id="changed, and not used"),
        pytest.param(LEARNED, {"used": False}, Step.NOTHING, id="not used"),
        pytest.param(None, {"used": False, "may_ask": True}, Step.NOTHING, id="gone"),
    ],
)
def test_what_to_do(recorded: Recorded | None, more: dict[str, Any], expected: Step) -> None:
    state = {"used": True, "in_pods": True, "may_ask": False, "unknown": None} | more

    assert step_of(recorded, **state) is expected


ONE, NONE = UsedBy(1, ("shop/Pod/web",)), UsedBy()
COUNTED = replace(LEARNED, used_by=fingerprint(ONE))
LEFT = replace(LEARNED, unused_since=NOW - timedelta(days=6))


@pytest.mark.parametrize(
    ("recorded", "used_by", "more", "expected"),
    [
        pytest.param(LEARNED, ONE, {}, Step.COUNT, id="the first user"),
        pytest.param(COUNTED, ONE, {}, Step.NOTHING, id="the same users"),
        pytest.param(LEARNED, ONE, {"settled": False}, Step.NOTHING, id="still counting"),
        pytest.param(LEARNED, ONE, {"whole": False}, Step.COUNT, id="some kind is not seen"),
        pytest.param(COUNTED, NONE, {}, Step.COUNT, id="the last one left"),
        pytest.param(COUNTED, NONE, {"whole": False}, Step.NOTHING, id="or was not seen"),
        pytest.param(
            replace(COUNTED, unused_since=NOW), ONE, {}, Step.COUNT, id="unused no longer"
        ),
        pytest.param(LEARNED, NONE, {}, Step.COUNT, id="nobody, since now"),
        pytest.param(LEFT, NONE, {}, Step.NOTHING, id="not long enough"),
        pytest.param(LEFT, NONE, {"days": 6}, Step.DELETE, id="long enough"),
        pytest.param(LEFT, NONE, {"days": 6, "whole": False}, Step.NOTHING, id="nobody was seen"),
        pytest.param(LEFT, ONE, {"days": 0}, Step.COUNT, id="used again at the last moment"),
    ],
)
def test_who_uses_it(
    recorded: Recorded, used_by: UsedBy, more: dict[str, Any], expected: Step
) -> None:
    state = {"settled": True, "whole": True, "days": 7} | more
    keep = timedelta(days=state.pop("days"))

    assert count_step(recorded, used_by, now=NOW, keep_unused=keep, **state) is expected


PROD = Registry(name="prod", host="r.example", path=("prod",))
STAGING = Registry(name="staging", host="r.example", path=("staging",))
BROKEN = Registry(name="broken", host="broken.example", broken=True)
CONFIGURED = Registries([PROD, STAGING, BROKEN])


def refs(*names: str) -> list[ImageRef]:
    return [ImageRef.parse(f"{name}@{DIGEST}") for name in names]


def asked(names: list[ImageRef], recorded: Recorded | None) -> list[str]:
    return [one.registry.name for one in questions(names, recorded, CONFIGURED)]


def test_only_configured_registries_are_asked() -> None:
    names = refs("docker.io/library/web", "r.example/prod/web", "broken.example/web", "r.example/x")

    assert asked(names, None) == ["prod"]
    assert asked([], None) == []


def test_a_registry_that_told_is_not_asked_again_and_another_one_is() -> None:
    names = refs("r.example/prod/web", "r.example/staging/web")

    assert asked(names, None) == ["prod", "staging"]
    assert asked(names, LEARNED) == ["staging"]
    assert asked(names, UNLEARNED) == ["prod", "staging"]
    many = tuple(f"r{number}" for number in range(MAX_REGISTRIES))
    assert asked(names, replace(LEARNED, registries=many)) == []


def pauses(unknown: Unknown, chance: float, count: int = 20) -> list[float]:
    trouble, found = None, []
    for _ in range(count):
        trouble = trouble_after(trouble, unknown, 100.0, chance, FactsOptions())
        found.append(trouble.until - 100.0)
    return found


def test_what_cannot_be_learned_is_asked_for_less_and_less() -> None:
    assert pauses(NOT_FOUND, 1.0)[:4] == [15, 30, 60, 120]
    assert pauses(NOT_FOUND, 0.0)[:4] == [7.5, 15, 30, 60]
    assert max(pauses(NOT_FOUND, 1.0)) == 3600


def test_a_registry_in_trouble_is_asked_again_within_minutes() -> None:
    assert max(pauses(DOWN, 1.0)) == 300


def test_an_image_of_no_registry_waits_for_one() -> None:
    unknown = Unknown(Reason.NOT_CONFIGURED)

    assert trouble_after(Trouble(DOWN, 3), unknown, 5.0, 0.5, FactsOptions()).until == float("inf")
