"""Certificates and webhook configuration together: what the operator's process starts and asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.operator.certificates import Certificates
from webhook.operator.proofs import Proofs
from webhook.operator.scene import Scene
from webhook.operator.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.operator.scene import Options


class Keeping:
    """Only the leader runs it. A second one does no harm: every write has a precondition."""

    def __init__(self, api: Api, options: Options, clock: Callable[[], datetime]) -> None:
        """Nothing is asked or written before `run`.

        Args:
            api: the cluster.
            options: what to keep.
            clock: the time, aware.
        """
        self._issues = options.issue
        self.scene = Scene(api, options)
        self.proofs = Proofs(self.scene, clock)
        self.certificates = Certificates(api, self.scene, self.proofs, clock)
        self.webhooks = Webhooks(api, self.scene, self.proofs, self.certificates)

    async def run(self) -> None:
        """Keep both for ever; what the API server refuses is tried again and is a problem."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.scene.run())
            group.create_task(self.proofs.run())
            if self._issues:
                group.create_task(self.certificates.run())
            group.create_task(self.webhooks.run())

    @property
    def fails_closed(self) -> bool:
        """Whether API servers refuse what no replica answers; false where they ask nobody."""
        live = self.scene.live
        return live is not None and live.fails

    def problems(self) -> list[str]:
        """Sentences about what is not in order now; printable."""
        return [
            *(
                f"{mirror.kind.plural}: {printable(mirror.problem, 300)}"
                for mirror in self.scene.mirrors
                if mirror.problem
            ),
            *self.certificates.problems(),
            *self.webhooks.problems(),
            *self.proofs.census.hindrances,
        ]
