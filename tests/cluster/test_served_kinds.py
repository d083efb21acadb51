"""Which kinds name images here: each once, in the version that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.api_server import api_server
from webhook.cluster import kinds
from webhook.cluster.served_kinds import chosen, resources_of, served_kinds
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from webhook.cluster.kinds import Kind

OLD, NEW = kinds.CRON_JOBS_BETA, kinds.CRON_JOBS


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        pytest.param((OLD,), (OLD,), id="before 1.21"),
        pytest.param((OLD, NEW), (NEW,), id="both, as they are the same objects"),
        pytest.param((NEW,), (NEW,), id="since 1.25"),
        pytest.param((), (), id="none"),
    ],
)
def test_a_cron_job_is_followed_once(served: tuple[Kind, ...], expected: tuple[Kind, ...]) -> None:
    assert chosen((*served, kinds.PODS)) == (kinds.PODS, *expected)


def test_only_kinds_that_name_images_are_followed() -> None:
    assert chosen([kinds.SECRETS, kinds.NAMESPACES, kinds.JOBS]) == (kinds.JOBS,)


async def test_a_group_that_is_not_served_has_no_resources() -> None:
    async with api_server() as (server, api):
        server.serve("/apis/apps/v1", "deployments")
        assert [one.name for one in await resources_of(api, "/apis/apps/v1")] == ["deployments"]
        assert await resources_of(api, "/apis/argoproj.io/v1alpha1") == []
        assert await served_kinds(api) == (kinds.DEPLOYMENTS,)


async def test_who_is_not_told_does_not_take_it_for_nothing() -> None:
    async with api_server() as (server, api):
        server.refuse("GET", "/apis/apps/v1", 403, "Forbidden")
        with pytest.raises(ClusterError):
            await served_kinds(api)
