"""Places that all rules of some policies found good, so that they need not be asked again.

The replicas of a Deployment, and Deployments of one image, are the same question over and over. A
pass or a skip stays one as time goes on: no label gets too new, no image gets worse. What was found
bad is always judged anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from webhook.core.rules.protocol import Image

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from webhook.core.facts import ImageFacts, Unknown
    from webhook.core.judge import InvalidImage
    from webhook.core.policy import Policy
    from webhook.core.workload import ImageUse, Workload

    Around: TypeAlias = tuple[Sequence[Policy], tuple[bool, bool, str, int]]
    Facts: TypeAlias = ImageFacts | Unknown

_MAX_PLACES = 16_384
"""About 10 MB. When there are more, all are forgotten: whatever runs now is soon known again."""
_MAX_CHARACTERS = 1_000
"""Of one place's words: longer ones would make 16,384 of them a matter of gigabytes."""
_MAX_FACTS = 32 * 1024
"""Characters of what one image says, likewise: a place keeps them when no cache does any more."""


class Passed:
    """Remembers good places; what they depend on besides is part of the question."""

    __slots__ = ("_around", "_places")

    def __init__(self) -> None:
        """Nothing was judged yet."""
        self._around: dict[Around, dict[ImageUse, Facts]] = {}
        self._places = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return self._places

    def others(
        self,
        policies: Sequence[Policy],
        workload: Workload,
        uses: Sequence[ImageUse],
        images: Mapping[str, Image | InvalidImage],
    ) -> Sequence[ImageUse]:
        """The uses that must be judged."""
        places = self._around.get((policies, workload.around))
        if not places:
            return uses
        return [use for use in uses if not _same(places.get(use), images[use.image])]

    def add(
        self,
        policies: Sequence[Policy],
        workload: Workload,
        uses: Iterable[ImageUse],
        images: Mapping[str, Image | InvalidImage],
        bad: Collection[str],
    ) -> None:
        """Remember uses that were judged, but for those whose pointers are among the `bad`."""
        if self._places > _MAX_PLACES:
            self._around.clear()
            self._places = 0
        good = {
            use: image.facts
            for use in uses
            if use.pointer not in bad
            and isinstance(image := images[use.image], Image)
            and _characters(use) + len(workload.os) <= _MAX_CHARACTERS
            and _said(image.facts) <= _MAX_FACTS
        }
        if good:
            places = self._around.setdefault((policies, workload.around), {})
            before = len(places)
            places.update(good)
            self._places += len(places) - before


def _same(facts: Facts | None, image: Image | InvalidImage) -> bool:
    """Whether what was known then is what is known now; the name stands in the use."""
    if facts is None or not isinstance(image, Image):
        return False
    return facts is image.facts or facts == image.facts


def _said(facts: Facts) -> int:
    """Characters of the image's configs; none of one that is not known.

    What is known of its promotion is bounded by `promotion.MAX_REMEMBERED`.
    """
    return sum(one.config.length for one in getattr(facts, "platforms", ()))


def _characters(use: ImageUse) -> int:
    named = (use.container, use.pointer, use.image, use.stop_signal)
    words = (*named, *use.command, *use.args, *use.mounts)
    return sum(map(len, words)) + len(words) + sum(len(key) + len(value) for key, value in use.env)
