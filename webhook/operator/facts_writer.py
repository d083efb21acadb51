"""Writes `ImageFacts` objects: what they say, who uses them, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.api import decode
from webhook.cluster.kinds import IMAGE_FACTS
from webhook.core.recorded import name_of
from webhook.errors import ClusterError
from webhook.operator.conditions import renewed
from webhook.operator.recorded_facts import FactsItem, condition_of, recorded_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.operator.conditions import Found
    from webhook.operator.pace import Pace
    from webhook.operator.recorded_facts import Recorded
    from webhook.operator.usage import UsedBy

MANAGER = "cocket-operator"
"""Who `metadata.managedFields` says it was."""
LEFT_OUT = dict.fromkeys(
    (
        *("commit", "source", "built", "pid1", "truncated", "promotion"),
        *("commitFrom", "sourceFrom", "builtFrom", "agreement"),
    )
)
"""What an earlier spec, or somebody else, may have said and ours does not say.

A merge patch takes it away. A server-side apply would leave what others own, and one that creates
needs the verb `create` as well, of which no audit log tells.
"""


class FactsWriter:
    """Every write waits for its turn; what comes back is the object as it is then."""

    def __init__(self, api: Api, pace: Pace, clock: Callable[[], datetime]) -> None:
        """`clock` gives aware times."""
        self._api = api
        self._pace = pace
        self._clock = clock

    async def record(
        self,
        digest: str,
        spec: Mapping[str, object],
        found: Found,
        *,
        before: Recorded | None,
        used_by: UsedBy | None,
    ) -> Recorded:
        """Write what is known about a digest, and whether it was learned.

        Two writes, as status is a resource of its own. Between them the object counts as changed by
        somebody else: if we end there, the next one writes it again.

        Args:
            digest: of the image.
            spec: the whole of it.
            found: the condition Learned.
            before: the object as it was.
            used_by: written with it, where it is known.

        Raises:
            ClusterError: it was not written, or the spec alone was.
        """
        answer = await self._spec(digest, spec, before)
        path = IMAGE_FACTS.path(name=name_of(digest))
        generation = decode(answer, FactsItem, path).metadata.generation
        known = condition_of(before) if before is not None else None
        conditions = renewed(
            msgspec.to_builtins([known] if known is not None else []),
            [found],
            generation=generation,
            now=self._clock(),
        )
        status: dict[str, object] = {"conditions": msgspec.to_builtins(conditions)}
        return await self._status(digest, status | ({} if used_by is None else _usage(used_by)))

    async def _spec(
        self, digest: str, spec: Mapping[str, object], before: Recorded | None
    ) -> bytes:
        """Create the object, or change the one that is there."""
        path = IMAGE_FACTS.path(name=name_of(digest))
        body = {
            "apiVersion": IMAGE_FACTS.api_version,
            "kind": IMAGE_FACTS.kind,
            "metadata": {"name": name_of(digest)},
            "spec": spec,
        }
        await self._pace.turn()
        try:
            if before is None:
                answer = await self._api.create(IMAGE_FACTS.path(), body, {"fieldManager": MANAGER})
            else:
                answer = await self._api.merge(
                    path, {"spec": LEFT_OUT | dict(spec)}, manager=MANAGER
                )
        except ClusterError as error:
            self._pace.failed(error)
            raise
        self._pace.succeeded()
        return answer

    async def count(
        self, digest: str, used_by: UsedBy, *, unused_since: datetime | None = None
    ) -> Recorded:
        """Write who uses a digest, or since when nobody does.

        Raises:
            ClusterError: it was not written.
        """
        return await self._status(digest, _usage(used_by, unused_since))

    async def delete(self, digest: str, version: str) -> None:
        """Delete the object, if it is still in this version.

        Raises:
            ClusterError: it was not deleted; reason `Conflict` where it changed meanwhile.
        """
        await self._pace.turn()
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"resourceVersion": version},
        }
        try:
            await self._api.delete(IMAGE_FACTS.path(name=name_of(digest)), body)
        except ClusterError as error:
            self._pace.failed(error)
            raise
        self._pace.succeeded()

    async def _status(self, digest: str, status: Mapping[str, object]) -> Recorded:
        path = IMAGE_FACTS.path(name=name_of(digest), subresource="status")
        await self._pace.turn()
        try:
            answer = await self._api.merge(path, {"status": status}, manager=MANAGER)
        except ClusterError as error:
            self._pace.failed(error)
            raise
        self._pace.succeeded()
        return recorded_of(decode(answer, FactsItem, path))


def _usage(used_by: UsedBy, unused_since: datetime | None = None) -> dict[str, object]:
    since = unused_since.strftime("%Y-%m-%dT%H:%M:%SZ") if unused_since is not None else None
    names = list(used_by.names)
    return {"usedBy": {"count": used_by.count, "names": names}, "unusedSince": since}
