"""Documents to policies: `Registry` and `ClusterImagePolicy`, from files or from a cluster."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from webhook.core.document import Document
from webhook.core.policy import Policy, PolicySet
from webhook.core.policy_fields import read_policy
from webhook.core.printable import printable
from webhook.core.registries import Registries, Registry
from webhook.core.registry_fields import read_registry
from webhook.core.resource_fields import Fields, is_name
from webhook.core.rules.registry import RegistryRule
from webhook.errors import InvalidPolicyError

API_VERSION = "cocket.dev/v1alpha1"
REGISTRY = "Registry"
POLICY = "ClusterImagePolicy"

# What the API server adds to an object's metadata, so that `kubectl get -o yaml` can be read back.
_METADATA = (
    *("annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
    *("finalizers", "generation", "labels", "managedFields", "ownerReferences"),
    *("resourceVersion", "selfLink", "uid"),
)
_KINDS = f"{REGISTRY} and {POLICY}"
_DEFAULT = {
    "apiVersion": API_VERSION,
    "kind": POLICY,
    "metadata": {"name": "default"},
    "spec": {
        "mode": "enforce",
        "onUnknown": "warn",
        "rules": {"digest": {}, "provenance": {}, "init": {}},
    },
}


class Loaded(msgspec.Struct, frozen=True):
    """Policies that can be used, and what their author should look at."""

    policies: PolicySet
    warnings: tuple[str, ...] = ()


class _Resource(msgspec.Struct, frozen=True):
    """A document of which kind, name and outer shape are right."""

    document: Document
    kind: str
    name: str
    top: Fields
    spec: Fields


def default_policies() -> Loaded:
    """The built-in policy `default`: digest, provenance, init; an unknown is a warning."""
    return load_policies([Document("", 0, _DEFAULT)])


def load_policies(documents: Iterable[Document], *, policy_required: bool = True) -> Loaded:
    """Read policies and registries as one whole.

    Args:
        documents: in any order; policies may use registries further down.
        policy_required: whether registries alone are an error. They check nothing, and must not
            read as a policy that everything passes.

    Raises:
        InvalidPolicyError: a document is of another kind, has an unknown field or one of the wrong
            type, contradicts itself or another one; the message is `file:line: Kind name: path:
            what is wrong`.
    """
    resources = _named(documents)
    registries = _registries([one for one in resources if one.kind == REGISTRY])
    policies: list[Policy] = []
    warnings: list[str] = []
    for resource in resources:
        if resource.kind == POLICY:
            policy = read_policy(resource.name, resource.spec, registries)
            policies.append(policy)
            warnings += _warnings(resource, policy, registries)
    if policy_required and not policies:
        raise InvalidPolicyError(
            f"there is no {POLICY} among the documents, so nothing would be checked; "
            "docs/rules.md shows one"
        )
    return Loaded(PolicySet(tuple(policies), registries), tuple(warnings))


def _named(documents: Iterable[Document]) -> list[_Resource]:
    """Check everything but the specs."""
    resources: list[_Resource] = []
    places: dict[tuple[str, str], Document] = {}
    for document in documents:
        resource = _resource(document)
        key = (resource.kind, resource.name)
        if key in places:
            first = places[key].where
            problem = "there are two of this name" + (first and f"; see {first}")
            raise resource.top.error(problem, "metadata", "name")
        places[key] = document
        resources.append(resource)
    return resources


def _resource(document: Document) -> _Resource:
    top = Fields(document, "", document.data)
    kind = top.text("kind")
    if kind not in {REGISTRY, POLICY}:
        raise top.error(f"{printable(kind, 60)} is no kind of policy; here stand {_KINDS}", "kind")
    version = top.text("apiVersion")
    if version != API_VERSION:
        raise top.error(f"expected {API_VERSION}, got {printable(version, 60)}", "apiVersion")
    metadata = top.section("metadata")
    name = metadata.text("name")
    if not is_name(name):
        raise metadata.error("expected small letters, digits, dots and hyphens", "name")
    titled = Fields(document, f"{kind} {name}", document.data)
    metadata = titled.section("metadata")
    metadata.allow("name", *_METADATA)
    metadata.end()
    titled.allow("apiVersion", "kind", "status")
    if not titled.has("spec"):
        raise titled.error("spec is missing")
    spec = titled.section("spec")
    titled.end()
    return _Resource(document, kind, name, titled, spec)


def _registries(resources: Iterable[_Resource]) -> Registries:
    found: dict[str, tuple[_Resource, Registry]] = {}
    places: dict[str, _Resource] = {}
    for resource in resources:
        registry = read_registry(resource.name, resource.spec)
        twin = places.setdefault(registry.location, resource)
        if twin is not resource:
            where = twin.document.where
            raise resource.spec.error(
                f"Registry {twin.name} has the same host and path" + (where and f"; see {where}"),
                "host",
            )
        found[resource.name] = (resource, registry)
    for resource, registry in found.values():
        source = registry.promotes_from
        if source == registry.name:
            raise resource.spec.error("a Registry cannot promote from itself", "promotesFrom")
        if source and source not in found:
            shown = printable(source, 60)
            raise resource.spec.error(f"there is no Registry {shown}", "promotesFrom")
    return Registries(registry for _, registry in found.values())


def _warnings(resource: _Resource, policy: Policy, registries: Registries) -> list[str]:
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
