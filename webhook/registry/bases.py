"""The base that an image names: asked, and compared with it before anything is concluded.

What an image says of its base is a claim. It counts where the base's layers are the lowest ones of
the image, which nobody can arrange without building on that base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.base_image import BASE_DIGEST, BASE_NAME, BaseImage, found, stands_on
from webhook.core.claims import READ_LABELS
from webhook.core.facts import Need
from webhook.core.image import ImageRef, is_digest
from webhook.core.printable import printable
from webhook.errors import InvalidImageError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.facts import PlatformImage
    from webhook.core.registries import Registry
    from webhook.registry.client import RegistryClient
    from webhook.registry.layers import Stored

SECONDS = 30.0
_CONFIG = frozenset({Need.CONFIG})
_MAX_NAME = 256


def named(one: PlatformImage, stored: Stored) -> BaseImage | None:
    """What the labels, else the annotations of an image say that it stands on."""
    labels = dict(one.config.labels)
    name = labels.get(BASE_NAME) or stored.base_name
    digest = labels.get(BASE_DIGEST) or stored.base_digest
    if not name and not is_digest(digest):
        return None
    return BaseImage(name=printable(name, _MAX_NAME), digest=digest if is_digest(digest) else "")


async def compared(
    client: RegistryClient,
    base: BaseImage,
    one: PlatformImage,
    stored: Stored,
    registry_of: Callable[[ImageRef], Registry | None],
) -> BaseImage:
    """The base with what the image has from it; as it is where nobody may ask, or it is not below.

    Args:
        client: asks.
        base: with a name; without a digest its tag is asked, which may have moved.
        one: the platform of the image.
        stored: its layers.
        registry_of: where a base is served. A name in a label is a stranger's: only registries
            that are configured, or that somebody named, are asked.
    """
    try:
        ref = ImageRef.parse(base.name)
    except InvalidImageError:
        return base
    ref = ref.with_digest(base.digest) if base.digest else ref
    registry = registry_of(ref)
    if registry is None or registry.broken:
        return base
    try:
        facts = await client.facts(ref, _CONFIG, registry)
        below = next((it for it in facts.platforms if it.platform == one.platform), None)
        if below is None:
            return base
        where = replace(ref, tag=None, digest=below.digest)
        theirs = await client.stored(where, registry, seconds=SECONDS)
    except RegistryError:
        return base
    mine = [layer.digest for layer in stored.layers]
    if not stands_on(mine, [layer.digest for layer in theirs.layers]):
        return base
    return found(base.name, facts.digest, one, below, READ_LABELS)
