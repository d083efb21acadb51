"""The rules, one to a file; `ls` is the list of features, `RULES` says how each is switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from webhook.core.registries import Registries
from webhook.core.resource_fields import Fields
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule

_PROVENANCE = ProvenanceRule()
_INIT = InitRule()


def _registry(settings: Fields, registries: Registries) -> Rule:
    environments = settings.texts("environments", ("production",))
    return RegistryRule(environments=environments, registries=registries)


def _provenance(settings: Fields, _registries: Registries) -> Rule:
    return ProvenanceRule(
        require=settings.words("require", _PROVENANCE.require),
        schemas=settings.words("schemas", _PROVENANCE.schemas),
        sources=settings.texts("sources", _PROVENANCE.sources),
    )


def _init(settings: Fields, _registries: Registries) -> Rule:
    return InitRule(
        inits=settings.texts("inits", _INIT.inits),
        accept_shared_process_namespace=settings.flag(
            "acceptSharedProcessNamespace", default=_INIT.accept_shared_process_namespace
        ),
        servers=settings.word("servers", _INIT.servers),
        scripts=settings.word("scripts", _INIT.scripts),
        supervisors=settings.word("supervisors", _INIT.supervisors),
    )


RULES: Mapping[str, Callable[[Fields, Registries], Rule]] = {
    DigestRule.name: lambda _settings, _registries: DigestRule(),
    RegistryRule.name: _registry,
    ProvenanceRule.name: _provenance,
    InitRule.name: _init,
}
"""Name of a rule: how its settings are read. Its order is the order of findings. A new rule is its
file, its line here, and its heading in docs/rules.md."""
