"""Whatever exceptions there are: they change nothing but what they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST, NOW, pod, use
from tests.core.excusing import RULES, exception, policy, verdict
from webhook.core.exception import ImageException, ImagePattern, NamedWorkload
from webhook.core.image import ImageRef
from webhook.core.rules.digest import DigestRule
from webhook.core.verdict import Mode, Outcome

if TYPE_CHECKING:
    from webhook.core.workload import Workload


# Drawn from few names, so that exceptions often meet what they are for.

RULE_NAMES = st.frozensets(
    st.sampled_from(["digest", "registry", "provenance", "init"]), min_size=1, max_size=3
)
SEGMENTS = st.lists(st.sampled_from(["a", "b", "*"]), max_size=2).map(tuple)
PATTERNS = st.builds(
    ImagePattern,
    host=st.sampled_from(["r.example", "evil.example"]),
    segments=SEGMENTS,
    deeper=st.booleans(),
    digest=st.sampled_from(["", "", DIGEST]),
)
WORKLOADS = st.builds(
    NamedWorkload, st.sampled_from(["Pod", "Job"]), st.sampled_from(["web", "db"])
)


@dataclass
class Drawn:
    """An exception before it has a name."""

    rules: frozenset[str]
    namespaces: frozenset[str]
    image: ImagePattern | None
    workload: NamedWorkload | None
    days: int


DRAWN = st.builds(
    Drawn,
    RULE_NAMES,
    st.frozensets(st.sampled_from(["shop", "bank"]), min_size=1),
    st.none() | PATTERNS,
    st.none() | WORKLOADS,
    st.integers(-1, 3),
).filter(lambda one: one.image is not None or one.workload is not None)


@st.composite
def exceptions(draw: st.DrawFn) -> list[ImageException]:
    return [
        exception(
            *one.rules,
            name=f"security/e{number}",
            image=one.image,
            workload=one.workload,
            namespaces=sorted(one.namespaces),
            days=one.days,
        )
        for number, one in enumerate(draw(st.lists(DRAWN, max_size=4)))
    ]


TEXTS = st.sampled_from(
    ["r.example/a:1", f"r.example/a/b@{DIGEST}", "evil.example/a:1", f"evil.example/a@{DIGEST}"]
)


@st.composite
def pods(draw: st.DrawFn) -> Workload:
    uses = [
        use(text, container=f"c{number}", command=draw(st.sampled_from([(), ("sh", "-c", "x")])))
        for number, text in enumerate(draw(st.lists(TEXTS, min_size=1, max_size=3)))
    ]
    return pod(
        *uses,
        name=draw(st.sampled_from(["web", "db"])),
        namespace=draw(st.sampled_from(["shop", "bank"])),
    )


ALL = [policy(*RULES), policy(DigestRule(), mode=Mode.WARN)]


@given(workload=pods(), found=exceptions(), data=st.data())
def test_the_order_of_exceptions_does_not_matter(
    workload: Workload, found: list[ImageException], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))

    assert verdict(workload, *found, policies=ALL) == verdict(workload, *shuffled, policies=ALL)


@given(workload=pods(), found=exceptions(), another=exceptions())
def test_an_exception_changes_no_verdict_on_what_it_does_not_match(
    workload: Workload, found: list[ImageException], another: list[ImageException]
) -> None:
    names = [ImageRef.parse(one.image) for one in workload.images]
    strangers = [
        one
        for one in another
        if not one.holds(workload, NOW)
        or not any(one.covers(rule.name, ref) for rule in RULES for ref in names)
    ]

    assert verdict(workload, *found, *strangers, policies=ALL) == verdict(
        workload, *found, policies=ALL
    )


@given(workload=pods(), found=exceptions())
def test_an_exception_changes_only_the_findings_it_is_for(
    workload: Workload, found: list[ImageException]
) -> None:
    without = verdict(workload, policies=ALL).findings
    for before, after in zip(
        without, verdict(workload, *found, policies=ALL).findings, strict=True
    ):
        if after.exception:
            named = next(one for one in found if one.name == after.exception)
            assert named.holds(workload, NOW)
            assert named.covers(after.rule, ImageRef.parse(after.image))
            assert after.mode is Mode.WARN
            assert after.bad
        elif before.outcome is not Outcome.SKIP:
            assert after == before


@given(workload=pods(), found=exceptions())
def test_with_expired_exceptions_alone_all_is_as_without(
    workload: Workload, found: list[ImageException]
) -> None:
    expired = [msgspec.structs.replace(one, expires=NOW) for one in found]

    assert verdict(workload, *expired, policies=ALL) == verdict(workload, policies=ALL)
