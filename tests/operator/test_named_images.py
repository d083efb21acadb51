"""Which digests an object names."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import msgspec
import pytest

from webhook.operator.named_images import MOST_IMAGES, images_of, item_of

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
METADATA = {"name": "web", "namespace": "shop", "resourceVersion": "1"}


def named(kind: str, **fields: Any) -> list[str]:
    data = msgspec.json.encode({"metadata": METADATA, **fields})
    item = msgspec.json.decode(data, type=item_of(kind))
    return [str(ref) for ref in images_of(item)]


def pod(*images: str, **more: Any) -> dict[str, Any]:
    return {"containers": [{"name": f"c{i}", "image": one} for i, one in enumerate(images)], **more}


def statuses(image_id: str, key: str = "containerStatuses", name: str = "c0") -> dict[str, Any]:
    return {key: [{"name": name, "imageID": image_id}]}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(f"nginx@{A}", f"docker.io/library/nginx@{A}", id="short"),
        pytest.param(f"r.example/web:1@{A}", f"r.example/web@{A}", id="a tag beside the digest"),
        pytest.param(f"R.Example:443/web@{A}", f"r.example/web@{A}", id="one spelling"),
        pytest.param("nginx:1.25", None, id="a tag"),
        pytest.param("", None, id="empty"),
        pytest.param("No Image@" + A, None, id="no image reference"),
        pytest.param("web@sha384:" + "a" * 96, None, id="a digest that no runtime takes"),
    ],
)
def test_a_digest_counts_and_nothing_else(written: str, expected: str | None) -> None:
    assert named("Pod", spec=pod(written)) == ([expected] if expected else [])


def test_every_place_of_a_pod_is_looked_at() -> None:
    places = {
        "containers": [{"name": "a", "image": f"r.example/a@{A}"}],
        "initContainers": [{"name": "b", "image": f"r.example/b@{A}"}],
        "ephemeralContainers": [{"name": "c", "image": f"r.example/c@{A}"}],
        "volumes": [{"name": "d", "image": {"reference": f"r.example/d@{A}"}}, {"name": "e"}],
    }

    assert named("Pod", spec=places) == [f"r.example/{one}@{A}" for one in "abcd"]


TEMPLATE = {"template": {"spec": pod(f"r.example/web@{A}")}}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("PodTemplate", TEMPLATE),
        *[
            (kind, {"spec": TEMPLATE})
            for kind in (
                *("ReplicationController", "Deployment", "ReplicaSet"),
                *("StatefulSet", "DaemonSet", "Job"),
            )
        ],
        ("CronJob", {"spec": {"jobTemplate": {"spec": TEMPLATE}}}),
    ],
)
def test_every_kind_has_its_template(kind: str, fields: dict[str, Any]) -> None:
    assert named(kind, **fields) == [f"r.example/web@{A}"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Pod", {}),
        ("Pod", {"spec": None, "status": None}),
        ("Pod", {"spec": {"containers": None}}),
        ("PodTemplate", {"template": None}),
        ("ReplicationController", {"spec": {"replicas": 0}}),
        ("Deployment", {"spec": {"template": {"spec": None}}}),
        ("CronJob", {"spec": {"jobTemplate": {}}}),
    ],
)
def test_what_is_missing_names_nothing(kind: str, fields: dict[str, Any]) -> None:
    assert named(kind, **fields) == []


@pytest.mark.parametrize(
    ("written", "status", "expected"),
    [
        pytest.param("web:1", statuses(f"docker-pullable://docker.io/x@{A}"), A, id="dockershim"),
        pytest.param("web:1", statuses(f"docker.io/library/web@{A}"), A, id="containerd"),
        pytest.param(
            "web:1", statuses(f"x@{A}", "initContainerStatuses"), A, id="an init container's"
        ),
        pytest.param("web:1", statuses(A), None, id="the digest of a config"),
        pytest.param("web:1", statuses(""), None, id="not started"),
        pytest.param("web:1", statuses("x@sha256:short"), None, id="no digest"),
        pytest.param("web:1", statuses(f"x@{A}", name="c1"), None, id="of another container"),
        pytest.param(f"web@{B}", statuses(f"x@{A}"), B, id="what is written comes first"),
    ],
)
def test_a_tag_counts_as_what_the_node_runs_under_the_name_that_was_written(
    written: str, status: dict[str, Any], expected: str | None
) -> None:
    found = named("Pod", spec=pod(written), status=status)

    assert found == ([f"docker.io/library/web@{expected}"] if expected else [])


def test_a_hostile_object_names_so_many_and_no_more() -> None:
    images = [f"r.example/web@sha256:{number:064x}" for number in range(1000)]

    assert len(named("Deployment", spec={"template": {"spec": pod(*images)}})) == MOST_IMAGES


def test_equal_objects_share_what_is_held() -> None:
    data = msgspec.json.encode({"metadata": METADATA, "spec": pod(f"web@{A}", f"app@{B}")})
    one, other = (msgspec.json.decode(data, type=item_of("Pod")) for _ in range(2))

    assert images_of(one) is images_of(other)


def test_what_comes_and_goes_a_thousand_times_stays_nowhere() -> None:
    def seen(number: int) -> list[str]:
        # The short ones are remembered one by one, but not the thousand of them for each Pod.
        short = [f"r.example/i{place}:x" for place in range(number % 2 * 1000)]
        return named("Pod", spec=pod(f"{number:0100000}", f"r.example/web@{A}", *short))

    assert seen(0) == seen(1) == [f"r.example/web@{A}"]
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(2, 102):
            seen(number)
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 100_000
