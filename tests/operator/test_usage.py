"""Who uses which digest."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from webhook.core.image import ImageRef
from webhook.operator.usage import SHOWN, Usage, UsedBy

A, B, C = ("sha256:" + one * 64 for one in "abc")


def ref(digest: str, repository: str = "web") -> ImageRef:
    return ImageRef("r.example", repository, None, digest)


def usage() -> tuple[Usage, list[str]]:
    told: list[str] = []
    return Usage(told.append), told


def test_users_come_and_go() -> None:
    counted, told = usage()
    pods, deployments = counted.follow("Pod"), counted.follow("Deployment")

    pods(("shop", "web-1"), (ref(A), ref(B)))
    deployments(("shop", "web"), (ref(A),))
    assert counted.used_by(A) == UsedBy(2, ("shop/Deployment/web", "shop/Pod/web-1"))
    assert counted.used_by(B) == UsedBy(1, ("shop/Pod/web-1",))
    assert set(told) == {A, B}

    told.clear()
    pods(("shop", "web-1"), (ref(B), ref(C)))
    assert sorted(told) == [A, B, C]
    assert counted.used_by(A).names == ("shop/Deployment/web",)

    pods(("shop", "web-1"), None)
    deployments(("shop", "web"), None)
    assert (len(counted), counted.used_by(A)) == (0, UsedBy())


def test_an_object_that_changed_elsewhere_tells_nothing() -> None:
    counted, told = usage()
    pods = counted.follow("Pod")
    pods(("shop", "web"), (ref(A),))
    told.clear()
    pods(("shop", "web"), (ref(A),))
    counted.follow("Job")(("shop", "other"), ())

    assert told == []


def test_the_first_names_are_shown_and_all_are_counted() -> None:
    counted, _ = usage()
    pods = counted.follow("Pod")
    for number in reversed(range(30)):
        pods(("shop", f"web-{number:02}"), (ref(A),))

    expected = tuple(f"shop/Pod/web-{number:02}" for number in range(SHOWN))
    assert counted.used_by(A) == UsedBy(30, expected)


def test_one_object_that_names_a_digest_twice_is_one_user() -> None:
    counted, _ = usage()
    pods = counted.follow("Pod")
    pods(("shop", "web"), (ref(A, "prod/web"), ref(A, "staging/web")))
    assert counted.names(A) == (ref(A, "prod/web"), ref(A, "staging/web"))

    pods(("shop", "web"), (ref(A, "staging/web"),))
    assert counted.used_by(A).count == 1
    assert counted.names(A) == (ref(A, "staging/web"),)


def test_a_template_is_a_user_and_no_pod() -> None:
    counted, _ = usage()
    jobs, pods = counted.follow("Job"), counted.follow("Pod")
    jobs(("shop", "web"), (ref(A),))
    assert (counted.is_used(A), counted.in_pods(A)) == (True, False)

    pods(("shop", "web"), (ref(A),))
    assert counted.in_pods(A)

    pods(("shop", "web"), None)
    assert (counted.is_used(A), counted.in_pods(A)) == (True, False)
    assert not counted.in_pods(B)


def test_few_names_of_a_digest_are_told() -> None:
    counted, _ = usage()
    pods = counted.follow("Pod")
    for number in range(100):
        pods(("shop", f"web-{number}"), (ref(A, f"fork-{number:02}/web"),))

    assert [one.repository for one in counted.names(A)] == [f"fork-0{n}/web" for n in range(8)]


IMAGES = st.lists(
    st.builds(ref, st.sampled_from([A, B, C]), st.sampled_from(["web", "app"])),
    max_size=4,
    unique=True,
).map(tuple)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["Pod", "Job"]), st.sampled_from(["x", "y", "z"]), st.none() | IMAGES
    ),
    max_size=40,
)


@given(EVENTS)
def test_counting_along_is_counting_from_scratch(
    events: list[tuple[str, str, tuple[ImageRef, ...] | None]],
) -> None:
    told: set[str] = set()
    along = Usage(told.add)
    follow = {kind: along.follow(kind) for kind in ("Pod", "Job")}
    objects: dict[tuple[str, str], tuple[ImageRef, ...]] = {}
    for kind, name, images in events:
        before = {one: (along.used_by(one), along.names(one)) for one in (A, B, C)}
        told.clear()
        follow[kind](("shop", name), images)
        objects[kind, name] = images or ()
        changed = {one for one in before if before[one] != (along.used_by(one), along.names(one))}
        assert changed <= told

    scratch, _ = usage()
    for (kind, name), images in objects.items():
        scratch.follow(kind)(("shop", name), images)
    for digest in (A, B, C):
        assert along.used_by(digest) == scratch.used_by(digest)
        assert along.names(digest) == scratch.names(digest)
        assert along.in_pods(digest) == scratch.in_pods(digest)
    assert sorted(along.digests()) == sorted(scratch.digests())


def test_ten_thousand_pods_of_five_hundred_images_are_small() -> None:
    counted, _ = usage()
    pods = counted.follow("Pod")
    shared = [(ref(f"sha256:{number:064x}"),) for number in range(500)]
    tracemalloc.start()
    try:
        for number in range(10_000):
            name = f"deployment-{number % 500}-6d4cf56db6-{number:05}"
            pods((f"namespace-{number % 100}", name), shared[number % 500])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(counted) == 500
    assert held < 4_000_000
