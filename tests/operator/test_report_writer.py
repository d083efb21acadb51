"""Writes of reports: what is no trouble, what is, and how often it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api_server import ApiServer, api_server
from webhook.cluster.kinds import POLICY_REPORTS
from webhook.errors import ClusterError
from webhook.operator.report_writer import ReportWriter, is_ending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/apis/wgpolicyk8s.io/v1alpha2/policyreports"
KEY = ("shop", "cocket-1")


def report(count: int = 1) -> dict[str, Any]:
    metadata = {"namespace": KEY[0], "name": KEY[1]}
    return {"metadata": metadata, "summary": {"fail": count}}


@pytest.fixture
async def world() -> AsyncIterator[tuple[ApiServer, ReportWriter]]:
    async with api_server() as (server, api):
        yield server, ReportWriter(api, per_second=1000)


def methods(server: ApiServer) -> list[str]:
    return [one.method for one in server.writes]


@pytest.mark.parametrize(
    ("there", "known", "expected"),
    [
        (False, False, ["POST"]),
        (True, True, ["PATCH"]),
        (True, False, ["POST", "PATCH"]),
        (False, True, ["PATCH", "POST"]),
    ],
    ids=["new", "changed", "unheard of", "gone meanwhile"],
)
async def test_it_is_there_afterwards_whatever_was_known(
    world: tuple[ApiServer, ReportWriter], *, there: bool, known: bool, expected: list[str]
) -> None:
    server, writer = world
    if there:
        server.put(PATH, KEY[1], KEY[0], summary={"fail": 9})
    await writer.put(POLICY_REPORTS, KEY, report(), known=known)

    assert methods(server) == expected
    assert (server.get(PATH, KEY[1], KEY[0]) or {})["summary"] == {"fail": 1}
    assert writer.problem == ""


async def test_what_is_gone_already_is_deleted(world: tuple[ApiServer, ReportWriter]) -> None:
    server, writer = world
    server.put(PATH, KEY[1], KEY[0])
    await writer.delete(POLICY_REPORTS, KEY)
    await writer.delete(POLICY_REPORTS, KEY)

    assert server.get(PATH, KEY[1], KEY[0]) is None
    assert writer.problem == ""


async def test_a_refusal_is_a_problem_until_the_next_beginning_and_logged_once(
    world: tuple[ApiServer, ReportWriter], caplog: pytest.LogCaptureFixture
) -> None:
    server, writer = world
    server.refuse("POST", "policyreports", 403, "Forbidden")
    for _ in range(3):
        await writer.put(POLICY_REPORTS, KEY, report(), known=False)

    assert "403" in writer.problem
    assert caplog.text.count("a report could not be written") == 1
    writer.begin()
    assert writer.problem == ""


def test_a_namespace_that_goes_is_told_by_its_words() -> None:
    said = "unable to create new content in namespace shop because it is being terminated"

    assert is_ending(ClusterError(said, status=403))
    assert not is_ending(ClusterError("no right", status=403))
