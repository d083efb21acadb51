"""Where an image is asked for: at the mirror of its Registry, then at the registry itself.

The mirror is another host with logins of its own; what answers, answers for the name that was
written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.image import ImageRef
from webhook.errors import InvalidImageError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.registries import Registry


class Place(msgspec.Struct, frozen=True):
    """One host that may serve an image."""

    ref: ImageRef
    """The image by the name that it has there."""
    registry: Registry
    """How to speak to it."""


def places(ref: ImageRef, registry: Registry) -> tuple[Place, ...]:
    """All hosts that may serve an image, in the order in which nodes ask them.

    `mirror` stands in the place of `host[/path]`. Credentials of the registry, and the token
    service that is named for it, are nothing to its mirror; what may be excused of one of them is
    excused of the other only where nothing is said of the mirror itself.
    """
    origin = Place(ref, registry)
    if not registry.mirror:
        return (origin,)
    mark = f"@{ref.digest}" if ref.digest else f":{ref.tag}" if ref.tag else ""
    rest = ref.repository.removeprefix(registry.prefix)
    try:
        there = ImageRef.parse(f"{registry.mirror}/{rest}{mark}")
    except InvalidImageError:
        # The name is too long for the mirror, so that no node pulls it there either.
        return (origin,)
    mirror = replace(registry, host=there.host, path=(), token_realm="")
    own = registry.mirror_settings
    if own is not None:
        mirror = replace(
            mirror,
            allow_private_addresses=own.allow_private_addresses,
            plain_http=own.plain_http,
            ca_bundle=own.ca_bundle,
            insecure_skip_verify=own.insecure_skip_verify,
        )
    return (Place(there, mirror), origin)


def in_all(errors: Sequence[UnavailableError]) -> UnavailableError:
    """The error of an image that none of its places served: the registry's, and its mirror's.

    Args:
        errors: one for each of `places`, in their order.
    """
    *mirrors, last = errors
    if not mirrors:
        return last
    return UnavailableError(last.reason, f"{last}; its mirror: {mirrors[0]}")
