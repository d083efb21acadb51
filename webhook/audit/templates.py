"""What would start next where nothing runs: the Pods that templates describe.

A Deployment scaled to zero, a CronJob between two runs or a rollout that is stuck would be refused
when its next Pod is made, and nobody sees it before. Where Pods of the template run, they are
judged and it is not: what a mutating webhook makes of Pods is no business of the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.audit.objects import Controller, CronJob, Holder
from webhook.audit.owners import Link
from webhook.cluster import kinds
from webhook.core import object_fields as fields
from webhook.core.objects import pod_workload
from webhook.core.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from webhook.audit.owners import Claim, Owners
    from webhook.cluster.kinds import Kind

LISTED: tuple[frozenset[Kind], ...] = (
    frozenset(
        {
            kinds.DEPLOYMENTS,
            kinds.STATEFUL_SETS,
            kinds.DAEMON_SETS,
            kinds.REPLICATION_CONTROLLERS,
            kinds.CRON_JOBS,
            kinds.CRON_JOBS_BETA,
        }
    ),
    frozenset({kinds.REPLICA_SETS, kinds.JOBS}),
)
"""Owners before what they own. A PodTemplate is not among them: nothing starts it."""
_TELLING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_JOB = "Job"
_CRON_JOB = "CronJob"


class Template(msgspec.Struct, frozen=True):
    """What one object would start."""

    owner: Link
    pod: Workload
    updated: bool
    """Whether Pods that run are of the template as it is now, if any run."""


class Templates:
    """Holds the templates of objects that nobody is known to control."""

    def __init__(self, owners: Owners) -> None:
        """Nothing was taken yet."""
        self._owners = owners
        self._held: list[Template] = []
        self._jobs: dict[str, tuple[str, int]] = {}
        """By uid of a Job: uid of its CronJob, and what it was made of."""

    def take(self, found: Link, item: Controller | CronJob) -> None:
        """Take an object; its owner was taken before it, if it has one."""
        self._owners.add(found)
        by = found.controller
        if by is not None and self._owners.is_known(found.namespace, by):
            if found.kind == _JOB:
                self._jobs[found.uid] = (by.uid, _made_of(_pod(found, item)))
        elif not _at_rest(item):
            self._held.append(
                Template(found, _pod(found, item), updated=_updated(found.kind, item))
            )

    def claims(self) -> Iterator[Claim]:
        """Whom the objects that are held name as their owner."""
        for one in self._held:
            if one.owner.controller is not None:
                yield one.owner.namespace, one.owner.controller

    def next(self, live: Collection[str], running: Collection[str]) -> Iterator[Template]:
        """Those that nothing stands for; the owners were told to learn the `claims` before.

        Args:
            live: uids of what controls Pods that run.
            running: uids of the last owners of Pods that run.
        """
        current = {of for job, of in self._jobs.items() if job in live}
        for one in self._held:
            by, uid = one.owner.controller, one.owner.uid
            if by is not None and self._owners.root((one.owner.namespace, by)) is not None:
                continue
            if uid in running and (one.updated or (uid, _made_of(one.pod)) in current):
                continue
            yield one


def _at_rest(item: Controller | CronJob) -> bool:
    """Whether it starts no Pod: a Job at its end, or one that others left behind at zero."""
    if item.status is not None and item.status.ended:
        return True
    owned = item.metadata is not None and item.metadata.controller() is not None
    return owned and isinstance(item.spec, Holder) and item.spec.replicas == 0


def _updated(kind: str, item: Controller | CronJob) -> bool:
    """By the words of its controller; where it has none, what runs is taken for its template."""
    if kind not in _TELLING:
        return kind != _CRON_JOB
    status, metadata = item.status, item.metadata
    if status is None or metadata is None or status.observed_generation < metadata.generation:
        return False
    return bool(status.updated_replicas or status.updated_number_scheduled)


def _pod(found: Link, item: Controller | CronJob) -> Workload:
    """The Pod that its controller would make: under another name, and a Pod as any other."""
    spec, _ = item.pod()
    metadata = fields.Metadata(generate_name=f"{found.name}-", namespace=found.namespace)
    return pod_workload(fields.Pod(metadata, spec))


def _made_of(pod: Workload) -> int:
    return hash((pod.around, pod.images))
