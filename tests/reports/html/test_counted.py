"""How many images are of which system, and how old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import DIGEST, LABELS, config, use
from tests.reports.judged import TAKEN, audit, digest_of
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, System
from webhook.core.verdict import Verdict
from webhook.reports.audited import Audit, Audited, Owner, RunningImage
from webhook.reports.html.counted import MAX_SYSTEMS, Bar, Counted, counted

WHY = Unknown(Reason.NOT_CONFIGURED)
AGES = ("less than 30 days", "30 to 89 days", "90 days to a year", "a year or more")


def image(
    name: str = "web",
    *,
    system: str = "Debian 12",
    until: str = "2028-06-30",
    days: int | None = 8,
) -> RunningImage:
    labels = dict(LABELS)
    labels.pop("org.opencontainers.image.created")
    if days is not None:
        built = TAKEN - timedelta(days=days)
        labels["org.opencontainers.image.created"] = f"{built:%Y-%m-%dT%H:%M:%SZ}"
    inside = Inside(system=System(id="x", name=system, until=until), source="layers")
    found = PlatformImage("linux/amd64", "", config(labels=labels), inside if system else None)
    digest = digest_of(name)
    facts = ImageFacts(digest=digest, platforms=(found,))
    return RunningImage(use=use(f"r.example.com/{name}@{digest}"), digest=digest, facts=facts)


def looked(*images: RunningImage) -> Audit:
    owners = [
        Owner(api_version="apps/v1", kind="Deployment", namespace="shop", name=f"web-{number}")
        for number in range(len(images))
    ]
    return audit(
        *(
            Audited(owner=owner, pods=1, verdict=Verdict(), images=(one,))
            for owner, one in zip(owners, images, strict=True)
        )
    )


def systems(*images: RunningImage) -> list[Bar]:
    return list(counted(looked(*images)).systems)


def ages(found: Counted) -> dict[str, int]:
    return {bar.word: bar.count for bar in found.ages if bar.count}


def test_an_image_counts_once_however_often_it_runs() -> None:
    found = counted(looked(image(), image(), image("other")))

    assert found.images == 2
    assert found.systems == (Bar("Debian 12", 2, "plain", "until 2028-06-30"),)
    assert ages(found) == {AGES[0]: 2}


@pytest.mark.parametrize("first", [True, False])
def test_an_image_that_is_known_from_one_place_is_known(*, first: bool) -> None:
    known = image()
    unknown = RunningImage(use=known.use, digest=known.digest, facts=WHY)
    both = (known, unknown) if first else (unknown, known)

    assert systems(*both) == [Bar("Debian 12", 1, "plain", "until 2028-06-30")]


def test_systems_are_sorted_by_count_and_what_is_not_known_comes_last() -> None:
    unknown = RunningImage(use=use("r.example.com/who:1"), digest="", facts=WHY)
    found = systems(
        unknown,
        image("a", system=""),
        image("b", system="Alpine 3", until="2026-11-27"),
        image("c", system="Zed", until=""),
        image("d"),
        image("e"),
    )

    assert found == [
        Bar("Debian 12", 2, "plain", "until 2028-06-30"),
        Bar("Alpine 3", 1, "refused", "ended 2026-11-27"),
        Bar("Zed", 1, "plain"),
        Bar("layers not read", 1, "not-checked"),
        Bar("nothing known", 1, "not-checked"),
    ]


def test_rare_systems_are_put_together() -> None:
    many = [image(f"{n}", system=f"System {n:02}", until="") for n in range(MAX_SYSTEMS + 3)]

    *_, last = found = systems(*many)

    assert len(found) == MAX_SYSTEMS + 1
    assert last == Bar("others", 3, "plain")


@pytest.mark.parametrize(
    ("days", "word"),
    [
        (0, AGES[0]),
        (29, AGES[0]),
        (30, AGES[1]),
        (89, AGES[1]),
        (90, AGES[2]),
        (364, AGES[2]),
        (365, AGES[3]),
        (-2, "no believable date"),
        (None, "no believable date"),
    ],
)
def test_an_age_falls_into_one_of_the_bars(days: int | None, word: str) -> None:
    assert ages(counted(looked(image(days=days)))) == {word: 1}


def test_all_bars_of_a_chart_together_are_all_images() -> None:
    unknown = RunningImage(use=use(f"r.example.com/who@{DIGEST}"), digest=DIGEST, facts=WHY)
    found = counted(looked(unknown, image(), image("b", days=None), image("c", system="")))

    assert sum(bar.count for bar in found.systems) == found.images == 4
    assert sum(bar.count for bar in found.ages) == 4
    assert [bar.word for bar in found.ages[:4]] == list(AGES)
    assert counted(looked()).images == 0
