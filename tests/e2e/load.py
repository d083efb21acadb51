"""Pods created at a steady rate, every answer classified, and afterwards what really got in.

The judge is the list of objects at the end: an answer may get lost, an object may not.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.server import ApiServer

LABEL = "e2e.cocket.dev/load"
_CONNECTIONS = 64
_LONGEST_SECONDS = 35.0
"""For one request: a webhook may take 30 s."""
_PAGE = 250
_DENIAL = re.compile(r'admission webhook "[^"]+" denied the request')
_CALL_ERROR = re.compile(r"failed calling webhook|failed to call webhook")


class Got(StrEnum):
    """What an answer to a create says."""

    ADMITTED = "admitted"
    DENIED = "denied"
    """By our verdict."""
    CALL_ERROR = "call error"
    """The webhook could not be asked, or gave no answer that counts."""
    OTHER = "other"
    """The API server itself failed, or was not there."""


class Wanted(msgspec.Struct, frozen=True):
    """A Pod to create, and whether the policy admits it."""

    image: str
    admitted: bool


class Sent(msgspec.Struct, frozen=True):
    """A Pod of the load, and the answer it got."""

    name: str
    admitted: bool
    """What was intended."""
    got: Got
    message: str
    """Of the answer, unless the Pod was admitted."""
    started: float
    """Seconds since the load began."""
    seconds: float
    """How long the answer took."""


class Load(msgspec.Struct):
    """What a load did; `name` is the value of its label on every Pod."""

    name: str
    namespace: str
    sent: list[Sent] = []
    """In the order of their start."""

    @property
    def tally(self) -> Counter[Got]:
        """How many answers of each kind."""
        return Counter(one.got for one in self.sent)

    @property
    def failed(self) -> list[Sent]:
        """Answers that are no verdict: call errors and everything else that went wrong."""
        return [one for one in self.sent if one.got in {Got.CALL_ERROR, Got.OTHER}]

    @property
    def wrong(self) -> list[Sent]:
        """Verdicts that are not the intended one."""
        told = {Got.ADMITTED: True, Got.DENIED: False}
        return [one for one in self.sent if one.got in told and told[one.got] != one.admitted]

    @property
    def per_second(self) -> float:
        """How many were sent a second; fewer than asked for where the machine is slow."""
        took = self.sent[-1].started if self.sent else 0.0
        return len(self.sent) / took if took else 0.0

    def longest(self) -> float:
        """Seconds that the slowest answer took."""
        return max((one.seconds for one in self.sent), default=0.0)


class Stored(msgspec.Struct, frozen=True):
    """The load's Pods that are really there, beside what was intended."""

    slipped: tuple[str, ...]
    """There, and meant to be refused."""
    missing: tuple[str, ...]
    """Not there, and said to be created."""
    count: int


class _Status(msgspec.Struct):
    message: str = ""


_STATUS = msgspec.json.Decoder(_Status)


async def send_load(
    server: ApiServer,
    namespace: str,
    choose: Callable[[int], Wanted],
    *,
    count: int,
    per_second: float,
    name: str = "load",
    stop: asyncio.Event | None = None,
) -> Load:
    """Create `count` Pods, so many a second; returns all answers.

    No more than 64 wait for their answer at one time: what a slow machine cannot take is sent
    later, and does not run into the client's own deadline.

    Args:
        server: asked as admin.
        namespace: it exists.
        choose: the Pod of each number, from 0.
        count: how many at most.
        per_second: steady, as long as the server keeps up.
        name: a label value that no other load in the namespace has.
        stop: set it to end early.
    """
    load = Load(name, namespace)
    path = f"{server.url}/api/v1/namespaces/{namespace}/pods"
    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(_CONNECTIONS)
    async with _session(server) as session, asyncio.TaskGroup() as group:
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(began + number / per_second - loop.time())
            if stop is not None and stop.is_set():
                break
            await turns.acquire()
            created = _create(session, path, load, f"{name}-{number}", choose(number), began)
            group.create_task(created).add_done_callback(lambda _: turns.release())
    load.sent.sort(key=lambda one: one.started)
    return load


async def stored(server: ApiServer, load: Load) -> Stored:
    """List the load's Pods and compare them with what was intended."""
    names = set[str]()
    path = f"{server.url}/api/v1/namespaces/{load.namespace}/pods"
    query = {"labelSelector": f"{LABEL}={load.name}", "limit": str(_PAGE)}
    async with _session(server) as session:
        while True:
            async with session.get(path, params=query, raise_for_status=True) as answer:
                page = await answer.json()
            names |= {one["metadata"]["name"] for one in page["items"]}
            if not (token := page["metadata"].get("continue")):
                break
            query["continue"] = token
    refused = {one.name for one in load.sent if not one.admitted}
    created = {one.name for one in load.sent if one.got is Got.ADMITTED}
    # A name that the load does not know was sent by nobody: it slipped too.
    unknown = names - {one.name for one in load.sent}
    return Stored(
        slipped=tuple(sorted((names & refused) | unknown)),
        missing=tuple(sorted(created - names)),
        count=len(names),
    )


async def delete_pods(server: ApiServer, load: Load) -> None:
    """Remove what the load left; without nodes, and at once."""
    path = f"{server.url}/api/v1/namespaces/{load.namespace}/pods"
    query = {"labelSelector": f"{LABEL}={load.name}", "gracePeriodSeconds": "0"}
    query["limit"] = str(_PAGE)  # an API server gives up on all of them after half a minute
    left = True
    async with _session(server) as session:
        while left:
            async with session.delete(path, params=query, raise_for_status=True) as answer:
                left = bool((await answer.json())["items"])


def _session(server: ApiServer) -> ClientSession:
    return ClientSession(
        connector=TCPConnector(ssl=server.trust, limit=_CONNECTIONS),
        timeout=ClientTimeout(total=_LONGEST_SECONDS),
        headers={"Authorization": f"Bearer {server.token()}"},
    )


async def _create(  # noqa: PLR0917 - called once
    session: ClientSession, path: str, load: Load, name: str, wanted: Wanted, began: float
) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with session.post(path, json=_pod(name, load.name, wanted.image)) as answer:
            got, message = _read(answer.status, await answer.read())
    except (ClientError, TimeoutError) as error:
        got, message = Got.OTHER, f"{type(error).__name__}: {error}"
    ended = loop.time()
    load.sent.append(Sent(name, wanted.admitted, got, message, started - began, ended - started))


def _read(status: int, body: bytes) -> tuple[Got, str]:
    if status == 201:
        return Got.ADMITTED, ""
    try:
        message = _STATUS.decode(body).message
    except msgspec.DecodeError:  # the server's own words, while it begins or ends
        message = body.decode(errors="replace")
    if status == 403 and _DENIAL.search(message):
        return Got.DENIED, message
    if _CALL_ERROR.search(message):
        return Got.CALL_ERROR, message
    return Got.OTHER, f"{status}: {message}"


def _pod(name: str, load: str, image: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {LABEL: load}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
