"""Which kinds are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webhook.cluster import kinds
from webhook.operator.users import chosen

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
