"""Documents to policies, from files or from a cluster: all of them, or those that can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from msgspec.structs import replace

from webhook.core.document import Document
from webhook.core.policy import Broken
from webhook.core.reading import Loaded, Terms, read_all
from webhook.core.resource import API_VERSION, CLUSTER_POLICY, POLICY, identity
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from webhook.core.resource_fields import FieldError

__all__ = ["MAX_EXCEPTION_DAYS", "Loaded", "default_policies", "gather_policies", "load_policies"]

MAX_EXCEPTION_DAYS = 90

_DEFAULT = {
    "apiVersion": API_VERSION,
    "kind": CLUSTER_POLICY,
    "metadata": {"name": "default"},
    "spec": {
        "mode": "enforce",
        "onUnknown": "warn",
        "rules": {"digest": {}, "provenance": {}, "init": {}},
    },
}


def default_policies() -> Loaded:
    """The built-in policy `default`: digest, provenance, init; an unknown is a warning."""
    return load_policies([Document("", 0, _DEFAULT)])


def load_policies(
    documents: Iterable[Document],
    *,
    policy_required: bool = True,
    max_exception_days: int = MAX_EXCEPTION_DAYS,
    now: datetime | None = None,
) -> Loaded:
    """Read policies, registries and exceptions as one whole.

    Exceptions count whatever their namespace: who chooses the files chooses what they say.

    Args:
        documents: in any order; policies may use registries further down.
        policy_required: whether it is an error if no policy is among them. Anything else checks
            nothing, and must not read as a policy that everything passes.
        max_exception_days: how long an exception lasts at most, from its `creationTimestamp` or,
            without one, from now.
        now: aware; without it an exception needs a `creationTimestamp`.

    Raises:
        InvalidPolicyError: a document is of another kind, has an unknown field or one of the wrong
            type, contradicts itself or another one; the message is `file:line: Kind name: path:
            what is wrong`.
    """

    def refuse(_: Document, error: FieldError) -> NoReturn:
        raise error

    terms = Terms(
        in_cluster=False, honoured=None, max_days=max_exception_days, now=now, refuse=refuse
    )
    loaded = read_all(documents, terms)
    if policy_required and not loaded.policies.policies:
        raise InvalidPolicyError(
            f"there is no {CLUSTER_POLICY} and no {POLICY} among the documents, so nothing would "
            "be checked; docs/rules.md shows one"
        )
    return loaded


def gather_policies(
    documents: Iterable[Document],
    *,
    exception_namespaces: Collection[str],
    max_exception_days: int = MAX_EXCEPTION_DAYS,
    now: datetime | None = None,
) -> Loaded:
    """Read what can be used of the objects in a cluster, and set the rest aside. Never raises.

    What was set aside stands in `policies.broken`. Of two Registries of one host and path the
    older one stays. A broken Registry keeps its place, if that can be read: its images are of no
    environment then, and it is not contacted.

    Args:
        documents: in any order; one and the same order of age and name is made of them.
        exception_namespaces: from which exceptions count; elsewhere anybody may write them.
        max_exception_days: as `load_policies`.
        now: likewise; objects of a cluster have a `creationTimestamp`.
    """
    broken: list[Broken] = []

    def refuse(document: Document, error: FieldError) -> None:
        broken.append(Broken(*identity(document.data), error.detail))

    terms = Terms(
        in_cluster=True,
        honoured=exception_namespaces,
        max_days=max_exception_days,
        now=now,
        refuse=refuse,
    )
    loaded = read_all(documents, terms)
    return replace(loaded, policies=replace(loaded.policies, broken=tuple(broken)))
