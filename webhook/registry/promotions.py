"""Whether images were promoted: asked of two registries, and what was seen is kept by digest.

That a digest was somewhere, and that a key signed evidence about it, stays true and is kept without
end. That it was not, or could not be asked, is believed for seconds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING, TypeAlias

from webhook.core.facts import Promotion, Reason, Unknown
from webhook.core.promotion import origin_of, place_of, seen, together
from webhook.core.rules.promotion import Accept, PromotionRule
from webhook.core.verdict import Outcome
from webhook.errors import BadContentError, RegistryError
from webhook.registry.cache import Brief
from webhook.registry.envelopes import signers
from webhook.registry.evidence import MAX_OPENED, Attached, read_evidence
from webhook.registry.flights import Flights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webhook.core.image import ImageRef
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries, Registry
    from webhook.registry.client import RegistryClient

GAP_SECONDS = 5.0
_MAX_KEPT = 65_536
"""Digests; 20 MB at most."""

Rules: TypeAlias = tuple[PromotionRule, ...]
_Key: TypeAlias = tuple[Rules, str, str]


class Promotions:
    """Asks, and remembers."""

    def __init__(
        self,
        client: RegistryClient,
        *,
        rules: Callable[[], Rules],
        monotonic: Callable[[], float],
    ) -> None:
        """Put it together; nothing is asked yet.

        Args:
            client: asks.
            rules: those of the policies of now: what they accept is what is asked for.
            monotonic: seconds that never go back.
        """
        self._client = client
        self._rules = rules
        self._kept: OrderedDict[str, Promotion] = OrderedDict()
        absent = client.limits.absent_seconds
        self._absent: Brief[_Key, Promotion] = Brief(absent, monotonic)
        self._gaps: Brief[_Key, Promotion] = Brief(GAP_SECONDS, monotonic)
        self._flights: Flights[_Key, Promotion] = Flights()

    def by(self, rules: Callable[[], Rules]) -> Promotions:
        """The same memory and the same questions on their way, for what other rules accept."""
        other = copy(self)
        other._rules = rules  # noqa: SLF001 - of our own kind
        return other

    def known(
        self, ref: ImageRef, digest: str, recorded: Promotion | None = None
    ) -> Promotion | None:
        """What memory and record hold, if no rule can want more, or if it is of a moment ago.

        Args:
            ref: the image.
            digest: what its name points to.
            recorded: what the cluster has recorded about the digest.
        """
        rules = self._rules()
        held = together(recorded, self._kept.get(digest))
        if held is not None and _suffices(rules, ref, held):
            return held
        key = (rules, place_of(ref), digest)
        brief = self._absent.get(key) or self._gaps.get(key)
        return None if brief is None else together(held, brief)

    def settled(self, ref: ImageRef, held: Promotion | None) -> bool:
        """Whether no rule wants to know more about an image than this."""
        rules = self._rules()
        return not rules or (held is not None and _suffices(rules, ref, held))

    async def learn(
        self,
        ref: ImageRef,
        digest: str,
        registry: Registry,
        registries: Registries,
        recorded: Promotion | None = None,
    ) -> Promotion:
        """Ask both registries, as far as the rules accept what they say.

        Args:
            ref: the image.
            digest: what its name points to.
            registry: where it is served.
            registries: all that are configured: where it came from is one of them.
            recorded: as for `known`.

        A registry that does not say is no error but a gap.
        """
        if (found := self.known(ref, digest, recorded)) is not None:
            return found
        rules = self._rules()
        key = (rules, place_of(ref), digest)
        learned = await self._flights.join(key, lambda: self._ask(key, ref, registry, registries))
        held = together(recorded, self._kept.get(digest))
        return together(held, learned) or learned

    async def close(self) -> None:
        """End all questions."""
        await self._flights.close()

    async def _ask(
        self, key: _Key, ref: ImageRef, registry: Registry, registries: Registries
    ) -> Promotion:
        rules, _, digest = key
        accepted = {way for rule in rules for way in rule.accept}
        keys = {one.fingerprint: one for rule in rules for one in rule.keys}
        origin, evidence = await asyncio.gather(
            self._origin(ref, digest, registries, asked=Accept.ORIGIN in accepted),
            self._evidence(ref, digest, registry, tuple(keys.values())),
        )
        learned = Promotion(
            origins=origin.origins,
            signers=evidence.signers,
            signed=evidence.signed,
            unsigned=evidence.unsigned,
            origin_gap=origin.origin_gap,
            evidence_gap=evidence.evidence_gap,
        )
        self._keep(digest, learned)
        gap = learned.origin_gap is not None or learned.evidence_gap is not None
        (self._gaps if gap else self._absent).put(key, learned)
        return learned

    def _keep(self, digest: str, learned: Promotion) -> None:
        kept = together(self._kept.get(digest), seen(learned))
        if kept is not None and (kept.origins or kept.signers):
            self._kept[digest] = kept
            self._kept.move_to_end(digest)
        if len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)

    async def _origin(
        self, ref: ImageRef, digest: str, registries: Registries, *, asked: bool
    ) -> Promotion:
        origin = origin_of(ref, registries) if asked else None
        if origin is None or isinstance(origin, Unknown):
            return Promotion(origin_gap=origin)
        source = registries.of(origin)
        if source is None or source.broken:
            why = f"no Registry is configured for {place_of(origin)}"
            return Promotion(origin_gap=Unknown(Reason.NOT_CONFIGURED, why))
        try:
            await self._client.top(origin.with_digest(digest), source)
        except RegistryError as error:
            if error.reason is Reason.NOT_FOUND:
                return Promotion()
            return Promotion(origin_gap=Unknown(error.reason, str(error)))
        return Promotion(origins=(place_of(origin),))

    async def _evidence(
        self, ref: ImageRef, digest: str, registry: Registry, keys: Sequence[PublicKey]
    ) -> Promotion:
        if not keys:
            return Promotion()
        try:
            access = await self._client.access(ref, registry)
            attached = await read_evidence(access, digest, self._client.limits.image_seconds)
        except RegistryError as error:
            return Promotion(evidence_gap=Unknown(error.reason, str(error)))
        return await asyncio.to_thread(_verified, attached, digest, keys)


def _suffices(rules: Rules, ref: ImageRef, held: Promotion) -> bool:
    return all(rule.judge(ref, held).outcome is Outcome.PASS for rule in rules)


def _verified(attached: Attached, digest: str, keys: Sequence[PublicKey]) -> Promotion:
    found: set[str] = set()
    signed = 0
    for one in attached.evidence:
        if not one.signed:
            continue
        signed += 1
        try:
            found |= signers(one.body, digest, keys)
        except BadContentError:
            continue
    gap = None
    if not found and not attached.whole:
        gap = Unknown(
            Reason.BAD_CONTENT,
            f"more than {MAX_OPENED} things are attached to it, and not all were looked at",
        )
    return Promotion(
        signers=tuple(sorted(found)),
        signed=signed,
        unsigned=len(attached.evidence) - signed,
        evidence_gap=gap,
    )
