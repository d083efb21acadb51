"""The registry client: from an image name to facts about it, asking as little as possible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import is_digest
from webhook.errors import BadContentError, RegistryError, UnavailableError
from webhook.registry.access import Access
from webhook.registry.auth import Authenticated, Lobby
from webhook.registry.cache import Memory, Pinned, Tagged, question
from webhook.registry.content import Served, read_image
from webhook.registry.disk import Disk
from webhook.registry.flights import Flights
from webhook.registry.keeping import Keeping
from webhook.registry.logins import Logins
from webhook.registry.patience import Queued, Retrying, Turns
from webhook.registry.reach import Reach, reach_of
from webhook.registry.redirects import Redirecting
from webhook.registry.tokens import Tokens
from webhook.registry.transport import AiohttpTransport, Connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webhook.core.image import ImageRef
    from webhook.core.registries import Registry
    from webhook.registry.credentials import Credential, Secrets
    from webhook.registry.exchange import Transport
    from webhook.registry.realm import RepositoryAccess


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how much; seconds and bytes."""

    image_seconds: float = 15.0
    """For all questions about one image, whoever still waits for them."""
    tag_seconds: float = 10.0
    failure_seconds: float = 5.0
    """A registry in trouble is not asked about the same image again before."""
    cache_bytes: int = 64 * 1024 * 1024
    disk_bytes: int = 512 * 1024 * 1024


class RegistryClient:
    """Learns about images. Equal questions share one flight; what a digest says is asked once."""

    def __init__(
        self,
        transport: Callable[[Reach], Transport],
        *,
        close: Connections | None = None,
        limits: Limits | None = None,
        disk: Disk | None = None,
        secrets: Secrets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put the client together; `open_client` does it for production.

        Args:
            transport: for one registry; sends one request, without login and redirects.
            close: what `close` closes after the last question.
            limits: see there.
            disk: where manifests and configs are kept over the end of the process.
            secrets: the logins that Registries name by a Secret; None outside a cluster.
            monotonic: seconds that never go back.
        """
        self._transport = transport
        self._connections = close
        self._limits = limits or Limits()
        self._disk = disk
        self._memory = Memory(
            monotonic,
            max_bytes=self._limits.cache_bytes,
            tag_seconds=self._limits.tag_seconds,
            failure_seconds=self._limits.failure_seconds,
        )
        self._lobby = Lobby(Tokens(monotonic))
        self._turns = Turns()
        self._flights: Flights[tuple[Tagged | Pinned, bool], ImageFacts] = Flights()
        self._logins = Logins(secrets)

    def known(self, asked: Tagged | Pinned, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What memory holds, at once: facts, a failure of a moment ago, or None.

        The hot path comes by here; `cache.question` makes the question out of a name.
        """
        pinned = asked if isinstance(asked, Pinned) else self._pinned(asked)
        if pinned is not None:
            if (facts := self._memory.facts.get(pinned)) is not None:
                return facts
            if Need.CONFIG not in needs:
                return ImageFacts(digest=pinned.digest, source=pinned.host)
        return self._memory.failures.get((asked, Need.CONFIG in needs))

    async def facts(self, ref: ImageRef, needs: frozenset[Need], registry: Registry) -> ImageFacts:
        """What the registry says about an image.

        By digest that is one manifest and one config (an index: one pair for each platform that can
        run), and one token for a repository; by tag the same, and only the manifest where nobody
        needs configs. The platforms of the answer are empty then, see `ImageFacts.complete`.

        Args:
            ref: the image; without tag and digest it is `latest`.
            needs: what its policies' rules want to know.
            registry: where it is served; its settings and credentials.

        Raises:
            RegistryError: it could not be learned; `reason` says why.
        """
        asked = question(ref, registry)
        match self.known(asked, needs):
            case ImageFacts() as facts:
                return facts
            case Unknown(reason, detail):
                raise _error(reason, detail)
            case None:
                pass
        with_configs = Need.CONFIG in needs
        return await self._flights.join(
            (asked, with_configs),
            lambda: self._fly(asked, ref, registry, with_configs=with_configs),
        )

    async def top(self, ref: ImageRef, registry: Registry) -> Served:
        """The manifest or index of a digest in one repository, which thereby has it.

        Only the disk remembers it; whoever asks keeps what it means.

        Args:
            ref: with a digest.
            registry: where it is served.

        Raises:
            RegistryError: it was not served there.
        """
        pinned = Pinned(ref.host, ref.repository, ref.digest or "")
        if not is_digest(pinned.digest):
            raise _error(Reason.BAD_CONTENT, "images have digests of sha256 or sha512, no others")
        access = await self.access(ref, registry)
        keeping = Keeping(access.reading(self._limits.image_seconds), self._memory, self._disk)
        top = await keeping.top(pinned)
        await keeping.note(pinned, top)
        return top

    async def access(
        self, ref: ImageRef, registry: Registry, to: RepositoryAccess | None = None
    ) -> Access:
        """The way to one repository, with the credentials that open it; nothing is asked yet.

        Args:
            ref: an image in the repository.
            registry: where it is served.
            to: what is to be done there; by default to pull.

        Raises:
            UnavailableError: its host is none, or its credentials cannot be used.
        """
        reach = reach_of(ref, registry)
        credentials = await self._logins.of(ref.name, registry)
        return Access(
            self._authenticated(reach, ref.repository, credentials, to),
            reach.origin,
            ref.repository,
        )

    async def close(self) -> None:
        """End all questions and close all connections."""
        await self._flights.close()
        await self._lobby.tokens.close()
        if self._connections is not None:
            await self._connections.close()

    def _pinned(self, asked: Tagged) -> Pinned | None:
        digest = self._memory.tags.get(asked)
        return None if digest is None else Pinned(asked.host, asked.repository, digest)

    async def _fly(
        self, asked: Tagged | Pinned, ref: ImageRef, registry: Registry, *, with_configs: bool
    ) -> ImageFacts:
        """One flight: learn, and remember what came of it."""
        try:
            return await self._learn(asked, ref, registry, with_configs=with_configs)
        except RegistryError as error:
            self._memory.failures.put((asked, with_configs), Unknown(error.reason, str(error)))
            raise

    async def _learn(
        self, asked: Tagged | Pinned, ref: ImageRef, registry: Registry, *, with_configs: bool
    ) -> ImageFacts:
        if isinstance(asked, Pinned) and not is_digest(asked.digest):
            raise _error(Reason.BAD_CONTENT, "images have digests of sha256 or sha512, no others")
        access = await self.access(ref, registry)
        repository = access.reading(self._limits.image_seconds)
        keeping = Keeping(repository, self._memory, self._disk)
        if isinstance(asked, Pinned):
            return await self._read(asked, await keeping.top(asked), keeping)
        top = await repository.by_tag(asked.tag)
        pinned = Pinned(asked.host, asked.repository, top.digest)
        self._memory.tags.put(asked, top.digest)
        if facts := self._memory.facts.get(pinned):
            return facts
        if not with_configs:
            return ImageFacts(digest=top.digest, source=asked.host)
        return await self._read(pinned, top, keeping)

    async def _read(self, pinned: Pinned, top: Served, keeping: Keeping) -> ImageFacts:
        platforms = await read_image(top, keeping)
        await keeping.note(pinned, top)
        facts = ImageFacts(digest=pinned.digest, platforms=platforms, source=pinned.host)
        self._memory.facts.put(pinned, facts)
        return facts

    def _authenticated(
        self,
        reach: Reach,
        repository: str,
        credentials: list[Credential],
        access: RepositoryAccess | None,
    ) -> Authenticated:
        """The whole way of a request: log in, try again, follow, wait for a turn, dial."""
        queued = Queued(self._transport(reach), self._turns, reach.origin.authority)
        return Authenticated(
            Retrying(Redirecting(queued)),
            tokens=Retrying(queued),
            reach=reach,
            repository=repository,
            credentials=credentials,
            lobby=self._lobby,
            access=access,
        )


def open_client(
    *,
    cache_dir: Path | None = None,
    limits: Limits | None = None,
    secrets: Secrets | None = None,
) -> RegistryClient:
    """The client as it runs in production; call it inside the event loop, and `close` it.

    Args:
        cache_dir: where manifests and configs are kept; nowhere if absent.
        limits: see there.
        secrets: the logins that Registries name by a Secret; None outside a cluster.

    Raises:
        InputError: the cache folder cannot be used.
    """
    limits = limits or Limits()
    connections = Connections()
    disk = None if cache_dir is None else Disk(cache_dir, max_bytes=limits.disk_bytes)
    return RegistryClient(
        lambda reach: AiohttpTransport(connections, reach),
        close=connections,
        limits=limits,
        disk=disk,
        secrets=secrets,
    )


def _error(reason: Reason, detail: str) -> RegistryError:
    kind = BadContentError if reason is Reason.BAD_CONTENT else UnavailableError
    return kind(reason, detail)
