"""The rules, one to a file; `ls` is the list of features, `RULES` says how each is switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from webhook.core.keys import PublicKey, not_a_key, read_key
from webhook.core.registries import Registries
from webhook.core.resource_fields import Fields
from webhook.core.rules.agreement import Asked
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.promotion import MAX_KEYS, Accept, PromotionRule
from webhook.core.rules.protocol import Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.rules.stop import StopRule

_PROVENANCE = ProvenanceRule()
_INIT = InitRule()
_STOP = StopRule()
_MAX_GRACE = 24 * 60 * 60


def _registry(settings: Fields, registries: Registries) -> Rule:
    environments = settings.texts("environments", ("production",))
    return RegistryRule(environments=environments, registries=registries)


def _provenance(settings: Fields, _registries: Registries) -> Rule:
    agreement = settings.word("agreement", _PROVENANCE.agreement)
    keys = _keys(settings, MAX_KEYS)
    if keys and agreement is Asked.OFF:
        raise settings.error("keys count for nothing: set agreement", "agreement")
    return ProvenanceRule(
        require=settings.words("require", _PROVENANCE.require),
        schemas=settings.words("schemas", _PROVENANCE.schemas),
        sources=settings.texts("sources", _PROVENANCE.sources),
        agreement=agreement,
        keys=keys,
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


def _promotion(settings: Fields, registries: Registries) -> Rule:
    accept = settings.words("accept", (Accept.ORIGIN,))
    keys = _keys(settings, MAX_KEYS)
    if Accept.EVIDENCE in accept and not keys:
        raise settings.error("accept has evidence: write the keys whose signatures count", "keys")
    if Accept.EVIDENCE not in accept and keys:
        raise settings.error("keys count for nothing: add evidence", "accept")
    return PromotionRule(registries=registries, accept=accept, keys=keys)


def _keys(settings: Fields, most: int) -> tuple[PublicKey, ...]:
    keys = []
    for index, pem in enumerate(settings.texts("keys", ())):
        key = read_key(pem)
        if key is None:
            raise settings.error(not_a_key(pem), "keys", index)
        keys.append(key)
    if len(keys) > most:
        raise settings.error(f"the list has more than {most} entries", "keys")
    return tuple(keys)


def _stop(settings: Fields, _registries: Registries) -> Rule:
    return StopRule(
        ungraceful=settings.word("ungraceful", _STOP.ungraceful),
        unseen=settings.word("unseen", _STOP.unseen),
        min_grace_seconds=settings.number(
            "minGraceSeconds", _STOP.min_grace_seconds, least=0, most=_MAX_GRACE
        ),
    )


RULES: Mapping[str, Callable[[Fields, Registries], Rule]] = {
    DigestRule.name: lambda _settings, _registries: DigestRule(),
    RegistryRule.name: _registry,
    PromotionRule.name: _promotion,
    ProvenanceRule.name: _provenance,
    InitRule.name: _init,
    StopRule.name: _stop,
}
"""Name of a rule: how its settings are read. Its order is the order of findings. A new rule is its
file, its line here, and its heading in docs/rules.md."""
