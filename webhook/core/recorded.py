"""The spec of an `ImageFacts` object: what is known about one digest, written and read again.

Judging from what was read gives the answers that judging from what was written gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.claims import READ_LABELS
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage, Promotion
from webhook.core.image import is_digest
from webhook.core.pid1 import pid1
from webhook.core.printable import printable
from webhook.core.promotion import MAX_REMEMBERED
from webhook.core.recorded_made import RecordedMade, made_of, whole_made
from webhook.core.recorded_parts import (
    RecordedConfig,
    RecordedInside,
    RecordedPlatform,
    finder,
    short_inside,
    short_platforms,
    whole_inside,
    whole_platforms,
)
from webhook.core.told import one_answer, told

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "recorded in the cluster"
MAX_SPEC = 32 * 1024
"""Bytes of platforms as JSON. An image of ten platforms has ten thousand; what is larger is not
recorded, and whoever judges it asks its registry."""
MAX_INSIDE = 16 * 1024
"""Bytes of what the layers of all platforms hold, as JSON. One platform has 500 to 1500."""
MAX_OTHER_LABELS = 64
MAX_OTHER_TEXT = 512
"""Labels, and characters of them, that no rule reads and people like to see; of all platforms."""
MAX_REGISTRIES = 16
_MAX_IMAGE = 512
_MAX_PID1 = 128
_MAX_OS = 128


class RecordedPromotion(msgspec.Struct, frozen=True):
    """What was seen of the way of the digest."""

    origins: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()


class RecordedSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of `spec` that is judged from; the rest of it is for people."""

    digest: str = ""
    platforms: tuple[RecordedPlatform, ...] = ()
    promotion: RecordedPromotion | None = None
    inside: tuple[RecordedInside, ...] = ()
    """Beside the platforms, so that what a registry says can be written without it."""
    made: tuple[RecordedMade, ...] = ()
    """Likewise."""

    @property
    def whole(self) -> tuple[RecordedPlatform, ...]:
        """The platforms, each with what its layers hold; nothing is left unsaid."""
        inside = finder(whole_inside(self.inside))
        made = finder(whole_made(self.made))
        return tuple(
            [
                replace(
                    one,
                    inside=one.inside if (found := inside(one)) is None else found.inside,
                    made=made(one) or one.made,
                )
                for one in whole_platforms(self.platforms, self.digest)
            ]
        )


def name_of(digest: str) -> str:
    """The name of the object about a digest: `sha256-…`."""
    return digest.replace(":", "-")


def spec_of(facts: ImageFacts, *, image: str, registries: Sequence[str]) -> dict[str, object]:
    """The spec that records facts, as plain data; the same for the same facts.

    Args:
        facts: of a digest; without platforms where they were not learned.
        image: one name it is known by, without tag and digest.
        registries: names of the Registries it was seen in.
    """
    spec: dict[str, object] = {
        "digest": facts.digest,
        "image": printable(image, _MAX_IMAGE),
        "registries": sorted(set(registries))[:MAX_REGISTRIES],
    }
    others = _Others()
    recorded = [_platform(one, others) for one in facts.platforms]
    written = msgspec.json.encode(short_platforms(recorded, facts.digest))
    too_large = len(written) > MAX_SPEC
    spec["platforms"] = [] if too_large else msgspec.json.decode(written)
    if too_large or others.left_out:
        spec["truncated"] = True
    promotion = facts.promotion
    if promotion is not None and (promotion.origins or promotion.signers):
        # Both, also where one is empty: a merge patch would leave what somebody else wrote.
        spec["promotion"] = {
            "origins": list(promotion.origins),
            "signers": list(promotion.signers),
        }
    if facts.platforms and not too_large:
        spec |= answers(facts.platforms)
        spec |= _inside(facts.platforms)
        spec |= made_of(facts.platforms)
    return spec


def facts_of(name: str, spec: RecordedSpec) -> ImageFacts | None:
    """The facts that an object of this name records; None where nobody could judge from them.

    The name must be that of the digest: two objects about one digest cannot be, and none can speak
    for another's.
    """
    digest = spec.digest
    if name != name_of(digest) or not is_digest(digest) or not spec.platforms:
        return None
    if not all(one.platform for one in spec.platforms):
        return None
    platforms = tuple([_platform_of(one) for one in spec.whole])
    return ImageFacts(
        digest=digest, platforms=platforms, source=SOURCE, promotion=promotion_of(spec.promotion)
    )


def _platform_of(one: RecordedPlatform) -> PlatformImage:
    found = PlatformImage(
        one.platform,
        one.digest,
        _config(one.config),
        one.inside,
        annotations=tuple(sorted(one.annotations.items())),
    )
    if one.made is None:
        return found
    return replace(found, build=one.made.build, base=one.made.base, chain=one.made.chain)


def promotion_of(recorded: RecordedPromotion | None) -> Promotion | None:
    """What a record says of the way of its digest; None where it says nothing."""
    if recorded is None:
        return None
    return Promotion(
        origins=tuple(sorted(recorded.origins[:MAX_REMEMBERED])),
        signers=tuple(sorted(recorded.signers[:MAX_REMEMBERED])),
    )


class _Others:
    """The labels that no rule reads: some of them, whole ones, and whether any was left out."""

    def __init__(self) -> None:
        self.left_out = False
        self._count = MAX_OTHER_LABELS
        self._text = MAX_OTHER_TEXT

    def fits(self, label: str, value: str) -> bool:
        """Take the label, if there is room."""
        size = len(label) + len(value)
        if not self._count or size > self._text:
            self.left_out = True
            return False
        self._count -= 1
        self._text -= size
        return True


def _platform(one: PlatformImage, others: _Others) -> RecordedPlatform:
    config = one.config
    labels = {
        label: value
        for label, value in config.labels
        if label in READ_LABELS or others.fits(label, value)
    }
    recorded = RecordedConfig(
        os=config.os,
        architecture=config.architecture,
        variant=config.variant,
        entrypoint=config.entrypoint,
        cmd=config.cmd,
        stop_signal=config.stop_signal,
        user=config.user,
        created=config.created,
        labels=labels,
    )
    return RecordedPlatform(one.platform, recorded, one.digest, dict(one.annotations))


def _config(recorded: RecordedConfig) -> ImageConfig:
    return ImageConfig(
        os=recorded.os,
        architecture=recorded.architecture,
        variant=recorded.variant,
        entrypoint=recorded.entrypoint,
        cmd=recorded.cmd,
        stop_signal=recorded.stop_signal,
        user=recorded.user,
        created=recorded.created,
        labels=tuple(sorted(recorded.labels.items())),
    )


def _inside(platforms: Sequence[PlatformImage]) -> dict[str, object]:
    """What the layers hold; nothing where nobody looked, so that what is recorded stays."""
    looked = [
        RecordedInside(one.platform, one.inside, one.digest)
        for one in platforms
        if one.inside is not None
    ]
    if not looked:
        return {}
    written = msgspec.json.encode(short_inside(looked, [one.platform for one in platforms]))
    if len(written) > MAX_INSIDE:
        return {"inside": [], "truncated": True}
    systems = one_answer((one.inside.system.name for one in looked), _MAX_OS)
    return {"inside": msgspec.json.decode(written)} | ({"os": systems} if systems else {})


def answers(platforms: Sequence[PlatformImage]) -> Mapping[str, str]:
    """What people ask first, in the words of the rules; what there is no answer to is left out."""
    said = told(platforms)
    found = {
        "commit": said.commit,
        "source": said.source,
        "built": said.built,
        "commitFrom": said.commit_from or "",
        "sourceFrom": said.source_from or "",
        "builtFrom": said.built_from or "",
        "agreement": said.agreement or "",
        "pid1": one_answer((pid1(one.config, one.inside).summary for one in platforms), _MAX_PID1),
    }
    return {key: value for key, value in found.items() if value}
