"""Registries, policies and exceptions: what the operator says of each in its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.doctor.picture import Picture, Seen, Unseen
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webhook.doctor.objects import Conditioned

_MAX_SHOWN = 20
"""Objects of a kind that are told of one by one."""


def registries(picture: Picture) -> Iterator[Diagnosis]:
    """Whether registries answer and let us in."""
    found = picture.registries
    if not isinstance(found, Unseen) and not found:
        message = "no Registry names a registry, so none is ever asked"
        fix = "kubectl apply -f registries.yaml    # docs/registries.md"
        yield Diagnosis("registries", State.RISK, message, fix)
        return
    yield from _told("registries", "registry", found, "answer and let us in")


def policies(picture: Picture) -> Iterator[Diagnosis]:
    """Whether there are policies, and all of them are in force."""
    found = picture.policies
    if not isinstance(found, Unseen) and not found:
        fix = "kubectl apply -f policy.yaml    # docs/rules.md"
        yield Diagnosis("policies", State.WRONG, "there is no policy, so nothing is checked", fix)
        return
    yield from _told("policies", "imagepolicy", found, "are in force")


def exceptions(picture: Picture) -> Iterator[Diagnosis]:
    """Whether all exceptions have an effect."""
    yield from _told("exceptions", "imageexception", picture.exceptions, "have effect")


def _told(
    check: str, kind: str, found: Seen[Sequence[Conditioned]], good: str
) -> Iterator[Diagnosis]:
    """What each object's condition `Ready` says."""
    if isinstance(found, Unseen):
        yield Diagnosis(check, State.UNKNOWN, f"the {check}: {found.why}")
        return
    ready = [one for one in found if one.holds("Ready")]
    yield Diagnosis(check, State.OK, f"{len(ready)} of {len(found)} {check} {good}")
    others = [one for one in found if not one.holds("Ready")]
    for one in others[:_MAX_SHOWN]:
        yield _other(check, kind, one)
    if len(others) > _MAX_SHOWN:
        fix = (
            f"kubectl get {check} -A" if check != "exceptions" else "kubectl get imageexceptions -A"
        )
        message = f"{len(others) - _MAX_SHOWN} more are not"
        yield Diagnosis(check, State.WRONG, message, fix)


def _other(check: str, kind: str, one: Conditioned) -> Diagnosis:
    metadata = one.metadata
    place = f" -n {metadata.namespace}" if metadata.namespace else ""
    if kind == "imagepolicy" and not metadata.namespace:
        kind = "clusterimagepolicy"
    name = printable(metadata.name, 253)
    fix = f"kubectl describe {kind} {name}{place}"
    condition = one.condition("Ready")
    if condition is None or condition.status == "Unknown":
        said = "the operator has not said yet" if condition is None else condition.message
        message = f"{kind} {name}{place}: {printable(said, 300)}"
        return Diagnosis(check, State.UNKNOWN, message, fix)
    said = printable(f"{condition.reason}: {condition.message}", 400)
    message = f"{kind} {name}{place}: {said}"
    # An exception that has no effect lets nothing through.
    state = State.RISK if check == "exceptions" else State.WRONG
    return Diagnosis(check, state, message, fix)
