"""What is kept of an `ImageFacts` object: enough to decide, little enough for 100,000 of them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import msgspec

from webhook.cluster.mirror import HasMetadata
from webhook.core.facts import Promotion
from webhook.core.recorded import RecordedPromotion, name_of, promotion_of
from webhook.operator.conditions import Condition, Truth
from webhook.operator.usage import UsedBy

LEARNED = "Learned"
"""Type of the condition. Its `observedGeneration` is that of the spec which we wrote."""


class _Platform(msgspec.Struct, frozen=True, gc=False):
    """Counted, not read."""


class _Made(msgspec.Struct, frozen=True, gc=False):
    """Of a platform, what another image may stand on."""

    chain: str = ""


class _Spec(msgspec.Struct, frozen=True):
    digest: str = ""
    image: str = ""
    registries: tuple[str, ...] = ()
    platforms: tuple[_Platform, ...] = ()
    inside: tuple[_Platform, ...] = ()
    made: tuple[_Made, ...] = ()
    truncated: bool = False
    promotion: RecordedPromotion | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    used_by: UsedBy | None = None
    unused_since: str | None = None
    conditions: tuple[Condition, ...] = ()


class FactsItem(HasMetadata):
    """`ImageFacts`, as far as it is read here."""

    spec: _Spec = _Spec()
    status: _Status = _Status()


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One object."""

    version: str
    """`metadata.resourceVersion`."""
    ours: bool
    """False where the spec is not the one that we wrote last, or not about the digest it is named
    by."""
    learned: bool
    """True where a registry told; also where that was too large to be recorded."""
    looked: bool
    """True where it says what the layers hold."""
    stacks: tuple[str, ...]
    """Names of all layers of its platforms, see `base_image.chains`."""
    image: str
    registries: tuple[str, ...]
    promotion: Promotion | None
    """What is recorded of its way."""
    used_by: int
    """See `fingerprint`."""
    unused_since: datetime | None
    reason: str
    """Of the condition Learned."""
    condition_true: bool
    since: str
    """When that condition became what it is, RFC 3339."""

    def is_older(self, other: Recorded) -> bool:
        """Whether this is an earlier state of the same object than `other`.

        Resource versions of one kind can be compared as numbers (KEP-5504).
        """
        mine, theirs = self.version, other.version
        return mine.isdecimal() and theirs.isdecimal() and int(mine) < int(theirs)


def fingerprint(used_by: UsedBy) -> int:
    """Who uses a digest, as one number of this process: the names of 100,000 are 60 MB."""
    return hash(used_by)


def recorded_of(item: FactsItem) -> Recorded:
    """What is kept of an object."""
    spec, status, metadata = item.spec, item.status, item.metadata
    condition = next((one for one in status.conditions if one.type == LEARNED), None)
    written = condition.observed_generation if condition is not None else 0
    learned = bool(spec.platforms) or spec.truncated
    return Recorded(
        version=metadata.resource_version,
        ours=written == metadata.generation and metadata.name == name_of(spec.digest),
        learned=learned,
        looked=bool(spec.inside),
        stacks=tuple([one.chain for one in spec.made if one.chain]),
        # A hundred thousand digests live in a few dozen repositories.
        image=sys.intern(spec.image),
        registries=_shared(spec.registries),
        promotion=_promotion(spec.promotion),
        used_by=fingerprint(status.used_by or UsedBy()),
        unused_since=_moment(status.unused_since),
        reason=sys.intern(condition.reason) if condition is not None else "",
        condition_true=condition is not None and condition.status == Truth.TRUE,
        since=condition.last_transition_time if condition is not None else "",
    )


def condition_of(recorded: Recorded) -> Condition | None:
    """The condition Learned as far as the next one needs it; None where there was none."""
    if not recorded.since:
        return None
    return Condition(
        type=LEARNED,
        status=Truth.TRUE if recorded.condition_true else Truth.FALSE,
        reason=recorded.reason,
        message="",
        last_transition_time=recorded.since,
    )


def digest_of(name: str) -> str:
    """The digest that an object of this name is about."""
    return name.replace("-", ":", 1)


_REGISTRIES: dict[tuple[str, ...], tuple[str, ...]] = {}
_MOST_SHARED = 1024


def _shared(registries: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all objects that name the same: there are few, and 100,000 objects."""
    if len(_REGISTRIES) > _MOST_SHARED:
        _REGISTRIES.clear()
    return _REGISTRIES.setdefault(registries, registries)


_PROMOTIONS: dict[Promotion, Promotion] = {}


def _promotion(recorded: RecordedPromotion | None) -> Promotion | None:
    """One value for all objects that say the same: what is promoted comes from few places."""
    promotion = promotion_of(recorded)
    if promotion is None:
        return None
    if len(_PROMOTIONS) > _MOST_SHARED:
        _PROMOTIONS.clear()
    return _PROMOTIONS.setdefault(promotion, promotion)


def _moment(text: str | None) -> datetime | None:
    """An instant as Kubernetes writes it; None where it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
