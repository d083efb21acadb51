"""The ASGI application: `POST /validate` by itself, everything else by FastAPI."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from webhook.admission.answer import answer_of, unjudged
from webhook.admission.bodies import CROWDED, Room, Unread, declared_length, read_rest, too_large
from webhook.admission.decisions import Judged, unjudged_decision
from webhook.admission.edge import edge
from webhook.admission.fair import FairTurns
from webhook.admission.review import Unreadable, read_review, uid_of
from webhook.admission.timeout import patience_of
from webhook.core.printable import printable
from webhook.core.verdict import Verdict
from webhook.errors import InvalidReviewError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from webhook.admission.decisionlog import DecisionLog
    from webhook.admission.limits import Limits
    from webhook.admission.listener import Application, Message
    from webhook.admission.metrics import Metrics
    from webhook.admission.review import Asked
    from webhook.core.policy import PolicySet
    from webhook.core.workload import Workload
    from webhook.engine import Engine

PATH = "/validate"
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_MAX_TEXT = 500
_NOTHING = Verdict()
# Python 3.11 takes ten times as long to look a member up in its enum as to look up a global.
_NO_REVIEW = "this is no AdmissionReview of admission.k8s.io/v1"
_SHARE_FOR_BODIES = 0.6
"""Of the time for a request: to wait for room, before the connection would be cut as slow."""


class Admission:
    """Reads reviews, asks the engine, answers; logs and counts what it answered."""

    def __init__(
        self,
        *,
        engine: Engine,
        policies: Callable[[], PolicySet],
        clock: Callable[[], datetime],
        limits: Limits,
        metrics: Metrics,
        decisions: DecisionLog,
        others: Application,
        client_certificate: bool = False,
    ) -> None:
        """Put the application together.

        Args:
            engine: gives the verdicts.
            policies: those in force now.
            clock: the time, aware; for the log.
            limits: of one review, and of all together.
            metrics: told of every answer.
            decisions: told of every decision.
            others: serves every path but `/validate`.
            client_certificate: whether `/validate` wants one, checked by the TLS context.
        """
        self._engine = engine
        self._policies = policies
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._decisions = decisions
        self._others = others
        self._client_certificate = client_certificate
        self._room = Room(max(limits.buffered_bytes, limits.body_bytes))
        self._learning = FairTurns(limits.learning)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """See the ASGI specification."""
        # The path is the request line's, whatever the Host header says.
        if scope["path"] != PATH:
            await self._others(scope, receive, send)
        elif scope["method"] != "POST":
            await self._error(send, 405, "ask with POST", (b"allow", b"POST"))
        elif self._client_certificate and not scope["state"]["client_certificate"]:
            await self._error(send, 403, "show a client certificate")
        else:
            await self._validate(scope, receive, send)

    def at_once(self, body: bytes) -> bytes | None:
        """The answer to a whole body, where nothing must be waited for; see `Connection`.

        None where anything is out of the ordinary: the same request comes by `__call__` then.
        Who asks was looked at by the connection.
        """
        started = perf_counter()
        try:
            with edge(quiet=True):  # it is met again on the long way, which says so
                asked = read_review(body)
                if isinstance(asked, Unreadable) or asked.workload is None:
                    return None
                verdict = self._engine.review_known(asked.workload)
                return None if verdict is None else self._judged(asked, verdict, started)
        except InvalidReviewError:
            pass
        return None

    async def _validate(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        arrival = _Arrival()
        failed = True
        try:
            with edge():
                body = await self._answer(arrival, scope, receive)
                failed = False
        except InvalidReviewError as error:
            await self._error(send, 400, str(error))
            return
        if failed:
            uid = arrival.uid or uid_of(arrival.beginning)
            if uid is None:
                await self._error(send, 400, _NO_REVIEW)
                return
            body = self._unjudged(uid, "exception", "cocket failed; its log says why")
        if body is None:
            return
        headers = [_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, arrival: _Arrival, scope: Message, receive: Callable[[], Awaitable[Message]]
    ) -> bytes | None:
        """The bytes to answer with; None where the peer is gone.

        Raises:
            InvalidReviewError: what came is no AdmissionReview.
        """
        deadline = asyncio.get_running_loop().time() + patience_of(scope["query_string"])
        message = await receive()
        if message["type"] != "http.request":
            return None
        body: bytes = message["body"]
        arrival.beginning = body
        if message["more_body"]:
            asked = await self._read_large(arrival, scope, receive, deadline)
            if asked is None:
                return None
        else:
            arrival.started = perf_counter()
            asked = read_review(body)
        if isinstance(asked, Unreadable):
            return self._unjudged(asked.uid, asked.cause, asked.sentence)
        arrival.uid = asked.uid
        workload = asked.workload
        if workload is None:
            return self._judged(asked, _NOTHING, arrival.started)
        verdict = self._engine.review_known(workload)
        if verdict is None:
            verdict = await self._learn(workload, deadline)
        return self._judged(asked, verdict, arrival.started)

    async def _read_large(
        self,
        arrival: _Arrival,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        deadline: float,
    ) -> Asked | Unreadable | None:
        """Read and parse what did not come in one piece, when there is room for it."""
        limit = self._limits.body_bytes
        size = declared_length(scope["headers"])
        if size is None:
            size = limit
        elif size > limit:
            return _unread(arrival.beginning, too_large(limit))
        loop = asyncio.get_running_loop()
        wait = loop.time() + _SHARE_FOR_BODIES * self._limits.request_seconds
        try:
            async with asyncio.timeout_at(min(deadline, wait)):
                await self._room.take(size)
        except TimeoutError:
            return _unread(arrival.beginning, CROWDED)
        try:
            body = await read_rest(arrival.beginning, receive, limit)
            arrival.started = perf_counter()
            match body:
                case None:
                    return None
                case Unread():
                    return _unread(arrival.beginning, body)
                case _:
                    return read_review(body)
        finally:
            self._room.give(size)

    async def _learn(self, workload: Workload, deadline: float) -> Verdict:
        """Ask the engine, which asks the registries; not for too many reviews at a time."""
        loop = asyncio.get_running_loop()
        try:
            async with self._learning.turn(workload.namespace, deadline):
                return await self._engine.review(workload, deadline - loop.time())
        except TimeoutError:
            return await self._engine.review(workload, 0.0)

    def _judged(self, asked: Asked, verdict: Verdict, started: float) -> bytes:
        """Answer, count and log a verdict."""
        bad = verdict.bad
        broken = self._policies().broken_in(asked.namespace)
        title = asked.title if bad else ""
        answer = answer_of(asked.uid, title, bad, broken, verdict.old_tags)
        seconds = perf_counter() - started
        self._metrics.judged(answer.decision, bad, seconds)
        self._metrics.old_tags += len(verdict.old_tags)
        self._decisions.write(Judged(self._clock(), asked, answer, bad, seconds))
        return answer.body

    def _unjudged(self, uid: str, cause: str, sentence: str) -> bytes:
        """Refuse what nobody judged, unless no policy refuses anything; count and log it."""
        answer = unjudged(uid, sentence, allowed=not self._policies().enforces)
        self._metrics.unjudged[cause, answer.decision] += 1
        self._decisions.write(unjudged_decision(self._clock(), uid, cause, answer))
        return answer.body

    async def _error(
        self,
        send: Callable[[Message], Awaitable[None]],
        status: int,
        text: str,
        *headers: tuple[bytes, bytes],
    ) -> None:
        """An HTTP error: what came has no uid to answer to."""
        self._metrics.http_errors[str(status)] += 1
        body = f"{printable(text, _MAX_TEXT)}\n".encode()
        length = (b"content-length", b"%d" % len(body))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [_TEXT, length, *headers],
            }
        )
        await send({"type": "http.response.body", "body": body})


class _Arrival:
    """What is known of a request so far, for the answer to it if we fail."""

    __slots__ = ("beginning", "started", "uid")

    def __init__(self) -> None:
        self.beginning = b""
        self.uid = ""
        self.started = 0.0


def _unread(beginning: bytes, body: Unread) -> Unreadable:
    """A body that was not read; its uid is in the part that was.

    Raises:
        InvalidReviewError: that part is of no AdmissionReview.
    """
    uid = uid_of(beginning)
    if uid is None:
        raise InvalidReviewError(_NO_REVIEW)
    return Unreadable(uid, body.cause, body.sentence)
