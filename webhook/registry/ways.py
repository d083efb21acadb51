"""The ways to registries: who we are there, how often we ask, and over which connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.registry.access import Access
from webhook.registry.auth import Authenticated, Lobby
from webhook.registry.breaker import Breakers, Breaking
from webhook.registry.logins import Logins
from webhook.registry.pace import Pace, Paced
from webhook.registry.patience import Queued, Retrying, Turns
from webhook.registry.reach import reach_of
from webhook.registry.redirects import Redirecting
from webhook.registry.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webhook.core.registries import Registry
    from webhook.registry.cloud.logins import CloudLogins
    from webhook.registry.credentials import Credential, Held, Secrets
    from webhook.registry.exchange import Transport
    from webhook.registry.mirrors import Place
    from webhook.registry.reach import Reach
    from webhook.registry.realm import RepositoryAccess
    from webhook.registry.tenant import Tenant


class Ways:
    """Leads to any repository; what is known of one registry counts for all ways to it."""

    def __init__(
        self,
        transport: Callable[[Reach], Transport],
        monotonic: Callable[[], float],
        *,
        secrets: Secrets | None = None,
        cloud: CloudLogins | None = None,
        requests_per_second: float | None = None,
        breaking: bool = True,
    ) -> None:
        """See `RegistryClient` and its `Limits`."""
        self._transport = transport
        self._lobby = Lobby(Tokens(monotonic))
        self._turns = Turns()
        self._logins = Logins(secrets, cloud)
        self._breaking = breaking
        self.pace = None if requests_per_second is None else Pace(requests_per_second)
        self.breakers = Breakers(monotonic)

    async def to(
        self,
        place: Place,
        tenant: Tenant | None = None,
        *,
        tenants: tuple[Credential, ...] = (),
        access: RepositoryAccess | None = None,
    ) -> Access:
        """The way to one repository, with the credentials that open it; nothing is asked yet.

        Args:
            place: an image in the repository, and how its registry is spoken to.
            tenant: whose logins are tried in place of those of the registry.
            tenants: the logins by which the tenant's answers are kept apart; none: for everybody.
            access: what is to be done there; by default to pull.

        Raises:
            UnavailableError: its host is none, or its credentials cannot be used.
        """
        reach = reach_of(place.ref, place.registry)
        name = place.ref.name
        held = tenant.held(name) if tenant else await self._logins.of(name, place.registry)
        repository = place.ref.repository
        return Access(
            self._authenticated(reach, repository, held, tenants, access),
            reach.origin,
            repository,
        )

    def forget(self, registry: Registry) -> bool:
        """Forget the login that a cloud gave for a registry; whether there was one to forget."""
        return self._logins.forget(registry)

    async def close(self) -> None:
        """End what is being asked about tokens and logins."""
        await self._lobby.tokens.close()
        await self._logins.close()

    def _authenticated(
        self,
        reach: Reach,
        repository: str,
        credentials: Sequence[Held],
        tenants: tuple[Credential, ...],
        access: RepositoryAccess | None,
    ) -> Authenticated:
        """The whole way of a request: log in, try again, follow, wait for a turn, dial."""
        host = reach.origin.authority
        inner = self._transport(reach)
        if self.pace is not None:
            inner = Paced(inner, self.pace, host)
        # Inside the queue: whoever waits there hears at once that there is nothing to wait for.
        if self._breaking:
            inner = Breaking(inner, self.breakers, host, tenants)
        queued = Queued(inner, self._turns, host)
        return Authenticated(
            Retrying(Redirecting(queued)),
            tokens=Retrying(queued),
            reach=reach,
            repository=repository,
            credentials=credentials,
            lobby=self._lobby,
            # What everybody is told was asked before.
            anonymously=not tenants,
            access=access,
        )
