"""One platform of an image as it is stored: its config and the layers that its manifest names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.base_image import BASE_DIGEST, BASE_NAME
from webhook.registry.content import check_digest
from webhook.registry.documents import bad, document
from webhook.registry.manifests import Manifest, descriptor, read_manifest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from webhook.registry.content import Served
    from webhook.registry.manifests import Descriptor
    from webhook.registry.repository import Repository

MAX_LAYER = 16 * 1024 * 1024 * 1024
"""Bytes that a manifest may claim of one layer; how much is read, whoever reads decides."""
_SILENCE = 30.0
"""Seconds without a byte after which nobody waits for a layer any more."""
_MAX_LAYERS = 1000
_MAX_PATH = 4096


class Stored(msgspec.Struct, frozen=True):
    """The layers of one platform, and how a program is looked for in them."""

    repository: Repository
    layers: tuple[Descriptor, ...]
    """From the bottom up. Where a manifest names other addresses for one, nobody goes there."""
    path: str = ""
    """The variable PATH of the config; empty where it is not set."""
    folder: str = "/"
    """Where relative paths begin: WorkingDir."""
    base_name: str = ""
    base_digest: str = ""
    """What annotations of the manifest say that it stands on."""

    async def layer(self, layer: Descriptor, into: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand a layer's bytes on, as they come; the caller compares them with the digest.

        Raises:
            RegistryError: it was not served, or not whole.
        """
        await self.repository.stream(layer.digest, layer.size, into, _SILENCE)


async def stored(top: Served, repository: Repository) -> Stored:
    """Read one platform's manifest and config.

    Raises:
        RegistryError: it is an index, or anything is missing or wrong.
    """
    check_digest(top.body, top.digest, "the manifest")
    manifest = read_manifest(top.body, top.media_type)
    if not isinstance(manifest, Manifest):
        raise bad("an index was served where one platform's manifest was asked for")
    whole = document(top.body, "the manifest")
    named = whole["layers"]
    assert isinstance(named, list)  # noqa: S101 - `read_manifest` saw to it
    if len(named) > _MAX_LAYERS:
        raise bad(f"the manifest names {len(named)} layers; at most {_MAX_LAYERS} are read")
    layers = tuple(
        descriptor(one, f"layer {number}", MAX_LAYER) for number, one in enumerate(named, 1)
    )
    config = document(await repository.config(manifest.config), "the image config")
    inner = config.get("config")
    settings: Mapping[str, object] = inner if isinstance(inner, dict) else {}
    notes = whole.get("annotations")
    said: Mapping[str, object] = notes if isinstance(notes, dict) else {}
    return Stored(
        repository,
        layers,
        _path(settings.get("Env")),
        _text(settings, "WorkingDir") or "/",
        _text(said, BASE_NAME),
        _text(said, BASE_DIGEST),
    )


def _path(env: object) -> str:
    """The last PATH among `NAME=VALUE` words."""
    words = env if isinstance(env, list) else []
    values = [one[5:] for one in words if isinstance(one, str) and one.startswith("PATH=")]
    return values[-1][:_MAX_PATH] if values else ""


def _text(found: Mapping[str, object], key: str) -> str:
    value = found.get(key)
    return value[:_MAX_PATH] if isinstance(value, str) else ""
