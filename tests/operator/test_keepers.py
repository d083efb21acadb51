from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from webhook.errors import ClusterError
from webhook.operator.keepers import Keeper, Troubles, keep

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any


class Lasting:
    """A keeper that does what it should, and tells when it was ended."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def buggy() -> None:
    raise LookupError("a bug")


async def buggy_in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(buggy())
        group.create_task(asyncio.Event().wait())


async def ending() -> None:
    return


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (buggy, "facts died, so the operator ends"),
        (buggy_in_a_group, "facts died, so the operator ends"),
        (ending, "facts ended, so the operator ends"),
    ],
)
async def test_one_keeper_that_dies_ends_all_and_is_named(
    run: Callable[[], Coroutine[Any, Any, None]],
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Lasting()

    with pytest.raises((ExceptionGroup, RuntimeError)):
        await keep([Keeper("policies", other.run), Keeper("facts", run)])

    assert other.ended
    assert message in caplog.text


async def test_what_the_api_server_refuses_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: list[int] = []
    troubles = Troubles()
    other = Lasting()

    async def refused() -> None:
        tries.append(1)
        if len(tries) < 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(_forbidden())
        await other.run()

    keeping = asyncio.create_task(keep([Keeper("facts", refused)], troubles))
    async with asyncio.timeout(10):
        await other.began.wait()

    assert "facts: GET /x: the API server answered 403" in caplog.text
    assert troubles.by_name == {}
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert other.ended


async def _forbidden() -> None:
    raise ClusterError("GET /x: the API server answered 403", status=403)
