"""The fields of an exception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import DIGEST, NOW, refusal
from webhook.core.document import Document
from webhook.core.exception import ImageException, ImagePattern, NamedWorkload
from webhook.core.exception_fields import WorkloadKind, read_exception
from webhook.core.image import ImageRef
from webhook.core.objects import KINDS
from webhook.core.resource_fields import Fields

SPEC: dict[str, Any] = {
    "rules": ["digest", "init"],
    "namespaces": ["shop"],
    "image": "registry.example.com/prod/web",
    "reason": "the vendor mends it in December",
    "expires": "2026-12-31T00:00:00Z",
}


def read(*without: str, since: datetime | None = NOW, **spec: Any) -> ImageException:
    data = {key: value for key, value in (SPEC | spec).items() if key not in without}
    fields = Fields(Document("", 0, {}), "", data)
    return read_exception("security/web", fields, since=since, max_days=90)


def pattern(image: str) -> ImagePattern:
    found = read(image=image).image
    assert found is not None
    return found


def test_all_fields_are_read() -> None:
    found = read(
        requestedBy="Jo", workload={"kind": "Deployment", "name": "web", "namespace": "shop"}
    )

    assert found == ImageException(
        name="security/web",
        rules=frozenset({"digest", "init"}),
        namespaces=frozenset({"shop"}),
        image=ImagePattern(host="registry.example.com", segments=("prod", "web")),
        workload=NamedWorkload("Deployment", "web"),
        reason="the vendor mends it in December",
        requested_by="Jo",
        expires=datetime(2026, 12, 31, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("image", "host", "segments", "deeper", "digest"),
    [
        ("r.example/a/b", "r.example", ("a", "b"), False, ""),
        ("R.Example:443/a", "r.example", ("a",), False, ""),
        ("localhost:5000/*/b", "localhost:5000", ("*", "b"), False, ""),
        ("r.example/*/*", "r.example", ("*", "*"), False, ""),
        ("r.example/**", "r.example", (), True, ""),
        ("r.example/a/**", "r.example", ("a",), True, ""),
        ("r.example/a/*/**", "r.example", ("a", "*"), True, ""),
        (f"r.example/a@{DIGEST}", "r.example", ("a",), False, DIGEST),
        (f"r.example/**@{DIGEST}", "r.example", (), True, DIGEST),
        ("docker.io/nginx", "docker.io", ("library", "nginx"), False, ""),
        ("docker.io/*", "docker.io", ("library", "*"), False, ""),
        ("docker.io/acme/*", "docker.io", ("acme", "*"), False, ""),
        ("docker.io/**", "docker.io", (), True, ""),
        ("docker.io/acme/**", "docker.io", ("acme",), True, ""),
        ("index.docker.io/x/x/*", "docker.io", ("x", "x", "*"), False, ""),
    ],
)
def test_an_image_is_read_by_the_grammar_of_names(
    image: str,
    host: str,
    segments: tuple[str, ...],
    deeper: bool,  # noqa: FBT001 - a column of the table
    digest: str,
) -> None:
    assert pattern(image) == ImagePattern(
        host=host, segments=segments, deeper=deeper, digest=digest
    )


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("nginx", "image: expected host and path: write host/path/name"),
        ("registry.example.com", "image: expected host and path"),
        ("acme/web", "image: acme is no host; for Docker Hub write docker.io/acme/web"),
        ("*/prod/web", "image: a host is written in full"),
        ("*.example.com/web", "image: a host is written in full"),
        ("**", "image: expected host and path"),
        ("/**", "image: it is no name of an image"),
        ("r.example/web*", "image: * stands for a whole segment"),
        ("r.example/a/**/b", "image: * stands for a whole segment"),
        ("r.example/a/***", "image: * stands for a whole segment"),
        ("r.example/a//b", "image: it is no name of an image"),
        ("r.example/a/", "image: it is no name of an image"),
        ("r.example/A", "image: it is no name of an image"),
        ("r.example/a:1", "image: leave out the tag, tags move"),
        ("https://r.example/a", "image: it is no name of an image"),
        ("r.example/a@sha256:abc", "image: expected @sha256: and 64 hexadecimal digits"),
        ("r.example/a@", "image: expected @sha256: and 64 hexadecimal digits"),
        ("r.example/" + "a" * 600, "image: it is longer than 512 characters"),
        (None, "image: it has no value"),
    ],
)
def test_an_image_that_could_mean_more_than_it_says_is_an_error(image: str, message: str) -> None:
    assert refusal(lambda: read(image=image)).startswith(message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"rules": []}, "rules: the list is empty: write at least one entry"),
        ({"rules": ["digset"]}, "rules[0]: no rule is called digset; known: digest, registry"),
        ({"rules": ["*"]}, "rules[0]: no rule is called *"),
        ({"rules": "digest"}, "rules: expected a list"),
        ({"namespaces": []}, "namespaces: the list is empty: write at least one entry"),
        ({"namespaces": ["shop", "*"]}, "namespaces[1]: * is no name of a namespace"),
        ({"namespaces": ["team-*"]}, "namespaces[0]: team-* is no name of a namespace"),
        ({"namespaces": ["a.b"]}, "namespaces[0]: a.b is no name of a namespace"),
        ({"namespaces": ["a" * 64]}, "namespaces[0]: aaa"),
        ({"reason": " "}, "reason: it is empty"),
        ({"reason": "x" * 501}, "reason: it is longer than 500 characters"),
        ({"requestedBy": "x" * 201}, "requestedBy: it is longer than 200 characters"),
        ({"expires": "tomorrow"}, "expires: tomorrow is no date as in RFC 3339"),
        ({"expires": "2026-12-31"}, "expires: 2026-12-31 is no date as in RFC 3339"),
        ({"expires": 5}, "expires: expected a string"),
        ({"workload": {}}, "workload: kind is missing"),
        ({"workload": {"kind": "Pod"}}, "workload: name is missing"),
        (
            {"workload": {"kind": "Node", "name": "x"}},
            "workload.kind: expected one of Pod, Deployment",
        ),
        (
            {"workload": {"kind": "Pod", "name": "web-*"}},
            "workload.name: write the whole name of the object, without wildcards",
        ),
        (
            {"workload": {"kind": "Pod", "name": "web", "labels": {}}},
            "workload.labels: unknown field",
        ),
        (
            {"workload": {"kind": "Pod", "name": "web", "namespace": "other"}},
            "workload.namespace: it must be the one entry of namespaces",
        ),
        (
            {
                "workload": {"kind": "Pod", "name": "web", "namespace": "shop"},
                "namespaces": ["shop", "other"],
            },
            "workload.namespace: it must be the one entry of namespaces",
        ),
        ({"images": []}, "images: unknown field; did you mean image?"),
    ],
)
def test_an_exception_that_cannot_be_meant_is_an_error(spec: dict[str, Any], message: str) -> None:
    assert refusal(lambda: read(**spec)).startswith(message)


@pytest.mark.parametrize("name", ["rules", "namespaces", "reason", "expires"])
def test_what_every_exception_must_say(name: str) -> None:
    assert refusal(lambda: read(name)) == f"{name} is missing"


def test_it_names_an_image_or_a_workload_or_both() -> None:
    workload = {"kind": "Pod", "name": "web"}

    assert refusal(lambda: read("image")).startswith("image and workload are missing")
    assert read("image", workload=workload).image is None
    assert read(workload=workload).workload == NamedWorkload("Pod", "web")


def test_it_lasts_no_longer_than_the_settings_allow() -> None:
    made = datetime(2026, 12, 31, tzinfo=UTC) - timedelta(days=90)

    assert read(since=made).expires == made + timedelta(days=90)
    assert refusal(lambda: read(since=made - timedelta(seconds=1))) == (
        "expires: an exception lasts at most 90 days from when it was made "
        "(2026-10-01T23:59:59Z): write an earlier date, and make a new one then"
    )


def test_nobody_knows_how_long_it_lasts_if_nobody_knows_when_it_was_made() -> None:
    assert refusal(lambda: read(since=None)).startswith("expires: nobody knows when it was made")


def test_it_may_have_expired_already() -> None:
    assert read(expires="2020-01-01T00:00:00Z").expires < NOW


def test_every_kind_of_workload_can_be_named() -> None:
    assert {kind.value for kind in WorkloadKind} == {kind for _, kind in KINDS}


def test_a_pattern_matches_the_name_it_was_written_as() -> None:
    for name in ("registry.example.com/prod/web", "docker.io/nginx", "index.docker.io/a/b"):
        assert pattern(name).matches(ImageRef.parse(name))
