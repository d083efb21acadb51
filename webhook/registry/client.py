"""The registry client: from an image name to facts about it, asking as little as possible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import is_digest
from webhook.errors import BadContentError, RegistryError, UnavailableError
from webhook.registry.access import Access
from webhook.registry.cache import Memory, Pinned, Tagged, question
from webhook.registry.content import Served, read_image
from webhook.registry.disk import Disk
from webhook.registry.flights import Flights
from webhook.registry.forbidden import NOTHING, Forbidden
from webhook.registry.keeping import Keeping
from webhook.registry.layers import Stored, stored
from webhook.registry.limits import Limits
from webhook.registry.logins import Logins, Own
from webhook.registry.mirrors import Place, in_all, places
from webhook.registry.reach import Reach
from webhook.registry.transport import AiohttpTransport, Connections
from webhook.registry.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webhook.core.image import ImageRef
    from webhook.core.registries import Registry
    from webhook.registry.cloud.logins import CloudLogins
    from webhook.registry.counting import Requests
    from webhook.registry.credentials import Secrets
    from webhook.registry.exchange import Transport
    from webhook.registry.realm import RepositoryAccess
    from webhook.registry.tenant import Tenant


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
        cloud: CloudLogins | None = None,
        own: Own | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put the client together; `open_client` does it for production.

        Args:
            transport: for one registry; sends one request, without login and redirects.
            close: what `close` closes after the last question.
            limits: see there.
            disk: where manifests and configs are kept over the end of the process.
            secrets: the logins that Registries name by a Secret; None outside a cluster.
            cloud: gives the logins of Registries that name a provider.
            own: the logins of a person, for Registries that name none.
            monotonic: seconds that never go back.
        """
        self._connections = close
        self.limits = limits or Limits()
        self._disk = disk
        self._memory = Memory(
            monotonic,
            max_bytes=self.limits.cache_bytes,
            tag_seconds=self.limits.tag_seconds,
            failure_seconds=self.limits.failure_seconds,
            stale_tag_seconds=self.limits.stale_tag_seconds,
        )
        self.ways = Ways(transport, monotonic, Logins(secrets, cloud, own), self.limits)
        self._flights: Flights[tuple[Tagged | Pinned, bool], ImageFacts] = Flights()

    def known(self, asked: Tagged | Pinned, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What memory holds, at once: facts, a failure of a moment ago, or None.

        The hot path comes by here; `cache.question` makes the question out of a name.
        """
        return self._memory.known(asked, needs)

    async def facts(
        self,
        ref: ImageRef,
        needs: frozenset[Need],
        registry: Registry,
        tenant: Tenant | None = None,
    ) -> ImageFacts:
        """What the registry says about an image.

        By digest that is one manifest and one config (an index: one pair for each platform that can
        run), and one token for a repository; by tag the same, and only the manifest where nobody
        needs configs. The platforms of the answer are empty then, see `ImageFacts.complete`.

        Args:
            ref: the image; without tag and digest it is `latest`.
            needs: what its policies' rules want to know.
            registry: where it is served; its settings and credentials.
            tenant: whose logins are tried in place of those of the registry. The answer is for
                whoever holds the same ones.

        Raises:
            RegistryError: it could not be learned; `reason` says why.
        """
        asked = question(ref, registry, () if tenant is None else tenant.access(ref, registry))
        found = self.known(asked, needs)
        if isinstance(found, Unknown):
            raise _error(found.reason, found.detail)
        if found is not None:
            return found
        with_configs = Need.CONFIG in needs
        try:
            return await self._flights.join(
                (asked, with_configs),
                lambda: self._fly(asked, ref, registry, tenant, with_configs=with_configs),
            )
        except RegistryError:
            found = self.known(asked, needs)
            if isinstance(found, ImageFacts):
                return found
            raise

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
        keeping = Keeping(access.reading(self.limits.image_seconds), self._memory, self._disk)
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
        return await self.ways.to(Place(ref, registry), access=to)

    async def stored(self, ref: ImageRef, registry: Registry, *, seconds: float) -> Stored:
        """The layers of one platform, by the digest of its manifest, to be read within `seconds`.

        Raises:
            RegistryError: its manifest or its config could not be read.
        """
        repository = (await self.access(ref, registry)).reading(seconds)
        return await stored(await repository.by_digest(ref.digest or ""), repository)

    async def close(self) -> None:
        """End all questions and close all connections."""
        await self._flights.close()
        await self.ways.close()
        if self._connections is not None:
            await self._connections.close()

    async def _fly(
        self,
        asked: Tagged | Pinned,
        ref: ImageRef,
        registry: Registry,
        tenant: Tenant | None,
        *,
        with_configs: bool,
    ) -> ImageFacts:
        """One flight: learn, and remember what came of it."""
        errors: list[UnavailableError] = []
        try:
            if isinstance(asked, Pinned) and not is_digest(asked.digest):
                raise _error(
                    Reason.BAD_CONTENT, "images have digests of sha256 or sha512, no others"
                )
            for place in places(ref, registry):
                try:
                    return await self._learn(asked, place, tenant, with_configs=with_configs)
                except UnavailableError as error:
                    errors.append(error)
            raise in_all(errors)
        except RegistryError as error:
            self._memory.failed(asked, (*errors, error), with_configs=with_configs)
            raise

    async def _learn(
        self, asked: Tagged | Pinned, place: Place, tenant: Tenant | None, *, with_configs: bool
    ) -> ImageFacts:
        """Ask one place; once more where a cloud may give a better login than it gave before."""
        try:
            return await self._ask(asked, place, tenant, with_configs=with_configs)
        except UnavailableError as error:
            refused = error.reason is Reason.UNAUTHORIZED and tenant is None
            if not refused or not self.ways.forget(place.registry):
                raise
        return await self._ask(asked, place, tenant, with_configs=with_configs)

    async def _ask(
        self, asked: Tagged | Pinned, place: Place, tenant: Tenant | None, *, with_configs: bool
    ) -> ImageFacts:
        access = await self.ways.to(place, tenant, tenants=asked.access)
        repository = access.reading(self.limits.image_seconds)
        # A manifest of a tenant's own can name the parts of others, and get them from a cache.
        shared = (None, None) if asked.access else (self._memory, self._disk)
        keeping = Keeping(repository, *shared)
        if isinstance(asked, Pinned):
            return await self._read(asked, await keeping.top(asked), keeping)
        digest = await repository.announced(asked.tag)
        top = None if digest else await repository.by_tag(asked.tag)
        pinned = self._memory.told(asked, digest or (top.digest if top else ""))
        if facts := self._memory.facts.get(pinned):
            return facts
        if not with_configs:
            return ImageFacts(digest=pinned.digest, source=asked.host)
        return await self._read(pinned, top or await keeping.top(pinned), keeping)

    async def _read(self, pinned: Pinned, top: Served, keeping: Keeping) -> ImageFacts:
        platforms = await read_image(top, keeping)
        await keeping.note(pinned, top)
        facts = ImageFacts(digest=pinned.digest, platforms=platforms, source=pinned.host)
        self._memory.facts.put(pinned, facts)
        return facts


def open_client(
    *,
    cache_dir: Path | None = None,
    limits: Limits | None = None,
    secrets: Secrets | None = None,
    cloud: CloudLogins | None = None,
    own: Own | None = None,
    requests: Requests | None = None,
    forbidden: Forbidden = NOTHING,
) -> RegistryClient:
    """The client as it runs in production; call it inside the event loop, and `close` it.

    Args:
        cache_dir: where manifests and configs are kept; nowhere if absent.
        limits: see there.
        secrets: the logins that Registries name by a Secret; None outside a cluster.
        cloud: gives the logins of Registries that name a provider; closed with the client.
        own: the logins of a person at a workstation, for Registries that name none.
        requests: counts what is asked; None where nobody wants to know.
        forbidden: where no registry may lead.

    Raises:
        InputError: the cache folder cannot be used.
    """
    limits = limits or Limits()
    connections = Connections(forbidden=forbidden)
    disk = None if cache_dir is None else Disk(cache_dir, max_bytes=limits.disk_bytes)

    def transport(reach: Reach) -> Transport:
        sent = AiohttpTransport(connections, reach)
        return sent if requests is None else requests.counted(sent, reach.origin.authority)

    return RegistryClient(
        transport,
        close=connections,
        limits=limits,
        disk=disk,
        secrets=secrets,
        cloud=cloud,
        own=own,
    )


def _error(reason: Reason, detail: str) -> RegistryError:
    kind = BadContentError if reason is Reason.BAD_CONTENT else UnavailableError
    return kind(reason, detail)
