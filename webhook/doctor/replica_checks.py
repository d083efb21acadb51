"""The processes: are there enough, of one version, all alive, and of one mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.cluster.leader import LEASE as OPERATOR_LEASE
from webhook.cluster.replica_lease import (
    CERTIFICATE,
    LEASE_SECONDS,
    POLICY_VERSION,
    PREFIX,
    READY,
)
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.core.timestamps import parse_moment
from webhook.doctor.picture import Picture, Unseen
from webhook.errors import InvalidImageError
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webhook.doctor.objects import Deployment, Lease

_MAX_AHEAD = 5.0
"""Seconds that a Lease may come from the future: the API server tells its time in whole ones."""
_ENOUGH = 2
_MAX_SHOWN = 10


def deployments(picture: Picture) -> Iterator[Diagnosis]:
    """Whether the Pods are there, of one image that cannot be moved, and of our version."""
    found = picture.deployments
    if isinstance(found, Unseen):
        yield Diagnosis("deployments", State.UNKNOWN, f"the Deployments: {found.why}")
        return
    if not found:
        message = f"there is no Deployment of Cocket in {picture.namespace}"
        fix = "cocket doctor --namespace NS, with the namespace of the release"
        yield Diagnosis("deployments", State.WRONG, message, fix)
    for one in found:
        yield _deployment(one, picture)
        yield _image(one)
    yield from _versions(found, picture)


def webhook_replicas(picture: Picture) -> Iterator[Diagnosis]:
    """Whether replicas are alive, ready, and decide by the same."""
    leases = picture.leases
    if isinstance(leases, Unseen):
        yield Diagnosis("replicas", State.UNKNOWN, f"the Leases of the replicas: {leases.why}")
        return
    ours = [one for one in leases if one.metadata.name.startswith(PREFIX)]
    alive = [one for one in ours if _age(one, picture) < LEASE_SECONDS]
    ready = [one for one in alive if _note(one, READY) == "true"]
    namespace = picture.namespace
    pods = f"kubectl -n {namespace} get pods -l app.kubernetes.io/component=webhook"
    if not ready:
        message = f"no replica of the webhook is ready; {len(alive)} are alive"
        yield Diagnosis("replicas", State.WRONG, message, pods)
    elif len(ready) < _ENOUGH:
        message = "only one replica of the webhook is ready: an update or a drain leaves none"
        yield Diagnosis("replicas", State.RISK, message, pods)
    else:
        yield Diagnosis("replicas", State.OK, f"{len(ready)} replicas of the webhook are ready")
    for one in alive:
        name = printable(one.metadata.name.removeprefix(PREFIX), 100)
        if one not in ready:
            fix = f"kubectl -n {namespace} logs {name} --tail=50"
            yield Diagnosis("replicas", State.WRONG, f"{name} is alive and not ready", fix)
        if _age(one, picture) < -_MAX_AHEAD:
            message = (
                f"the clock of {name} is {-_age(one, picture):.0f} s ahead of the API server's"
            )
            fix = f"kubectl -n {namespace} get pod {name} -o wide    # mend the clock of its node"
            yield Diagnosis("replicas", State.WRONG, message, fix)
    yield from _agreement(ready, namespace)


def operator_leader(picture: Picture) -> Iterator[Diagnosis]:
    """Whether an operator leads."""
    leases = picture.leases
    if isinstance(leases, Unseen):
        yield Diagnosis("operator", State.UNKNOWN, f"the Lease of the leader: {leases.why}")
        return
    fix = f"kubectl -n {picture.namespace} get pods -l app.kubernetes.io/component=operator"
    lease = next((one for one in leases if one.metadata.name == OPERATOR_LEASE), None)
    holder = printable((lease.spec.holder_identity if lease and lease.spec else "") or "", 100)
    if lease is None or not holder:
        yield Diagnosis("operator", State.WRONG, "no operator leads", fix)
    elif _age(lease, picture) >= LEASE_SECONDS:
        message = f"{holder} leads no more, and nobody has followed it"
        yield Diagnosis("operator", State.WRONG, message, fix)
    else:
        yield Diagnosis("operator", State.OK, f"{holder} leads")


def _agreement(ready: Sequence[Lease], namespace: str) -> Iterator[Diagnosis]:
    for note, what in ((CERTIFICATE, "certificates"), (POLICY_VERSION, "policies")):
        said = {_note(one, note) for one in ready}
        if len(said) > 1:
            message = (
                f"replicas serve with {len(said)} different {what}; for a minute that is usual"
            )
            fix = f"kubectl -n {namespace} get leases -o yaml    # then look again"
            yield Diagnosis("replicas", State.RISK, message, fix)


def _age(lease: Lease, picture: Picture) -> float:
    """Seconds since it was renewed; infinite where it does not say."""
    moment = parse_moment((lease.spec.renew_time if lease.spec else "") or "")
    return float("inf") if moment is None else (picture.time - moment.at).total_seconds()


def _note(lease: Lease, name: str) -> str:
    return (lease.metadata.annotations or {}).get(name, "")


def _deployment(one: Deployment, picture: Picture) -> Diagnosis:
    name, wanted, ready = one.metadata.name, one.spec.replicas, one.status.ready_replicas
    if ready < wanted or not wanted:
        message = f"{name}: {ready} of {wanted} Pods are ready"
        fix = f"kubectl -n {picture.namespace} describe deployment {name}"
        return Diagnosis("deployments", State.WRONG, message, fix)
    return Diagnosis("deployments", State.OK, f"{name}: {ready} of {wanted} Pods are ready")


def _image(one: Deployment) -> Diagnosis:
    for text in one.images:
        try:
            pinned = ImageRef.parse(text).pinned
        except InvalidImageError:
            pinned = False
        if not pinned:
            message = f"{one.metadata.name} runs {printable(text, 200)}, which can be moved"
            fix = "helm upgrade … --set image.digest=sha256:…"
            return Diagnosis("deployments", State.RISK, message, fix)
    return Diagnosis("deployments", State.OK, f"{one.metadata.name} names its image by digest")


def _versions(found: Sequence[Deployment], picture: Picture) -> Iterator[Diagnosis]:
    versions = sorted({one.version for one in found if one.version})
    images = {image for one in found for image in one.images}
    if len(images) > 1:
        message = f"the Deployments run {len(images)} different images"
        fix = f"kubectl -n {picture.namespace} get deployments -o wide"
        yield Diagnosis("versions", State.RISK, message, fix)
    if not versions:
        yield Diagnosis("versions", State.UNKNOWN, "no Deployment says its version")
    elif versions != [picture.version]:
        shown = printable(", ".join(versions[:_MAX_SHOWN]), 200)
        message = f"the cluster runs Cocket {shown}, and this is {picture.version}"
        yield Diagnosis("versions", State.RISK, message, "Take the same version of both.")
    else:
        yield Diagnosis("versions", State.OK, f"Cocket {picture.version} here and there")
