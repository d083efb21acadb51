"""The realm guard: which token service may be asked, by whom, and what for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from webhook.registry.documents import bad
from webhook.registry.url import parse_url

if TYPE_CHECKING:
    from webhook.registry.challenge import Challenge
    from webhook.registry.reach import Reach
    from webhook.registry.url import Url

_MAX_VALUE = 1024
_MAX_SCOPES = 8
_PRINTABLE = re.compile(r"[\x20-\x7e]*", re.ASCII)
_CATALOG_SCOPE = "registry:catalog:*"
_REPOSITORY_SCOPE = re.compile(
    r"repository(?:\([a-z0-9]{1,20}\))?:(?P<name>[^:\s]+):[a-z,*]+", re.ASCII
)


class RepositoryAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done in a repository."""

    actions: str = "pull"
    """As in a scope: `pull`, or `pull,push`."""
    mounts_from: str = ""
    """Another repository of the registry, whose blobs are to be used without being sent."""


class Realm(msgspec.Struct, frozen=True):
    """A token service, and what to ask of it."""

    url: Url
    service: str
    scopes: tuple[str, ...]
    trusted: bool
    """Whether the registry's credentials may go there; otherwise it is asked as nobody."""

    def address(self, account: str = "") -> Url:
        """The address to GET: the realm's own query, and ours, encoded anew."""
        pairs = [("service", self.service)] if self.service else []
        pairs += [("scope", scope) for scope in self.scopes]
        if account:
            pairs.append(("account", account))
        query = "&".join(part for part in (self.url.query, urlencode(pairs)) if part)
        return replace(self.url, query=query)


def realm_of(
    challenge: Challenge, reach: Reach, repository: str, access: RepositoryAccess | None = None
) -> Realm:
    """Check where a Bearer challenge leads, and say for what we go there.

    The same scheme as the registry's or a safer one; no user name, no fragment. A service that is
    neither the registry's own nor paired with it (`reach`) is asked without credentials
    (GHSA-28r5-37g7-p6mp, GHSA-xf85-363p-868w). Without a `repository` the token is for none.
    It is for what `access` says, whatever else was offered: to pull, where nothing is said.

    Raises:
        BadContentError: nobody may be asked there.
    """
    who = reach.origin.authority
    url = parse_url(challenge.parameter("realm"), f"the token service that {who} names")
    there = url.origin
    trusted = reach.trusts(there)
    if there.scheme == "http" and not trusted:
        raise bad(
            f"{who} names a token service over plain HTTP ({there.authority}); behind a proxy, "
            "check its base URL or X-Forwarded-Proto"
        )
    service = challenge.parameter("service")
    if not _short(service):
        raise bad(f"{who} names a service that is no plain text")
    scopes = _scopes(challenge, who, repository, access or RepositoryAccess())
    return Realm(url, service, scopes, trusted)


def reusable(challenge: Challenge, repository: str) -> Challenge | None:
    """The challenge as it would be for another repository; None where that cannot be told.

    A registry that names another repository than the one we asked for has its own mapping, and
    must be asked each time.
    """
    scope = challenge.parameter("scope")
    match = _REPOSITORY_SCOPE.fullmatch(scope)
    if match and match["name"] != repository:
        return None
    if match:
        rest = tuple(pair for pair in challenge.parameters if pair[0] != "scope")
        return replace(challenge, parameters=rest)
    return challenge


def _scopes(
    challenge: Challenge, who: str, repository: str, access: RepositoryAccess
) -> tuple[str, ...]:
    """What we ask for (distribution docs, «scope»)."""
    text = challenge.parameter("scope")
    if not _short(text):
        raise bad(f"{who} names a scope that is no plain text")
    words = text.split()
    if len(words) > _MAX_SCOPES:
        raise bad(f"{who} names {len(words)} scopes")
    if not repository:
        # Only who we are is asked; GHCR names a repository that is not there. The list of all
        # repositories has a scope of its own.
        return tuple(word for word in words if word == _CATALOG_SCOPE)
    if not words:
        # Artifactory and some Nexus proxies never send one.
        words = [f"repository:{repository}:pull"]
    scopes = [_scope(word, access.actions) for word in words]
    if access.mounts_from:
        scopes.append(f"repository:{access.mounts_from}:pull")
    return tuple(dict.fromkeys(scopes))


def _scope(scope: str, actions: str) -> str:
    match = _REPOSITORY_SCOPE.fullmatch(scope)
    return f"repository:{match['name']}:{actions}" if match else scope


def _short(text: str) -> bool:
    return len(text) <= _MAX_VALUE and _PRINTABLE.fullmatch(text) is not None
