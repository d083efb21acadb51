"""Which digests a cluster uses."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.cluster.objects_server import objects_server
from webhook.cluster.digests_in_use import digests_in_use
from webhook.errors import ClusterError

PATH = "/apis/cocket.dev/v1alpha1/imagefacts"
CHILD = "sha256:" + "cd" * 32


async def test_records_and_their_platforms_count() -> None:
    async with objects_server() as (server, api, _):
        server.put(PATH, DIGEST.replace(":", "-"), spec={"platforms": [{"digest": CHILD}, {}]})
        # Nobody knows what it is but that something runs.
        server.put(PATH, "sha256-" + "ef" * 32)
        server.put(PATH, "other", spec={"platforms": []})

        assert await digests_in_use(api) == {DIGEST, CHILD, "sha256:" + "ef" * 32}


async def test_a_cluster_that_does_not_tell_is_an_error() -> None:
    async with objects_server() as (server, api, _):
        server.forbidden.add(PATH)

        with pytest.raises(ClusterError):
            await digests_in_use(api)


async def test_a_record_that_cannot_be_read_is_an_error_and_no_gap() -> None:
    async with objects_server() as (server, api, _):
        server.put(PATH, DIGEST.replace(":", "-"), spec={"platforms": 1})

        with pytest.raises(ClusterError):
            await digests_in_use(api)
