"""Names in archives as paths below the root of a container: `usr/bin/env`, no leading slash."""

from __future__ import annotations

from webhook.core.printable import printable
from webhook.layers.bad_layer import BadLayerError

_DEEPEST = 200


def path_of(name: bytes, longest: int) -> str:
    """The path that a member's name means; empty for the root itself.

    Names that are no UTF-8 stay distinct, and are never those of anything that is looked for.

    Raises:
        BadLayerError: it is too long, or leads up.
    """
    if len(name) > longest:
        raise BadLayerError(f"a path has {len(name)} bytes; Linux knows none above {longest}")
    text = name.decode(errors="backslashreplace")
    text = text.removeprefix("./").strip("/")
    if text.count("/") > _DEEPEST:
        raise BadLayerError(f"a path has more than {_DEEPEST} folders")
    if ".." in text or "//" in text or "/./" in text or text.startswith(".") or text.endswith("."):
        parts = [part for part in text.split("/") if part not in {"", "."}]
        if ".." in parts:
            raise BadLayerError(f"an entry leads out of its place: {printable(text, 80)!r}")
        return "/".join(parts)
    return text


def parent(path: str) -> str:
    """The folder of a path; empty for the root."""
    return path.rpartition("/")[0]


def join(folder: str, name: str) -> str:
    """A name within a folder."""
    return f"{folder}/{name}" if folder else name
