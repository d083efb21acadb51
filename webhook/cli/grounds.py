"""What an audit judges by: the policies of a cluster, and what could not be read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from webhook.cli.auditing import Asked
    from webhook.cluster.state import ClusterState
    from webhook.core.policy import PolicySet
    from webhook.errors import ClusterError

_NOT_FOUND = 404
_DECIDING = ("registries", "clusterpolicies", "policies", "exceptions")
_MAX_SHOWN = 300


def policies_of(
    state: ClusterState, failed: Mapping[str, ClusterError], warn: Callable[[str], None]
) -> PolicySet:
    """The policies that the webhook decides by.

    Raises:
        InputError: they cannot be read.
    """
    for name in _DECIDING:
        error = failed.get(name)
        if error is not None and error.status == _NOT_FOUND:
            raise InputError(
                "Cocket is not installed in this cluster: it knows no "
                f"{name} of cocket.dev. Give --policy FILE to judge by policies of your own"
            )
        if error is not None:
            raise error
    loaded = state.loaded()
    for warning in loaded.warnings:
        warn(warning)
    if loaded.ignored:
        warn(
            f"{len(loaded.ignored)} ImageExceptions are not honoured. Give --exception-namespace "
            "for each of the chart's exceptionNamespaces, as the webhook has them"
        )
    return loaded.policies


def refuse_nothing(policies: PolicySet) -> None:
    """Refuse to judge by no policy.

    Raises:
        InputError: there is none: nothing would be checked.
    """
    if not policies.policies:
        raise InputError(
            "no policy is in force in this cluster, so nothing would be checked. Write one "
            "(docs/rules.md), or give --policy FILE"
        )


def missing(
    asked: Asked, failed: Mapping[str, ClusterError], policies: PolicySet, namespace: str
) -> Iterator[str]:
    """What the verdicts stand on that is not there, in sentences."""
    if "namespaces" in failed:
        yield (
            "the labels of namespaces could not be read, so every policy covers every namespace: "
            f"{failed['namespaces']}"
        )
    facts = failed.get("facts")
    if facts is not None and not (asked.policies and facts.status == _NOT_FOUND):
        yield f"recorded image facts could not be read, so registries were asked: {facts}"
    if "logins" in failed and any(one.secret_name for one in policies.registries.all):
        yield (
            f"the Secrets in {asked.system_namespace} with logins to registries could not be "
            f"read: {failed['logins']}"
        )
    broken = policies.broken if not namespace else policies.broken_in(namespace)
    for one in broken:
        yield f"{printable(one.title, _MAX_SHOWN)} is broken and not in force: {one.message}"
