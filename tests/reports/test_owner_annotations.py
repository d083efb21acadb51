"""What stands on a workload for people."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import DIGEST, LABELS, REVISION, config, use
from tests.reports.judged import TAKEN
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, System
from webhook.core.workload import Role
from webhook.reports.audited import RunningImage
from webhook.reports.owner_annotations import BUILT, COMMIT, KEYS, OS, owner_annotations

REVISION_LABEL = "org.opencontainers.image.revision"
NOTHING = dict.fromkeys(KEYS)


def image(
    container: str = "app",
    *,
    role: Role = Role.CONTAINER,
    commit: str = REVISION,
    system: str = "Debian 12",
) -> RunningImage:
    inside = Inside(system=System(id="x", name=system), source="layers")
    labels = LABELS | {REVISION_LABEL: commit}
    platform = PlatformImage("linux/amd64", "", config(labels=labels), inside)
    facts = ImageFacts(digest=DIGEST, platforms=(platform,))
    return RunningImage(use=use(container=container, role=role), digest=DIGEST, facts=facts)


def unknown(container: str = "app") -> RunningImage:
    why = Unknown(Reason.NOT_FOUND)
    return RunningImage(use=use(container=container), digest="", facts=why)


OTHER = "1" * 40


@pytest.mark.parametrize(
    ("images", "commit", "system"),
    [
        ([image()], REVISION, "Debian 12"),
        ([image(), image()], REVISION, "Debian 12"),
        ([image(), image(role=Role.INIT, container="init")], REVISION, "Debian 12"),
        (
            [image(), image("proxy", commit=OTHER, system="Alpine 3")],
            f"app={REVISION},proxy={OTHER}",
            "app=Debian 12,proxy=Alpine 3",
        ),
        ([image(), unknown("proxy")], f"app={REVISION}", "app=Debian 12"),
        ([image(), image(commit=OTHER)], f"{REVISION},{OTHER}", "Debian 12"),
        ([image(system="")], REVISION, None),
        ([image(system="a\nb")], REVISION, "a\\nb"),
    ],
)
def test_one_container_is_a_value_and_several_have_names(
    images: list[RunningImage], commit: str, system: str | None
) -> None:
    found = owner_annotations(images, TAKEN)

    assert found == {COMMIT: commit, BUILT: found[BUILT], OS: system}
    assert "2026-11-20T08:00:00Z" in (found[BUILT] or "")


@pytest.mark.parametrize(
    "images", [[], [unknown()], [image(role=Role.INIT)], [image(role=Role.VOLUME)]]
)
def test_where_nothing_is_known_what_stood_there_is_taken_away(images: list[RunningImage]) -> None:
    assert owner_annotations(images, TAKEN) == NOTHING


def test_an_annotation_is_never_long() -> None:
    many = [image(f"c{number:03}", system=f"{number}" * 90) for number in range(200)]

    found = owner_annotations(many, TAKEN)

    assert all(len(value or "") <= 2048 for value in found.values())
    first = msgspec.structs.replace(many[0])
    assert len(owner_annotations([first], TAKEN)[OS] or "") == 90
