"""Whether a manifest is another one that grew, so that it may take its place. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.errors import BadContentError
from webhook.registry.documents import document
from webhook.registry.manifests import MANIFEST_TYPES, bare

if TYPE_CHECKING:
    from webhook.registry.content import Served

_GROWS = frozenset({"layers", "config"})
"""Signing tools add a layer for each signature, and write the config (a list of them) anew."""


def is_grown(new: Served, old: Served) -> bool:
    """Whether `new` holds every layer of `old`, and says the same otherwise.

    Layers are compared as a whole: two signatures of one thing are the same blob, and differ in an
    annotation (cosign, specs/SIGNATURE_SPEC.md).
    """
    if bare(new.media_type) != bare(old.media_type) or bare(new.media_type) not in MANIFEST_TYPES:
        return False
    try:
        one, other = document(new.body, "a manifest"), document(old.body, "a manifest")
    except BadContentError:
        return False
    mine, theirs = one.get("layers"), other.get("layers")
    if not isinstance(mine, list) or not isinstance(theirs, list):
        return False
    same = all(one.get(name) == other.get(name) for name in (one.keys() | other.keys()) - _GROWS)
    return same and all(mine.count(layer) >= theirs.count(layer) for layer in theirs)
