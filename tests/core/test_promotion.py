"""Where an image came from, and what is known of its way."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from webhook.core.facts import Promotion, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.promotion import MAX_REMEMBERED, origin_of, place_of, seen, together
from webhook.core.registries import Registries, Registry

PREPROD = Registry(name="preprod", host="registry.example.com", path=("preprod",))
PROD = Registry(name="prod", host="registry.example.com", path=("prod",), promotes_from="preprod")
OTHER = Registry(name="other", host="prod.example.com:5000", promotes_from="preprod")
LOST = Registry(name="lost", host="lost.example.com", promotes_from="nobody")
BROKEN = Registry(name="broken", host="broken.example.com", broken=True)
AFTER = Registry(name="after", host="after.example.com", promotes_from="broken")
ALL = Registries([PREPROD, PROD, OTHER, LOST, BROKEN, AFTER])
GAP = Unknown(Reason.UNREACHABLE)


@pytest.mark.parametrize(
    ("image", "origin"),
    [
        ("registry.example.com/prod/web", "registry.example.com/preprod/web"),
        ("registry.example.com/prod/shop/web", "registry.example.com/preprod/shop/web"),
        ("Registry.Example.com:443/prod/prod/web", "registry.example.com/preprod/prod/web"),
        ("prod.example.com:5000/web", "registry.example.com/preprod/web"),
    ],
)
def test_the_prefix_changes_and_the_path_stays(image: str, origin: str) -> None:
    found = origin_of(ImageRef.parse(f"{image}@{DIGEST}"), ALL)

    assert str(found) == f"{origin}@{DIGEST}"


@pytest.mark.parametrize("image", ["registry.example.com/preprod/web", "nginx"])
def test_without_promotes_from_there_is_no_origin(image: str) -> None:
    assert origin_of(ImageRef.parse(image), ALL) is None


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("lost.example.com/web", "promoted from nobody, which is not configured"),
        ("after.example.com/web", "promoted from broken, which is broken"),
    ],
)
def test_a_registry_that_is_not_there_is_no_answer(image: str, why: str) -> None:
    found = origin_of(ImageRef.parse(image), ALL)

    assert isinstance(found, Unknown)
    assert found.reason is Reason.NOT_CONFIGURED
    assert why in found.detail


def test_a_place_has_one_name() -> None:
    assert place_of(ImageRef.parse("Index.Docker.io/library/nginx:1")) == "docker.io/library/nginx"


def test_what_was_seen_stays_seen_and_the_rest_is_told_anew() -> None:
    first = Promotion(origins=("a",), signers=("k",), signed=1, origin_gap=GAP)
    second = Promotion(origins=("b",), unsigned=2, evidence_gap=GAP)

    assert together(first, second) == Promotion(
        origins=("a", "b"), signers=("k",), unsigned=2, evidence_gap=GAP
    )
    assert together(first, None) == together(None, first) == first
    assert together(None, None) is None


def test_only_what_no_time_changes_is_kept() -> None:
    known = Promotion(origins=("a",), signers=("k",), signed=3, unsigned=1, origin_gap=GAP)

    assert seen(known) == Promotion(origins=("a",), signers=("k",))


def test_memory_is_bounded() -> None:
    many = Promotion(origins=tuple(f"r.example/{number:03}" for number in range(99)))

    joined = together(Promotion(), many)

    assert joined is not None
    assert len(joined.origins) == MAX_REMEMBERED
