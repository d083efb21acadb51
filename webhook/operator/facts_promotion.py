"""Whether digests in use were promoted, as far as policies ask: looked at now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.promotion import seen, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webhook.core.facts import Promotion
    from webhook.core.registries import Registries
    from webhook.operator.facts_steps import Ask
    from webhook.registry.promotions import Promotions

AGAIN_SECONDS = 600.0
"""Between two looks at a digest of which nothing shows that it was promoted."""


class PromotionLooks:
    """What is learned of the way of digests, beside their facts. Times are those of one clock."""

    def __init__(self, promotions: Promotions | None, registries: Callable[[], Registries]) -> None:
        """Ask `promotions`; None: nobody asks."""
        self._promotions = promotions
        self._registries = registries
        self._rests: dict[str, float] = {}

    def forgive(self) -> None:
        """A policy or a Registry changed: look again at once."""
        self._rests.clear()

    def due(self, digest: str, now: float) -> float:
        """Seconds until the digest is looked at again; 0: now."""
        return max(self._rests.get(digest, 0.0) - now, 0.0)

    def missing(self, asks: Sequence[Ask], recorded: Promotion | None) -> Ask | None:
        """The first name under which a policy wants to know more than is recorded."""
        if self._promotions is None:
            return None
        return next((ask for ask in asks if not self._promotions.settled(ask.ref, recorded)), None)

    async def look(
        self, digest: str, ask: Ask, recorded: Promotion | None, now: float
    ) -> Promotion | None:
        """What was seen that is not recorded, with what is; None where nothing new was."""
        if self._promotions is None:
            return None
        learned = await self._promotions.learn(
            ask.ref, digest, ask.registry, self._registries(), recorded
        )
        held = together(recorded, seen(learned))
        if held is None or held == (recorded or type(held)()):
            self._rests[digest] = now + AGAIN_SECONDS
            return None
        self._rests.pop(digest, None)
        return held

    def forget(self, digest: str) -> None:
        """Nobody uses it any more."""
        self._rests.pop(digest, None)
