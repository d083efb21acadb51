"""The image that another one stands on, and what that one has only from it.

>>> lower = chains(["sha256:aa", "sha256:bb"])
>>> chains(["sha256:aa", "sha256:bb", "sha256:cc"])[:2] == lower
True
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.core.facts import PlatformImage

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
"""Where images say what they stand on (image-spec annotations.md): labels or annotations."""
MAX_LABELS = 32
"""Labels from the base that are remembered: those that rules read are fewer."""
_CHAIN = 32
"""Characters of a chain: 128 bits."""


class BaseImage(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """What an image stands on. An unknown one changes nothing, and none makes a verdict milder."""

    name: str = ""
    """As the image says it, or as it is known here; printable."""
    digest: str = ""
    """Of its index or manifest; empty where nobody says."""
    found: bool = False
    """Whether its layers were compared: they are the lowest ones of the image."""
    labels: tuple[str, ...] = ()
    """Sorted names of labels that both have with the same value; of one that was found."""
    annotations: tuple[str, ...] = ()
    """Likewise of the image's annotations: the base says the same in an annotation or a label."""


def chains(layers: Iterable[str]) -> tuple[str, ...]:
    """A name for the lowest layer, for the lowest two, and so on up to all of them.

    Two images of which one name is the same have these layers in common.

    Args:
        layers: their digests, from the bottom up.
    """
    found: list[str] = []
    above = ""
    for layer in layers:
        above = hashlib.sha256(f"{above} {layer}".encode()).hexdigest()[:_CHAIN]
        found.append(above)
    return tuple(found)


def stands_on(layers: Sequence[str], base: Sequence[str]) -> bool:
    """Whether the lowest layers are those of the base, and there is at least one."""
    return 0 < len(base) <= len(layers) and tuple(layers[: len(base)]) == tuple(base)


def found(
    name: str, digest: str, image: PlatformImage, below: PlatformImage, read: frozenset[str]
) -> BaseImage:
    """A base whose layers are the lowest ones of an image, with what the image has from it.

    Args:
        name: of the base, as people know it.
        digest: of its index or manifest.
        image: one platform.
        below: the same platform of the base.
        read: names of those labels and annotations that count here.
    """
    theirs = {*below.config.labels, *below.annotations}
    return BaseImage(
        name=name,
        digest=digest,
        found=True,
        labels=_both(image.config.labels, {*below.config.labels}, read),
        annotations=_both(image.annotations, theirs, read),
    )


def _both(
    mine: Iterable[tuple[str, str]], theirs: set[tuple[str, str]], read: frozenset[str]
) -> tuple[str, ...]:
    both = [pair[0] for pair in mine if pair[0] in read and pair in theirs]
    return tuple(sorted(both)[:MAX_LABELS])
