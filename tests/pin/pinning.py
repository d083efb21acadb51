"""Pinning a text whose every name has the same digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import DIGEST
from webhook.pin.rewriting import find, pinned

if TYPE_CHECKING:
    from webhook.pin.spots import Found


def found(text: str, file: str = "web.yaml", *, tag_digest: bool = False) -> Found:
    return find(text.encode(), file, tag_digest=tag_digest)


def pin(text: str, file: str = "web.yaml", *, tag_digest: bool = False) -> str:
    """The text with every digest that belongs in it."""
    content = text.encode()
    names = find(content, file, tag_digest=tag_digest)
    digests = {spot.image: DIGEST for spot in names.spots}
    return pinned(content, file, names, digests).decode()


def left(
    text: str, file: str = "web.yaml", *, tag_digest: bool = False
) -> list[tuple[int, str, str]]:
    names = found(text, file, tag_digest=tag_digest)
    return [(one.line, one.image, one.why) for one in names.left]


def container(image: str) -> str:
    """A Pod whose image is written like this."""
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {image}\n"
