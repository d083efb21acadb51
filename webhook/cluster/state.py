"""Everything that a webhook knows of its cluster: watched, in memory, and never asked for twice."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from webhook.cluster.gathering import Gathering, Item, Written
from webhook.cluster.kinds import (
    CLUSTER_IMAGE_POLICIES,
    IMAGE_EXCEPTIONS,
    IMAGE_POLICIES,
    REGISTRIES,
)
from webhook.cluster.mirror import Mirror
from webhook.cluster.namespaces import namespace_labels
from webhook.cluster.recorded import RecordedFacts
from webhook.cluster.secrets import docker_configs
from webhook.cluster.watched import Watched, watched
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from webhook.cluster.api import Api
    from webhook.core.document import Document
    from webhook.core.policy import PolicySet
    from webhook.core.reading import Loaded

_GATHERED = {
    "registries": REGISTRIES,
    "clusterpolicies": CLUSTER_IMAGE_POLICIES,
    "policies": IMAGE_POLICIES,
    "exceptions": IMAGE_EXCEPTIONS,
}

_log = logging.getLogger(__name__)


class ClusterState:
    """Policies, registries, exceptions, namespaces, recorded facts and logins of one cluster.

    If the API server goes away, everything stays as it was last seen; `watched` says since when.
    """

    def __init__(
        self, api: Api, *, namespace: str, gather: Callable[[Iterable[Document]], Loaded]
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            api: the cluster.
            namespace: our own, where the logins to registries are.
            gather: makes policies of all documents; pure, sets aside what it cannot use.
        """
        self._gathering = Gathering(gather)
        self.recorded = RecordedFacts(api)
        self._namespaces = namespace_labels(api)
        self._logins = docker_configs(api, namespace)
        self._namespace = namespace
        self._documents: dict[str, Mirror[Written]] = {
            name: Mirror(api, kind, Item, Item.written, changed=partial(self._gathering.put, kind))
            for name, kind in _GATHERED.items()
        }
        self._required: dict[str, Mirror[Any]] = {
            **self._documents,
            "namespaces": self._namespaces,
            "facts": self.recorded.mirror,
        }
        self._ended = ""

    def policies(self) -> PolicySet:
        """What decides now; another object only where something else decides."""
        return self._gathering.loaded.policies

    @property
    def version(self) -> str:
        """A short hash of what decides; the same in all replicas that have seen the same."""
        return self._gathering.version

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """Labels of a namespace; None where they are not known, or it does not exist."""
        return self._namespaces.held.get(("", namespace))

    def secrets(self, name: str) -> bytes | None:
        """The docker config JSON of a Secret in our own namespace; None where there is none."""
        return self._logins.held.get((self._namespace, name)) or None

    @property
    def synced(self) -> bool:
        """Whether everything was seen once that is needed to judge; for ever true then."""
        return self._gathering.first.is_set() and all(
            mirror.synced for mirror in self._required.values()
        )

    async def wait_synced(self) -> None:
        """Return once everything is known that is needed to judge."""
        for mirror in self._required.values():
            await mirror.wait_synced()
        await self._gathering.first.wait()

    def watched(self) -> list[Watched]:
        """How well each kind is known."""
        found = [watched(name, mirror) for name, mirror in self._required.items()]
        return [*found, watched("logins", self._logins, required=False)]

    def counts(self) -> dict[str, int]:
        """How much is known, for metrics."""
        policies = self.policies()
        facts = self.recorded
        useless = len(facts.ignored) + len(facts.unlearned)
        return {
            "policies_in_force": len(policies.policies),
            "policies_broken": len(policies.broken),
            "facts_known": len(facts.mirror.held) - useless,
            "facts_unlearned": len(facts.unlearned),
            "facts_ignored": len(facts.ignored),
            "following_ended": int(bool(self._ended)),
        }

    def problems(self) -> list[str]:
        """Why what is known may be old, and since when; empty where nothing is wrong."""
        return [
            *self.ended(),
            *(f"{one.name}: {one.trouble}" for one in self.watched() if one.problem),
        ]

    def ended(self) -> list[str]:
        """What is followed no more, by a bug of ours; empty as it should be."""
        return [self._ended] if self._ended else []

    def on_change(self, call: Callable[[], None]) -> None:
        """Call this whenever something else decides."""
        self._gathering.changed = call

    def loaded(self) -> Loaded:
        """What decides now, with what its authors should look at."""
        return self._gathering.loaded

    async def look(self) -> Mapping[str, ClusterError]:
        """See everything once, without following it.

        Returns:
            What could not be listed, and why, by the word that `watched` has for it.
        """
        mirrors: dict[str, Mirror[Any]] = {**self._required, "logins": self._logins}
        looks = [mirror.look() for mirror in mirrors.values()]
        found = await asyncio.gather(*looks, return_exceptions=True)
        failed: dict[str, ClusterError] = {}
        for name, error in zip(mirrors, found, strict=True):
            if isinstance(error, ClusterError):
                failed[name] = error
            elif error is not None:
                raise error
        await self._gathering.once()
        return failed

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        mirrors = (*self._required.values(), self._logins)
        tasks = [self._task(mirror.run(), mirror.kind.plural) for mirror in mirrors]
        tasks.append(self._task(self._gather(), "the reading of policies"))
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _gather(self) -> None:
        """Begin when all is there: half of the documents is another policy."""
        for mirror in self._documents.values():
            await mirror.wait_synced()
        await self._gathering.run()

    def _task(self, work: Coroutine[Any, Any, None], what: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(partial(self._report, what))
        return task

    def _report(self, what: str, task: asyncio.Task[None]) -> None:
        """They have no end: if one ends, it is a bug, and somebody must hear of it."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._ended = f"{what}: not followed any more ({type(error).__name__}); restart me"
            _log.critical("%s: not followed any more; restart me", what, exc_info=error)
