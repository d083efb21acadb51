"""Where an image is promoted to: the prefix of its name changes, the path below it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.document import Document
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.core.promotion import moved
from webhook.core.registries import Registries, Registry
from webhook.core.registry_fields import read_registry
from webhook.core.resource_fields import Fields
from webhook.errors import InputError, InvalidImageError, InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_SHOWN = 300


class Destination(msgspec.Struct, frozen=True):
    """One image in two registries."""

    source: ImageRef
    source_registry: Registry
    target: ImageRef
    target_registry: Registry


def destination(
    source: ImageRef, to: str, registries: Registries, repository: str = ""
) -> Destination:
    """Where `source` goes.

    Below which prefix it lies now is said by the Registry that `promotesFrom` of the target names,
    if it lies there; else by the Registry that serves it; else there is none, and its whole
    repository stays.

    Args:
        source: what is promoted.
        to: the name of a Registry, or `host[:port][/path]`.
        registries: those that are configured.
        repository: the path below the target's prefix, in place of that of the source.

    Raises:
        InputError: the target is nothing that an image can lie in, or the image itself.
    """
    target = target_registry(to, registries)
    serving = registries.of(source)
    for one in (serving, target):
        if one is not None and one.broken:
            raise InputError(f"Registry {one.name} is broken: mend it first")
    origin = registries.named(target.promotes_from) if target.promotes_from else None
    if origin is not None and (origin.host != source.host or not _below(source, origin)):
        raise InputError(
            f"Registry {target.name} is promoted from {origin.name} ({origin.location}), and "
            f"{printable(source.name, _MAX_SHOWN)} is not there"
        )
    own = serving or Registry(name="", host=source.host)
    if repository:
        name = ImageRef(target.host, f"{target.prefix}{repository}", None, source.digest)
    else:
        name = moved(source, origin or own, target)
    found = _parsed(msgspec.structs.replace(name, tag=None))
    if (found.host, found.repository) == (source.host, source.repository):
        raise InputError(f"{printable(found.name, _MAX_SHOWN)} is where the image is already")
    return Destination(source, own, found, registries.of(found) or target)


def tagged(target: ImageRef, tags: Sequence[str]) -> ImageRef:
    """The name to deploy: the digest counts, the first tag tells people which it is.

    Raises:
        InputError: a tag is none.
    """
    for tag in tags:
        try:
            ok = ImageRef.parse(f"{target.name}:{tag}").tag == tag
        except InvalidImageError:
            ok = False
        if not ok:
            raise InputError(f"--tag {printable(tag, _MAX_SHOWN)!r} is no tag")
    return msgspec.structs.replace(target, tag=tags[0] if tags else None)


def target_registry(to: str, registries: Registries, option: str = "--to ") -> Registry:
    """The Registry of a name, or a place in one, or a host that none names.

    Raises:
        InputError: the text is neither; `option` stands in front of it in the message.
    """
    named = registries.named(to)
    if named is not None:
        return named
    try:
        place = read_registry("", Fields(Document("", 0, {}), "", {"host": to}))
    except InvalidPolicyError as error:
        known = ", ".join(one.name for one in registries.all) or "none"
        raise InputError(
            f"{option}{printable(to, _MAX_SHOWN)!r} names no Registry (there are: {known}) and is "
            f"no host[:port]/path: {error}"
        ) from error
    same = next((one for one in registries.all if one.location == place.location), None)
    if same is not None:
        return same
    serving = registries.of(ImageRef(place.host, f"{place.prefix}image"))
    if serving is None:
        return place
    # A folder of a Registry: its settings hold there.
    return msgspec.structs.replace(serving, path=place.path, promotes_from="")


def _below(ref: ImageRef, registry: Registry) -> bool:
    return f"{ref.repository}/".startswith(registry.prefix)


def _parsed(ref: ImageRef) -> ImageRef:
    try:
        return ImageRef.parse(str(ref))
    except InvalidImageError as error:
        raise InputError(f"the image cannot be called so: {error}") from error
