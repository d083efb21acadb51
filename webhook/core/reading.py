"""One way through all documents, for those who want all of them and those who take what is good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.core.exception_fields import read_exception
from webhook.core.policy import Broken, Policy, PolicySet
from webhook.core.policy_fields import read_policy
from webhook.core.printable import printable
from webhook.core.registries import Registries, Registry
from webhook.core.registry_fields import broken_registry, read_registry
from webhook.core.resource import (
    CLUSTER_POLICY,
    EXCEPTION,
    POLICY,
    REGISTRY,
    Resource,
    read_resource,
)
from webhook.core.resource_fields import FieldError
from webhook.core.rules.registry import RegistryRule

if TYPE_CHECKING:
    from webhook.core.document import Document
    from webhook.core.exception import ImageException

_MAX_LISTED = 3
MAX_LOCAL = 16
"""Policies of one namespace. All are judged before a Pod there is answered, and everybody waits:
whoever may write them in a namespace of his own must not hold up all others."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Loaded(msgspec.Struct, frozen=True):
    """Policies that can be used, and what their author should look at."""

    policies: PolicySet
    warnings: tuple[str, ...] = ()
    ignored: tuple[Broken, ...] = ()
    """Exceptions in namespaces from which none is honoured; what they say was not read."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How documents are read."""

    in_cluster: bool
    honoured: Collection[str] | None
    """Namespaces whose exceptions count; None: all."""
    max_days: int
    now: datetime | None
    refuse: Callable[[Document, FieldError], None]
    """Told of what cannot be used; it may raise."""


def read_all(documents: Iterable[Document], terms: Terms) -> Loaded:
    """Read all documents; what cannot be used goes to `terms.refuse`, and the rest goes on."""
    resources = _named(documents, terms)
    if terms.in_cluster:
        resources.sort(key=lambda one: (one.created or _NEVER, one.full_name))
    warnings: list[str] = []
    registries = _registries([one for one in resources if one.kind == REGISTRY], terms, warnings)
    policies: list[Policy] = []
    exceptions: list[ImageException] = []
    ignored: list[Broken] = []
    local: Counter[str] = Counter()
    for one in resources:
        try:
            if one.kind == POLICY and terms.in_cluster:
                local[one.namespace] += 1
                if local[one.namespace] > MAX_LOCAL:
                    raise one.top.error(_too_many(one.namespace))
            if one.kind in {CLUSTER_POLICY, POLICY}:
                policy = read_policy(one.name, one.spec, registries, namespace=one.namespace)
                policies.append(policy)
                warnings += _no_environments(one, policy, registries)
            elif one.kind == EXCEPTION and not _honoured(one, terms):
                ignored.append(Broken(*one.key, _not_honoured(terms)))
            elif one.kind == EXCEPTION:
                since = one.created or terms.now
                exception = read_exception(
                    one.full_name, one.spec, since=since, max_days=terms.max_days
                )
                exceptions.append(exception)
                if terms.now is not None and exception.expires <= terms.now:
                    error = one.spec.error("it has expired and has no effect", "expires")
                    warnings.append(str(error))
        except FieldError as error:
            terms.refuse(one.document, error)
    return Loaded(
        PolicySet(tuple(policies), registries, tuple(exceptions)), tuple(warnings), tuple(ignored)
    )


def _named(documents: Iterable[Document], terms: Terms) -> list[Resource]:
    """Check everything but the specs."""
    resources: list[Resource] = []
    places: dict[tuple[str, str, str], Document] = {}
    for document in documents:
        try:
            resource = read_resource(document)
            if resource.key in places:
                first = places[resource.key].where
                problem = "there are two of this name" + (first and f"; see {first}")
                raise resource.top.error(problem, "metadata", "name")
        except FieldError as error:
            terms.refuse(document, error)
            continue
        places[resource.key] = document
        resources.append(resource)
    return resources


def _registries(resources: Sequence[Resource], terms: Terms, warnings: list[str]) -> Registries:
    """The registries; of two at one place the first one stays."""
    found: dict[str, Registry] = {}
    places: dict[str, Resource] = {}
    unusable: list[Resource] = []
    for resource in resources:
        try:
            registry = read_registry(resource.name, resource.spec, in_cluster=terms.in_cluster)
            if registry.promotes_from == registry.name:
                raise resource.spec.error("a Registry cannot promote from itself", "promotesFrom")
            twin = places.setdefault(registry.location, resource)
            if twin is not resource:
                raise _twin(resource, twin)
        except FieldError as error:
            terms.refuse(resource.document, error)
            unusable.append(resource)
            continue
        found[resource.name] = registry
    for resource in unusable:
        # In its place nothing passes. Without it, one with a shorter path would take its images.
        shadow = broken_registry(resource.name, resource.spec)
        if shadow is not None and places.setdefault(shadow.location, resource) is resource:
            found[resource.name] = shadow
    for resource in resources:
        source = found[resource.name].promotes_from if resource.name in found else ""
        if source and source not in found:
            dangling = _dangling(resource, source)
            if not terms.in_cluster:
                terms.refuse(resource.document, dangling)
            # It only names the way in a message, and the other one may be made a moment later.
            warnings.append(str(dangling))
    return Registries(found.values())


def _twin(resource: Resource, twin: Resource) -> FieldError:
    where = twin.document.where
    return resource.spec.error(
        f"Registry {twin.name} has the same host and path" + (where and f"; see {where}"), "host"
    )


def _dangling(resource: Resource, source: str) -> FieldError:
    return resource.spec.error(f"there is no Registry {printable(source, 60)}", "promotesFrom")


def _honoured(resource: Resource, terms: Terms) -> bool:
    return terms.honoured is None or resource.namespace in terms.honoured


def _not_honoured(terms: Terms) -> str:
    """Why an exception has no effect where it stands."""
    names = sorted(terms.honoured or ())
    if not names:
        return "exceptions are honoured from no namespace here, so it has no effect"
    shown = ", ".join(names[:_MAX_LISTED])
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return f"exceptions are honoured only from {shown}{more}, so it has no effect"


def _too_many(namespace: str) -> str:
    return (
        f"namespace {namespace} has more than {MAX_LOCAL} ImagePolicies, of which the oldest are "
        "in force: delete some, or make one of several"
    )


def _no_environments(resource: Resource, policy: Policy, registries: Registries) -> list[str]:
    """Environments that no registry has: nothing could pass, and a typing error looks like that."""
    known = {registry.environment for registry in registries.all}
    return [
        str(
            resource.spec.error(
                f"no Registry has the environment {printable(environment, 60)}",
                *("rules", active.rule.name, "environments"),
            )
        )
        for active in policy.rules
        if isinstance(active.rule, RegistryRule)
        for environment in active.rule.environments
        if environment not in known
    ]
