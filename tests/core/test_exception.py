"""What an exception covers, where, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST, NOW, pod
from webhook.core.exception import Excuses, ImageException, ImagePattern, NamedWorkload
from webhook.core.image import ImageRef
from webhook.errors import InvalidPolicyError

LATER = NOW + timedelta(days=1)
WEB = ImagePattern(host="r.example", segments=("prod", "web"))


def exception(name: str = "security/web", **fields: Any) -> ImageException:
    every: dict[str, Any] = {
        "name": name,
        "rules": frozenset({"digest"}),
        "namespaces": frozenset({"shop"}),
        "image": WEB,
        "reason": "they are mending it",
        "expires": LATER,
    } | fields
    return ImageException(**every)


@pytest.mark.parametrize(
    ("pattern", "image", "matches"),
    [
        (WEB, "r.example/prod/web:1", True),
        (WEB, f"R.Example:443/prod/web@{DIGEST}", True),
        (WEB, "r.example/prod/webb", False),
        (WEB, "r.example/prod/web/x", False),
        (WEB, "r.example/prod", False),
        (WEB, "r.example.evil.example/prod/web", False),
        (WEB, "evil.example/r.example/prod/web", False),
        (ImagePattern(host="r.example", segments=("*", "web")), "r.example/a/web", True),
        (ImagePattern(host="r.example", segments=("*", "web")), "r.example/a/b/web", False),
        (ImagePattern(host="r.example", segments=("*", "web")), "r.example/web", False),
        (ImagePattern(host="r.example", segments=("a", "*")), "r.example/a", False),
        (ImagePattern(host="r.example", segments=("a",), deeper=True), "r.example/a", False),
        (ImagePattern(host="r.example", segments=("a",), deeper=True), "r.example/a/b", True),
        (ImagePattern(host="r.example", segments=("a",), deeper=True), "r.example/a/b/c", True),
        (ImagePattern(host="r.example", segments=("a",), deeper=True), "r.example/ab/c", False),
        (ImagePattern(host="r.example", segments=(), deeper=True), "r.example/a", True),
        (ImagePattern(host="docker.io", segments=("library", "nginx")), "nginx", True),
        (msgspec.structs.replace(WEB, digest=DIGEST), f"r.example/prod/web:1@{DIGEST}", True),
        (msgspec.structs.replace(WEB, digest=DIGEST), "r.example/prod/web:1", False),
        (
            msgspec.structs.replace(WEB, digest=DIGEST),
            f"r.example/prod/web@sha256:{'cd' * 32}",
            False,
        ),
    ],
)
def test_a_pattern_is_compared_by_whole_segments_of_the_parsed_name(
    pattern: ImagePattern,
    image: str,
    matches: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert pattern.matches(ImageRef.parse(image)) is matches


@pytest.mark.parametrize(
    ("named", "holds"),
    [
        (NamedWorkload("Pod", "web"), True),
        (NamedWorkload("Deployment", "web"), False),
        (NamedWorkload("Pod", "we"), False),
        (NamedWorkload("Pod", "web-1"), False),
    ],
)
def test_a_workload_is_meant_by_kind_and_whole_name(named: NamedWorkload, holds: bool) -> None:  # noqa: FBT001 - a column
    assert exception(workload=named).holds(pod(name="web"), NOW) is holds


def test_a_name_that_is_only_the_beginning_of_one_is_nobodys() -> None:
    generated = msgspec.structs.replace(pod(name="web"), name_is_prefix=True)

    assert not NamedWorkload("Pod", "web").means(generated)


@pytest.mark.parametrize(
    ("namespace", "seconds", "holds"),
    [("shop", -1, True), ("shop", 0, False), ("shop", 1, False), ("shop2", -1, False)],
)
def test_it_holds_in_its_namespaces_until_it_expires(
    namespace: str,
    seconds: int,
    holds: bool,  # noqa: FBT001 - a column
) -> None:
    now = LATER + timedelta(seconds=seconds)

    assert exception().holds(pod(namespace=namespace), now) is holds


def test_an_object_of_no_known_namespace_has_no_exception() -> None:
    assert not exception().holds(pod(namespace=""), NOW)


def test_without_an_image_every_image_of_its_workload_is_covered() -> None:
    bare = exception(image=None, workload=NamedWorkload("Pod", "web"))

    assert bare.covers("digest", ImageRef.parse("evil.example/x"))
    assert not bare.covers("init", ImageRef.parse("evil.example/x"))
    assert not exception().covers("digest", ImageRef.parse("evil.example/x"))


@pytest.mark.parametrize(
    "without",
    [{"rules": frozenset()}, {"namespaces": frozenset()}, {"image": None}],
)
def test_what_would_hold_for_everything_is_no_exception(without: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicyError):
        exception(**without)


def test_the_note_says_which_until_when_why_and_who() -> None:
    assert exception().note == (
        "let through by exception security/web until 2026-11-24T12:00:00Z (they are mending it)"
    )
    assert exception(reason="a\nb", requested_by="Jo").note.endswith(" (a\\nb; asked for by Jo)")


def test_of_several_the_one_that_lasts_is_named_in_whatever_order() -> None:
    short, long = exception("a/short"), exception("a/long", expires=LATER + timedelta(days=1))
    other = exception("a/other", namespaces=frozenset({"elsewhere"}))
    ref = ImageRef.parse("r.example/prod/web")

    for order in ([short, long, other], [other, long, short]):
        assert Excuses(order, pod(), NOW).of("digest", ref) is long
    assert Excuses([short, exception("b/short")], pod(), NOW).of("digest", ref) != short
    assert Excuses([short], pod(), NOW).of("init", ref) is None
    assert Excuses([other], pod(), NOW).of("digest", ref) is None


SEGMENT = st.sampled_from(["a", "b", "ab", "a.b"])


@given(
    segments=st.lists(SEGMENT | st.just("*"), max_size=3),
    deeper=st.booleans(),
    repository=st.lists(SEGMENT, min_size=1, max_size=4),
)
def test_a_pattern_means_what_a_table_of_segments_means(
    segments: list[str],
    deeper: bool,  # noqa: FBT001 - drawn
    repository: list[str],
) -> None:
    pattern = ImagePattern(host="r.example", segments=tuple(segments), deeper=deeper)
    padded = segments + ["*"] * max(len(repository) - len(segments), 1) if deeper else segments

    expected = len(padded) == len(repository) and all(
        want in ("*", have) for want, have in zip(padded, repository, strict=True)
    )
    assert pattern.matches(ImageRef("r.example", "/".join(repository))) is expected
