"""All that one process asks registries about images, over one client: who judges, asks here.

`serve`, the audits and `check` get their sources from this room, so that no rule has an answer in
one of them and none in another.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from webhook.registry.builds import Builds
from webhook.registry.given import GivenFacts
from webhook.registry.promotions import Promotions
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.policy import PolicySet
    from webhook.registry.client import RegistryClient
    from webhook.registry.source import Recorded
    from webhook.registry.tenant import PullSecrets


class Questions:
    """Asks for facts, for promotions and for builds, and remembers for all of its sources."""

    def __init__(
        self,
        client: RegistryClient | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked yet.

        Args:
            client: asks, at its own pace and within its own limits; None where nobody may be asked.
            monotonic: seconds that never go back.
        """
        self._client = client
        self._promotions = self._builds = None
        if client is not None:
            self._promotions = Promotions(client, rules=tuple, monotonic=monotonic)
            self._builds = Builds(client, keys=tuple, monotonic=monotonic)

    def source(
        self,
        policies: Callable[[], PolicySet],
        *,
        given: GivenFacts | None = None,
        recorded: Recorded | None = None,
        pull_secrets: PullSecrets | None = None,
        ask_unconfigured: bool = False,
    ) -> RegistrySource:
        """What the rules of some policies are told, whatever they need.

        Several sources over the same questions ask each of them once.

        Args:
            policies: those of now: which registries there are, what is accepted for promoted, and
                whose attestations count.
            given: see `RegistrySource`; so are the others.
            recorded: likewise.
            pull_secrets: likewise.
            ask_unconfigured: likewise.
        """
        promotions, builds = self._promotions, self._builds
        return RegistrySource(
            registries=lambda: policies().registries,
            client=self._client,
            given=given or GivenFacts(),
            ask_unconfigured=ask_unconfigured,
            recorded=recorded,
            pull_secrets=pull_secrets,
            promotions=None
            if promotions is None
            else promotions.by(lambda: policies().promotion_rules),
            builds=None if builds is None else builds.by(lambda: policies().build_keys),
        )

    async def close(self) -> None:
        """End all questions about promotions and builds; the client is its owner's to close."""
        for asking in (self._promotions, self._builds):
            if asking is not None:
                await asking.close()
