"""Rule `promotion`: an image came into its registry by promotion."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from webhook.core.changes import Reads
from webhook.core.facts import Need, Promotion, Reason, Unknown
from webhook.core.keys import PublicKey
from webhook.core.printable import printable
from webhook.core.promotion import origin_of, place_of
from webhook.core.registries import Registries
from webhook.core.rules.unlearned import unlearned
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.image import ImageRef
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

MAX_KEYS = 16
_MAX_NAME = 300
_PASS = Answer(Outcome.PASS, "it was promoted into its registry.")
_NOT_ASKED = Unknown(Reason.OFFLINE, "nobody looked whether it was promoted")


class Accept(StrEnum):
    """What shows that an image was promoted."""

    ORIGIN = "origin"
    """The same digest is in the registry that its own is promoted from."""
    EVIDENCE = "evidence"
    """A statement about the digest, signed with a key of the policy, is attached to it."""


class PromotionRule(msgspec.Struct, frozen=True, cache_hash=True):
    """Pass an image of which one of `accept` shows that it was promoted."""

    name: ClassVar[str] = "promotion"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.PROMOTION})
    reads: ClassVar[Reads] = Reads.IMAGE

    registries: Registries
    accept: tuple[Accept, ...] = (Accept.ORIGIN,)
    """At least one; any of them suffices."""
    keys: tuple[PublicKey, ...] = ()
    """Those whose evidence counts; at least one where evidence is accepted, else none."""

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could pass, or that mean something else.

        Raises:
            InvalidPolicyError: nothing is accepted, or keys are missing or useless.
        """
        if not self.accept:
            raise InvalidPolicyError("rule promotion needs at least one of accept")
        if Accept.EVIDENCE in self.accept and not self.keys:
            raise InvalidPolicyError("rule promotion accepts evidence and has no keys")
        if Accept.EVIDENCE not in self.accept and self.keys:
            raise InvalidPolicyError("rule promotion has keys and does not accept evidence")
        if len(self.keys) > MAX_KEYS:
            raise InvalidPolicyError(f"rule promotion has more than {MAX_KEYS} keys")

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image."""
        if isinstance(image.facts, Unknown):
            return unlearned(image.facts)
        return self.judge(image.ref, image.facts.promotion)

    def judge(self, ref: ImageRef, promotion: Promotion | None) -> Answer:
        """The same from what is known of the way of an image alone."""
        if promotion is None:
            return unlearned(_NOT_ASKED)
        found = [self._of(way, ref, promotion) for way in self.accept]
        if None in found:
            return _PASS
        unknown = next((one for one in found if isinstance(one, Unknown)), None)
        if unknown is not None:
            return unlearned(
                Unknown(
                    unknown.reason,
                    f"whether it was promoted could not be checked: {unknown.detail}",
                )
            )
        missing = " and ".join(one for one in found if isinstance(one, str))
        return Answer(Outcome.FAIL, f"it was not promoted: {missing}.", self._fix(ref))

    def _of(self, way: Accept, ref: ImageRef, promotion: Promotion) -> str | Unknown | None:
        """What is missing as a clause, or why it is not known; None where nothing is missing."""
        if way is Accept.EVIDENCE:
            return self._evidence(promotion)
        origin = origin_of(ref, self.registries)
        if origin is None:
            serving = self.registries.of(ref)
            name = serving.name if serving is not None else ref.host
            return f"Registry {printable(name, _MAX_NAME)} names no promotesFrom"
        if isinstance(origin, Unknown):
            return origin
        if place_of(origin) in promotion.origins:
            return None
        if promotion.origin_gap is not None:
            return promotion.origin_gap
        return f"{printable(place_of(origin), _MAX_NAME)} does not have this digest"

    def _evidence(self, promotion: Promotion) -> str | Unknown | None:
        if {key.fingerprint for key in self.keys}.intersection(promotion.signers):
            return None
        if promotion.evidence_gap is not None:
            return promotion.evidence_gap
        if promotion.signed:
            return "the evidence that is attached to it is signed with no key of the policy"
        if promotion.unsigned:
            return "the evidence that is attached to it is not signed"
        return "no evidence is attached to it"

    def _fix(self, ref: ImageRef) -> str:
        origin = origin_of(ref, self.registries)
        serving = self.registries.of(ref)
        if origin is None or isinstance(origin, Unknown) or serving is None:
            return "Promote it into a registry that names promotesFrom: cocket promote --help."
        key = " --key FILE" if self.keys else ""
        name = printable(str(replace(origin, tag=None)), _MAX_NAME)
        return f"Promote it: cocket promote {name} --to {printable(serving.name, _MAX_NAME)}{key}"
