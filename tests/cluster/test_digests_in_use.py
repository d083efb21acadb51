"""Which digests a cluster uses."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.cluster.objects_server import objects_server
from webhook.cluster.digests_in_use import digests_of_pods, digests_recorded
from webhook.errors import ClusterError

PATH = "/apis/cocket.dev/v1alpha1/imagefacts"
CHILD = "sha256:" + "cd" * 32


async def test_records_and_their_platforms_count() -> None:
    async with objects_server() as (server, api, _):
        server.put(PATH, DIGEST.replace(":", "-"), spec={"platforms": [{"digest": CHILD}, {}]})
        # Nobody knows what it is but that something runs.
        server.put(PATH, "sha256-" + "ef" * 32)
        server.put(PATH, "other", spec={"platforms": []})

        assert await digests_recorded(api) == {DIGEST, CHILD, "sha256:" + "ef" * 32}


async def test_a_cluster_that_does_not_tell_is_an_error() -> None:
    async with objects_server() as (server, api, _):
        server.forbidden.add(PATH)

        with pytest.raises(ClusterError):
            await digests_recorded(api)


async def test_a_record_that_cannot_be_read_is_an_error_and_no_gap() -> None:
    async with objects_server() as (server, api, _):
        server.put(PATH, DIGEST.replace(":", "-"), spec={"platforms": 1})

        with pytest.raises(ClusterError):
            await digests_recorded(api)


PODS = "/api/v1/pods"
OF = ["sha256:" + f"{number:02x}" * 32 for number in range(6)]


async def test_what_pods_name_and_what_nodes_run_counts() -> None:
    async with objects_server() as (server, api, _):
        server.put(
            PODS,
            "web",
            "shop",
            spec={
                "containers": [{"image": f"a/web:1@{OF[0]}"}, {"image": "a/web:1"}],
                "initContainers": [{"image": f"a/init@{OF[1]}"}],
                "ephemeralContainers": [{"image": f"a/shell@{OF[2]}"}],
                "volumes": [{"image": {"reference": f"a/data@{OF[3]}"}}, {"emptyDir": {}}],
            },
            status={
                "containerStatuses": [{"imageID": f"docker-pullable://a/web@{OF[4]}"}, {}],
                "initContainerStatuses": [{"imageID": f"a/init@{OF[5]}"}],
                "ephemeralContainerStatuses": [{"imageID": ""}],
            },
        )
        server.put(PODS, "nothing", "shop")

        assert await digests_of_pods(api) == set(OF)


async def test_pods_that_cannot_be_listed_are_an_error() -> None:
    async with objects_server() as (server, api, _):
        server.forbidden.add(PODS)

        with pytest.raises(ClusterError):
            await digests_of_pods(api)
