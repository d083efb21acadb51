"""The rows of the table: the worst first, every text once, and never too much of it."""

from __future__ import annotations

import msgspec

from tests.builders import DIGEST, facts, use
from tests.reports.findings import finding
from tests.reports.judged import TAKEN, Sample, audited, many
from tests.reports.shop import shop
from webhook.core.facts import Reason
from webhook.core.verdict import Finding, Outcome, Verdict
from webhook.reports.audited import Audited, Owner, RunningImage
from webhook.reports.html.rows import MAX_PLACES, Rows, rows_of
from webhook.reports.html.standing import ORDER


def owner(*findings: Finding, images: tuple[RunningImage, ...] = ()) -> Audited:
    named = Owner(api_version="v1", kind="Pod", namespace="shop", name="web")
    return Audited(owner=named, pods=1, verdict=Verdict(findings), images=images)


def running(number: int, digests: tuple[str, ...] = (DIGEST,)) -> RunningImage:
    place = msgspec.structs.replace(use(), pointer=f"/spec/containers/{number}/image")
    return RunningImage(use=place, digest=DIGEST, facts=facts(), running=digests)


def test_the_worst_owners_come_first_and_equals_keep_their_order() -> None:
    audit = shop()

    rows = rows_of(audit.audited, TAKEN)

    ranks = [ORDER.index(next(s for s in ORDER if s.value == row.standing)) for row in rows.owners]
    assert ranks == sorted(ranks)
    assert len(rows.owners) == len(audit.audited)
    refused = [f"{row.namespace}/{row.name}" for row in rows.owners if row.standing == "refused"]
    assert refused == ["payments/settle", "payments/ledger", "shop/notify", "shop/web"]


def test_an_image_that_runs_in_many_places_is_told_of_once() -> None:
    rows = rows_of(many(500).audited, TAKEN)

    assert len(rows.owners) == 500
    assert len(rows.images) == 50
    assert len(rows.notes) < 50 * 4


def test_a_place_knows_its_findings_and_what_it_passes() -> None:
    rows = rows_of(
        [
            owner(
                finding(pointer="/spec/containers/0/image"),
                finding(Outcome.PASS, rule="init", pointer="/spec/containers/0/image"),
                finding(
                    Outcome.UNKNOWN,
                    rule="provenance",
                    reason=Reason.OFFLINE,
                    pointer="/spec/containers/1/image",
                ),
                images=(running(0), running(1)),
            )
        ],
        TAKEN,
    )

    [row] = rows.owners
    assert row.rules == ("digest", "provenance")
    first, second = row.spots
    assert (first.place, first.passes) == ('container "app"', ("init",))
    assert [rows.notes[number].rule for number in second.notes] == ["provenance"]
    assert rows.notes[second.notes[0]].message.startswith("could not be checked (offline): ")


def test_only_digests_that_are_not_meant_are_told() -> None:
    rows = rows_of([owner(images=(running(0, (DIGEST, "sha256:other")),))], TAKEN)

    assert rows.owners[0].spots[0].running == ("sha256:other",)


def test_a_finding_about_the_whole_owner_has_a_place_without_an_image() -> None:
    rows = rows_of([owner(finding(container="", pointer=""), images=(running(0),))], TAKEN)

    known, whole = rows.owners[0].spots
    assert known.image == 0
    assert (whole.place, whole.image, len(whole.notes)) == ("", None, 1)


def test_places_beyond_the_limit_are_counted() -> None:
    images = tuple(running(number) for number in range(MAX_PLACES + 9))

    [row] = rows_of([owner(images=images)], TAKEN).owners

    assert (len(row.spots), row.more) == (MAX_PLACES, 9)


def test_owners_for_which_there_is_no_room_are_counted_and_are_the_best() -> None:
    rows = rows_of(shop().audited, TAKEN, room=12_000)

    assert 0 < len(rows.owners) < len(shop().audited)
    assert rows.left_out == len(shop().audited) - len(rows.owners)
    assert rows.owners[0].standing == "refused"


def test_numbers_point_to_what_there_is() -> None:
    rows: Rows = rows_of(shop().audited, TAKEN)

    for row in rows.owners:
        for spot in row.spots:
            assert spot.image is None or 0 <= spot.image < len(rows.images)
            assert all(0 <= number < len(rows.notes) for number in spot.notes)


def test_an_owner_without_policy_has_its_image_all_the_same() -> None:
    bare = audited(
        "Pod", "default", "box", Sample(image="docker.io/library/busybox:1"), policies=()
    )

    [row] = rows_of([bare], TAKEN).owners
    assert (row.standing, row.rules, row.spots[0].image) == ("no policy", (), 0)
