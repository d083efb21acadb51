"""Where the engine gets its facts: a file, else memory, else a configured registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, Promotion, Reason, Unknown
from webhook.core.printable import printable
from webhook.core.promotion import together
from webhook.core.registries import Registry
from webhook.errors import RegistryError
from webhook.registry.builds import with_builds_of
from webhook.registry.cache import Pinned, Tagged, question
from webhook.registry.tenant import OPENED_BY_LOGIN, Tenant

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.image import ImageRef
    from webhook.core.registries import Registries
    from webhook.core.workload import Workload
    from webhook.registry.builds import Builds
    from webhook.registry.client import RegistryClient
    from webhook.registry.given import GivenFacts
    from webhook.registry.promotions import Promotions
    from webhook.registry.tenant import PullSecrets

_MAX_PLACES = 16_384
# Every image of every review is asked for: a member of an enumeration takes longer than a name.
_PROMOTION = Need.PROMOTION
_BUILD = Need.BUILD


class Recorded(Protocol):
    """What is recorded about images in this cluster, by digest; at hand without asking anybody."""

    def facts(self, digest: str) -> ImageFacts | None:
        """The facts about a digest, of an index or of a manifest; None where there are none."""

    def in_use(self, digest: str) -> bool:
        """Whether something in this cluster runs the digest."""


class _Asked(msgspec.Struct, frozen=True):
    """An image whose registry is asked, and the question as memory keeps it."""

    registry: Registry
    question: Tagged | Pinned


_Place: TypeAlias = ImageFacts | Unknown | _Asked

_OFFLINE = Unknown(Reason.OFFLINE, "not looked up: nothing is asked over the network (--offline)")
_NOBODY_ASKS = Promotion(origin_gap=_OFFLINE, evidence_gap=_OFFLINE)


class RegistrySource:
    """Facts about images. A registry that no Registry names is never contacted."""

    def __init__(
        self,
        *,
        registries: Callable[[], Registries],
        client: RegistryClient | None,
        given: GivenFacts,
        ask_unconfigured: bool = False,
        recorded: Recorded | None = None,
        pull_secrets: PullSecrets | None = None,
        promotions: Promotions | None = None,
        builds: Builds | None = None,
    ) -> None:
        """Put the sources together.

        Args:
            registries: those configured now; another object means that they changed.
            client: asks them; None where nothing may be asked.
            given: facts that need no registry.
            ask_unconfigured: whether any registry may be asked, over HTTPS and past the guard: only
                where a person typed the name.
            recorded: facts that need no registry, for images of configured registries: what a
                digest says is the same whoever serves it, and up or down.
            pull_secrets: the logins of workloads, asked for where a registry wants another login
                than its own; None where they are nobody's business. Never under a cache of answers
                by name alone, such as one run's snapshot.
            promotions: asks whether images were promoted; None where nobody may be asked.
            builds: asks which build made an image; likewise.
        """
        self._registries = registries
        self._client = client
        self._given = given
        self._ask_unconfigured = ask_unconfigured
        self._recorded = recorded
        self._pull_secrets = pull_secrets
        self._promotions = promotions
        self._builds = builds
        self._places: dict[ImageRef, _Place] = {}
        self._places_of: Registries | None = None

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What can be said at once; None where `learn` must be asked."""
        found = self._known(ref, needs)
        if _PROMOTION in needs and isinstance(found, ImageFacts):
            found = self._with_promotion(ref, found)
        if _BUILD in needs and isinstance(found, ImageFacts):
            found = self._with_builds(ref, found)
        return found

    def _known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """The same but for its promotion."""
        place = self._place(ref)
        if not isinstance(place, _Asked):
            return place
        found = None if self._client is None else self._client.known(place.question, needs)
        if isinstance(found, ImageFacts):
            return found
        # A failure that memory holds is no answer where somebody knows one.
        facts = self._recall(ref)
        if facts is not None:
            return facts
        if self._client is None:
            return _OFFLINE
        return None if self._wants_login(found) else found

    def registry(self, ref: ImageRef) -> Registry | Unknown:
        """The registry that would be asked about an image, or why none would."""
        place = self._place(ref)
        if isinstance(place, ImageFacts):
            return _OFFLINE
        return place.registry if isinstance(place, _Asked) else place

    def in_use(self, ref: ImageRef) -> bool:
        """Whether the digest in the name is recorded as in use in this cluster."""
        digest = ref.digest
        return digest is not None and self._recorded is not None and self._recorded.in_use(digest)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """Ask the registry; every failure of its own is an `Unknown`."""
        place = self._place(ref)
        if not isinstance(place, _Asked):
            return place
        found = self._known(ref, needs)
        if self._client is None or (isinstance(found, Unknown) and not self._wants_login(found)):
            return found or _OFFLINE
        if not isinstance(found, ImageFacts):
            found = await self._asked(self._client, ref, needs, place.registry, workload)
            if isinstance(found, Unknown):
                return found
        if _PROMOTION in needs and self._promotions is not None:
            promotion = await self._promotions.learn(
                ref, found.digest, place.registry, self._registries(), self._recorded_promotion(ref)
            )
            found = replace(found, promotion=promotion)
        if _BUILD in needs and self._builds is not None:
            recorded = with_builds_of(found, self._recall(ref))
            found = await self._builds.learn(ref, recorded, place.registry)
        return found

    async def _asked(
        self,
        client: RegistryClient,
        ref: ImageRef,
        needs: frozenset[Need],
        registry: Registry,
        workload: Workload,
    ) -> ImageFacts | Unknown:
        """What the registry says, to us or else to the workload."""
        try:
            return await client.facts(ref, needs, registry)
        except RegistryError as error:
            found = Unknown(error.reason, str(error))
        if self._pull_secrets is None or not self._wants_login(found):
            return found
        tenant = Tenant(await self._pull_secrets(workload))
        if not tenant.access(ref, registry):
            detail = "; ".join((found.detail, *tenant.problems))
            return Unknown(found.reason, detail)
        try:
            return await client.facts(ref, needs, registry, tenant)
        except RegistryError as error:
            return Unknown(error.reason, str(error))

    def _with_promotion(self, ref: ImageRef, found: ImageFacts) -> ImageFacts | None:
        """The facts with what is known of the way of the digest; None where it must be asked."""
        if not isinstance(self._place(ref), _Asked):
            return found
        recorded = self._recorded_promotion(ref)
        if self._promotions is None:
            promotion = together(recorded, _NOBODY_ASKS)
        else:
            promotion = self._promotions.known(ref, found.digest, recorded)
        return None if promotion is None else replace(found, promotion=promotion)

    def _with_builds(self, ref: ImageRef, found: ImageFacts) -> ImageFacts | None:
        """The facts with what is known of their builds; None where it must be asked."""
        if not isinstance(self._place(ref), _Asked):
            return found
        recorded = with_builds_of(found, self._recall(ref))
        return recorded if self._builds is None else self._builds.known(ref, recorded)

    def _recorded_promotion(self, ref: ImageRef) -> Promotion | None:
        facts = self._recall(ref)
        return None if facts is None else facts.promotion

    def _wants_login(self, found: ImageFacts | Unknown | None) -> bool:
        """Whether a workload's own login may change the answer."""
        return (
            self._pull_secrets is not None
            and isinstance(found, Unknown)
            and found.reason in OPENED_BY_LOGIN
        )

    def _recall(self, ref: ImageRef) -> ImageFacts | None:
        """What is recorded about the digest in a name, if it can be judged from."""
        if self._recorded is None or ref.digest is None or not ref.pinned:
            return None
        facts = self._recorded.facts(ref.digest)
        return facts if facts is not None and facts.complete else None

    def _place(self, ref: ImageRef) -> _Place:
        """Where facts about the image are; remembered, the hot path comes by here."""
        registries = self._registries()
        if registries is not self._places_of or len(self._places) > _MAX_PLACES:
            self._places = {}
            self._places_of = registries
        place = self._places.get(ref)
        if place is None:
            place = self._places[ref] = self._find(ref, registries)
        return place

    def _find(self, ref: ImageRef, registries: Registries) -> _Place:
        facts = self._given.of(ref)
        if facts is not None:
            return facts
        registry = registries.of(ref)
        if registry is None and self._ask_unconfigured:
            registry = Registry(name="", host=ref.host)
        if registry is None:
            return _not_configured(ref)
        if registry.broken:
            return _broken(registry)
        return _Asked(registry, question(ref, registry))


def _not_configured(ref: ImageRef) -> Unknown:
    return Unknown(
        Reason.NOT_CONFIGURED,
        f"not looked up: no Registry is configured for {printable(ref.name, 200)}",
    )


def _broken(registry: Registry) -> Unknown:
    return Unknown(
        Reason.NOT_CONFIGURED, f"not looked up: Registry {registry.name} is broken, so nobody asks"
    )
