"""The way to one repository: who we are there is settled, what is asked comes later."""

from __future__ import annotations

import asyncio

import msgspec

from webhook.registry.exchange import Transport
from webhook.registry.repository import Repository
from webhook.registry.url import Origin


class Access(msgspec.Struct, frozen=True):
    """A transport that logs in, and where it leads."""

    transport: Transport
    origin: Origin
    repository: str

    def reading(self, seconds: float) -> Repository:
        """The repository, for questions that are answered from now on within so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        return Repository(self.transport, self.origin, self.repository, deadline)
