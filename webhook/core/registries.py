"""Which registries are configured, and which of them serves an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import normal_host
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.core.image import ImageRef


class MirrorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to speak to a mirror, where not as to its registry; fields are those of `Registry`."""

    allow_private_addresses: bool = False
    plain_http: bool = False
    ca_bundle: str = ""
    insecure_skip_verify: bool = False


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """One configured registry, or a path in one: where it is, what for, how to speak to it."""

    name: str
    host: str
    """`host[:port]` in normal form (`image.normal_host`)."""
    path: tuple[str, ...] = ()
    """Whole path segments that a repository must begin with."""
    environment: str = ""
    promotes_from: str = ""
    mirror: str = ""
    mirror_settings: MirrorSettings | None = None
    """None: as for the registry itself."""
    token_realm: str = ""
    """Host of the token service when it is not the registry's own; credentials may go there."""
    allow_private_addresses: bool = False
    plain_http: bool = False
    ca_bundle: str = ""
    """PEM text, or empty for the system's roots."""
    insecure_skip_verify: bool = False
    docker_config_file: str = ""
    secret_name: str = ""
    provider: str = ""
    broken: bool = False
    """True where only its place can be read. It serves its images all the same, so that no
    registry with a shorter path takes them for its own; they are of no environment, and it is
    never contacted."""

    @property
    def location(self) -> str:
        """`host[/path]`, as a person would write it."""
        return "/".join((self.host, *self.path))

    @property
    def prefix(self) -> str:
        """What a repository with a slash behind it begins with: whole path segments, or nothing."""
        return "".join(f"{segment}/" for segment in self.path)


class Registries:
    """All configured registries; the longest match wins."""

    __slots__ = ("_by_host", "_hash", "all")

    def __init__(self, registries: Iterable[Registry] = ()) -> None:
        """Index the registries by host.

        Raises:
            InvalidPolicyError: two registries have one host and path, or one name.
        """
        self.all = tuple(registries)
        self._hash = hash(self.all)
        self._by_host: dict[str, list[tuple[str, Registry]]] = {}
        places: dict[tuple[str, tuple[str, ...]], str] = {}
        names: set[str] = set()
        for registry in self.all:
            if registry.name in names:
                raise InvalidPolicyError(f"two Registries are named {registry.name!r}")
            names.add(registry.name)
            place = (registry.host, registry.path)
            if place in places:
                raise InvalidPolicyError(
                    f"Registry {registry.name!r} and Registry {places[place]!r} "
                    f"have the same host and path: {registry.location}"
                )
            places[place] = registry.name
            self._by_host.setdefault(registry.host, []).append((registry.prefix, registry))
        for served in self._by_host.values():
            served.sort(key=lambda one: -len(one[1].path))

    def __eq__(self, other: object) -> bool:
        """The same registries in the same order are the same configuration."""
        return isinstance(other, Registries) and (self is other or self.all == other.all)

    def __hash__(self) -> int:
        """See `__eq__`."""
        return self._hash

    def of(self, ref: ImageRef) -> Registry | None:
        """The registry that serves the image, or None where none is configured for it."""
        repository = f"{ref.repository}/"
        for prefix, registry in self._by_host.get(normal_host(ref.registry), ()):
            if repository.startswith(prefix):
                return registry
        return None

    def named(self, name: str) -> Registry | None:
        """The registry of a name."""
        return next((registry for registry in self.all if registry.name == name), None)

    def in_environments(self, environments: Iterable[str]) -> list[Registry]:
        """The registries of these environments, in the order they were written."""
        wanted = frozenset(environments)
        return [registry for registry in self.all if registry.environment in wanted]
