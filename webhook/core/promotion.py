"""Promotion: where an image came from by the configuration, and what is known of its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.facts import Promotion, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.printable import printable

if TYPE_CHECKING:
    from webhook.core.registries import Registries, Registry

ARTIFACT_TYPE = "application/vnd.cocket.promotion.v1+json"
"""Of what is attached to an image that was promoted."""
PREDICATE_TYPE = "https://cocket.dev/promotion/v1"
"""Of the in-toto statement in it."""
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_REMEMBERED = 16
"""Places and signers of one digest that are remembered."""


def origin_of(ref: ImageRef, registries: Registries) -> ImageRef | Unknown | None:
    """What an image was called before it was promoted.

    The path below the Registry's `host` is the path below the `host` of its `promotesFrom`.

    Returns:
        the name, with the digest where `ref` has one; None where the Registry names no
        `promotesFrom`; Unknown where that Registry is not there, or broken.
    """
    serving = registries.of(ref)
    if serving is None or not serving.promotes_from:
        return None
    origin = registries.named(serving.promotes_from)
    if origin is None or origin.broken:
        what = "is broken" if origin is not None else "is not configured"
        return Unknown(
            Reason.NOT_CONFIGURED,
            f"Registry {serving.name} is promoted from {printable(serving.promotes_from, 100)}, "
            f"which {what}",
        )
    return moved(ref, serving, origin)


def moved(ref: ImageRef, source: Registry, target: Registry) -> ImageRef:
    """The name of an image of `source` in `target`: the prefix changes, the path stays."""
    repository = target.prefix + ref.repository.removeprefix(source.prefix)
    return ImageRef(target.host, repository, ref.tag, ref.digest)


def place_of(ref: ImageRef) -> str:
    """`host/repository`, in normal form: a place in which a digest can be seen."""
    return f"{ref.host}/{ref.repository}"


def together(first: Promotion | None, second: Promotion | None) -> Promotion | None:
    """What both know. What was seen stays seen; what could not be told is told by the second."""
    if first is None or second is None:
        return second or first
    return replace(
        second,
        origins=_both(first.origins, second.origins),
        signers=_both(first.signers, second.signers),
    )


def seen(promotion: Promotion) -> Promotion:
    """The part of it that no time changes: a digest was somewhere, a key has signed."""
    return Promotion(origins=promotion.origins, signers=promotion.signers)


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second}))[:MAX_REMEMBERED]
