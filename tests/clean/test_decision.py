"""What may go, and what is kept whatever happens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from webhook.clean.decision import Plan, Terms, decide
from webhook.clean.inventory import Inventory, Stored

OLD = NOW - timedelta(days=400)
YOUNG = NOW - timedelta(days=1)


def digest(name: str) -> str:
    return "sha256:" + (name.encode().hex() * 64)[:64]


def stored(
    name: str,
    created: datetime | None = OLD,
    *,
    children: tuple[str, ...] = (),
    subject: str = "",
    blobs: tuple[tuple[str, int], ...] = (),
) -> Stored:
    return Stored(
        digest=digest(name),
        size=10,
        blobs=blobs,
        children=tuple(map(digest, children)),
        subject=digest(subject) if subject else "",
        created=created,
    )


def plan(
    *some: Stored,
    tags: dict[str, str] | None = None,
    keep: int = 0,
    keep_tags: tuple[str, ...] = (),
    in_use: tuple[str, ...] = (),
    untagged: tuple[str, ...] | None = None,
) -> Plan:
    """Each has its own name for a tag, unless tags are given."""
    names = {one.digest: one for one in some}
    given = {f"t{number}": one.digest for number, one in enumerate(some)}
    if tags is not None:
        given = {tag: digest(name) for tag, name in tags.items()}
    terms = Terms(
        now=NOW,
        older_than=timedelta(days=90),
        keep=keep,
        keep_tags=keep_tags,
        in_use=frozenset(map(digest, in_use)),
    )
    listed = None if untagged is None else frozenset(map(digest, untagged))
    return decide(Inventory("shop/web", names, given, listed), terms)


def gone(found: Plan) -> list[str]:
    return [one.digest for one in found.doomed]


def test_what_is_old_and_unused_may_go() -> None:
    found = plan(stored("a", blobs=(("x", 1000),)), stored("b", YOUNG))

    assert [(one.digest, one.tags, one.why) for one in found.doomed] == [
        (digest("a"), ("t0",), "old, and nobody uses it")
    ]
    assert found.freed == 1010
    assert found.kept == {"young": 1}


@pytest.mark.parametrize(
    ("created", "keep", "keep_tags", "in_use", "reason"),
    [
        (YOUNG, 0, (), (), "young"),
        (None, 0, (), (), "its age is not known"),
        (OLD, 0, (), ("a",), "in use"),
        (OLD, 1, (), (), "among the newest"),
        (OLD, 0, ("t*",), (), "its tag is kept"),
    ],
)
def test_every_reason_keeps(
    created: datetime | None,
    keep: int,
    keep_tags: tuple[str, ...],
    in_use: tuple[str, ...],
    reason: str,
) -> None:
    found = plan(stored("a", created), keep=keep, keep_tags=keep_tags, in_use=in_use)

    assert (gone(found), found.kept) == ([], {reason: 1})


def test_the_newest_of_a_repository_are_kept_by_their_age() -> None:
    ages = [stored(name, OLD + timedelta(days=day)) for day, name in enumerate("abcd")]

    assert gone(plan(*ages, keep=2)) == sorted([digest("a"), digest("b")])


def test_platforms_of_a_kept_index_are_kept_also_under_an_old_tag_of_their_own() -> None:
    some = (stored("i", None, children=("a", "b")), stored("a", YOUNG), stored("b"))
    tags = {"new": "i", "old-arm": "b"}

    assert gone(plan(*some, tags=tags)) == []


def test_an_index_is_kept_where_one_of_its_platforms_runs() -> None:
    some = (stored("i", None, children=("a", "b")), stored("a"), stored("b"))

    assert gone(plan(*some, tags={"old": "i"}, in_use=("b",))) == []


def test_an_index_goes_before_its_platforms_and_behind_what_is_attached() -> None:
    some = (
        stored("i", None, children=("a",)),
        stored("a"),
        stored("s", None, subject="a"),
    )
    found = plan(*some, tags={"old": "i"})

    assert gone(found) == [digest("s"), digest("i"), digest("a")]
    assert [one.why for one in found.doomed] == [
        "attached to what goes",
        "old, and nobody uses it",
        "part of what goes",
    ]
    assert found.doomed[1].created == OLD


def test_what_no_tag_leads_to_may_go_with_its_parts_and_takes_nobodys_place() -> None:
    some = (
        stored("i", None, children=("a",)),
        stored("a", OLD + timedelta(days=9)),
        stored("s", None, subject="a"),
        stored("t"),
    )
    found = plan(*some, tags={"v1": "t"}, keep=1, untagged=("i", "a", "s"))

    assert gone(found) == [digest("s"), digest("i"), digest("a")]
    assert found.doomed[1].why == "old, without a tag, and nobody uses it"
    assert found.kept == {"among the newest": 1}
    assert (found.listed, plan(*some, tags={"v1": "t"}).listed) == (True, False)


@pytest.mark.parametrize(
    ("created", "in_use", "reason"),
    [(YOUNG, (), "young"), (None, (), "its age is not known"), (OLD, ("a",), "in use")],
)
def test_what_no_tag_leads_to_is_kept_for_the_same_reasons(
    created: datetime | None, in_use: tuple[str, ...], reason: str
) -> None:
    found = plan(stored("a", created), tags={}, untagged=("a",), in_use=in_use, keep_tags=("*",))

    assert (gone(found), found.kept) == ([], {reason: 1})


@pytest.mark.parametrize("tagged", [True, False])
def test_what_is_attached_goes_with_its_image_and_stays_with_it(*, tagged: bool) -> None:
    signature = stored("s", None, subject="" if tagged else "a")
    tags = {"v1": "a"} | ({f"{digest('a').replace(':', '-')}.sig": "s"} if tagged else {})

    assert gone(plan(stored("a"), signature, tags=tags)) == [digest("s"), digest("a")]
    assert gone(plan(stored("a", YOUNG), signature, tags=tags)) == []
    more = stored("m", None, subject="s")
    assert gone(plan(stored("a", YOUNG), signature, more, tags=tags)) == []
    assert len(gone(plan(stored("a"), signature, more, tags=tags))) == 3


def test_what_is_attached_to_something_that_is_not_here_stays() -> None:
    assert gone(plan(stored("s", None, subject="elsewhere"), tags={})) == []


def test_only_what_nothing_else_has_is_freed() -> None:
    shared, own = ("x", 5000), ("y", 300)
    found = plan(stored("a", blobs=(shared, own)), stored("b", YOUNG, blobs=(shared,)))

    assert found.freed == 310


NAMES = "abcdefgh"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([OLD, YOUNG, None]),
            st.sets(st.sampled_from(NAMES), max_size=3),
            st.sampled_from(["", *NAMES]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sets(st.sampled_from(NAMES), max_size=3),
    st.sets(st.sampled_from(NAMES), max_size=2),
    st.booleans(),
)
def test_nothing_that_is_used_or_that_something_kept_needs_ever_goes(
    drawn: list[tuple[datetime | None, set[str], str]],
    tagged: set[str],
    used: set[str],
    listed: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    some = {
        name: stored(name, created, children=tuple(sorted(children)), subject=subject)
        for name, (created, children, subject) in zip(NAMES, drawn, strict=False)
    }
    tags = {f"t-{name}": name for name in tagged if name in some}
    untagged = tuple(name for name in some if name not in tagged) if listed else None
    found = plan(*some.values(), tags=tags, in_use=tuple(used), untagged=untagged)

    doomed = set(gone(found))
    assert not doomed & {digest(name) for name in used}
    for one in some.values():
        if one.digest in doomed:
            continue
        # Whatever stays has all its parts.
        assert not doomed & set(one.children) or not _is_wanted(one, tags, some)
    assert found.freed >= 0
    assert len(doomed) + sum(found.kept.values()) >= len(some)


def _is_wanted(one: Stored, tags: dict[str, str], some: dict[str, Stored]) -> bool:
    """Kept as an image, and not only because a cluster uses exactly this manifest."""
    return one.digest in {some[name].digest for name in tags.values()} and not one.subject
