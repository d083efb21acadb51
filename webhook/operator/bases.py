"""Which recorded image another one stands on: the longest stack of layers that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.cluster.kinds import IMAGE_FACTS
from webhook.cluster.lists import list_pages
from webhook.cluster.mirror import HasMetadata
from webhook.core.base_image import BaseImage, found
from webhook.core.claims import READ_LABELS
from webhook.core.printable import printable
from webhook.core.recorded import RecordedSpec, facts_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.cluster.api import Api
    from webhook.core.facts import PlatformImage

MOST = 100_000
"""Stacks that are remembered; 10 MB."""
_MAX_NAME = 256


class _Spec(RecordedSpec, frozen=True):
    image: str = ""


class _Item(HasMetadata):
    spec: _Spec = _Spec()


class Bases:
    """Recorded images by their layers."""

    def __init__(self, api: Api) -> None:
        """Nothing is known yet; `api` is asked for the labels of a base, when there is one."""
        self._api = api
        self._by_chain: dict[str, str] = {}

    def learn(self, digest: str, stacks: Iterable[str]) -> None:
        """An image of these layers is recorded; the first one of a stack stays."""
        for stack in stacks:
            if stack and len(self._by_chain) < MOST:
                self._by_chain.setdefault(stack, digest)

    def below(self, digest: str, stacks: Sequence[str]) -> str:
        """The recorded image whose layers are the lowest of these, as many as can be, but not all.

        Args:
            digest: of the image that stands on it.
            stacks: of its layers, as `base_image.chains` names them.
        """
        for stack in reversed(stacks[:-1]):
            known = self._by_chain.get(stack, "")
            if known and known != digest:
                return known
        return ""

    async def base(self, below: str, one: PlatformImage) -> BaseImage | None:
        """What an image has from a recorded one; None where that is gone.

        Args:
            below: the digest that is recorded.
            one: the platform of the image that stands on it.

        Raises:
            ClusterError: it could not be read.
        """
        fields = f"metadata.name={name_of(below)}"
        async for page in list_pages(self._api, IMAGE_FACTS, _Item, fields=fields):
            for item in page.items:
                facts = facts_of(name_of(below), item.spec)
                theirs = facts.platforms if facts is not None else ()
                for it in theirs:
                    if it.platform == one.platform:
                        name = printable(item.spec.image, _MAX_NAME)
                        return found(name, below, one, it, READ_LABELS)
        return None
