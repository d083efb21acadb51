"""Standing in for the API server: it knows these users, and counts how often it was asked."""

from __future__ import annotations

import asyncio

from webhook.cluster.authorization import User
from webhook.errors import ClusterError

READER = User("reader", "u1", ("system:authenticated",), {"scopes": ("a",)})
STRANGER = User("stranger\x1b[2J")


class Judge:
    """Answers like the API server, at once or when `go` is set."""

    def __init__(self) -> None:
        self.users = {"reader-token": READER, "stranger-token": STRANGER}
        self.asked: list[str] = []
        self.listed: list[tuple[User, str, str]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.down = False
        self.at_once = 0
        self.most_at_once = 0

    async def user_of(self, token: str) -> User | None:
        self.asked.append(token)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        if self.down:
            raise ClusterError("POST …: the API server was not reached: refused")
        return self.users.get(token)

    async def may_list(self, user: User, group: str, resource: str) -> bool:
        self.listed.append((user, group, resource))
        return user == READER
