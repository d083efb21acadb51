"""Which namespaces run something else than before: told with every event of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.cluster.metadata import Key
    from webhook.operator.named_images import Pinned


class AuditNews:
    """Hears of every state of every object, most of which changes nothing: statuses, scales."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        """`changed` is called with the namespace."""
        self._changed = changed
        self._images: dict[tuple[str, Key], Pinned] = {}

    def hear(self, kind: str, key: Key, images: Pinned | None) -> None:
        """Take the images that an object names by digest; None: it is gone."""
        place = (kind, key)
        if images is None:
            self._images.pop(place, None)
        elif self._images.get(place) == images:
            return
        else:
            self._images[place] = images
        self._changed(key[0])
