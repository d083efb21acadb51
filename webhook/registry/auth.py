"""Logging in: 401 → challenge → realm guard → token → once more, credential by credential.

No credential leaves for a host that `Reach.trusts` does not name; a token goes to the registry that
asked for it; nothing loops: each credential has one try, and one more if an old token was stale.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.facts import Reason
from webhook.errors import RefusedError, UnavailableError
from webhook.registry.challenge import Challenge, choose, parse_challenges
from webhook.registry.credentials import Anonymous, Basic, Credential, Held, RegistryToken
from webhook.registry.failures import refusal
from webhook.registry.realm import realm_of, reusable
from webhook.registry.tokens import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.registry.exchange import Request, Response, Transport
    from webhook.registry.reach import Reach
    from webhook.registry.realm import RepositoryAccess
    from webhook.registry.tokens import Tokens
    from webhook.registry.url import Origin

_UNAUTHORIZED = 401
_REFUSED = frozenset({401, 403})
_MAX_CREDENTIALS = 8
_MAX_HOSTS = 4096


class Lobby:
    """What was learned at the doors of registries: their challenges, and the tokens they take."""

    def __init__(self, tokens: Tokens) -> None:
        """Nothing was learned yet."""
        self.tokens = tokens
        self._challenges: dict[Origin, Challenge] = {}

    def expected(self, origin: Origin) -> Challenge | None:
        """The challenge that a registry will answer with; saves the request that would fetch it."""
        return self._challenges.get(origin)

    def remember(self, origin: Origin, challenge: Challenge | None) -> None:
        """Keep the challenge, or forget it where it serves one repository only."""
        self._challenges.pop(origin, None)
        if challenge is not None and len(self._challenges) < _MAX_HOSTS:
            self._challenges[origin] = challenge


class _Login(msgspec.Struct, frozen=True):
    """A value of `Authorization`, and the token question behind it."""

    header: str
    question: Question | None = None
    was_kept: bool = False
    """An older token: the registry may have stopped taking it."""


class Authenticated:
    """Sends requests about one repository, as whoever the registry lets in."""

    def __init__(
        self,
        inner: Transport,
        *,
        tokens: Transport,
        reach: Reach,
        repository: str,
        credentials: Sequence[Held],
        lobby: Lobby,
        anonymously: bool = True,
        access: RepositoryAccess | None = None,
    ) -> None:
        """Tell who asks and for what.

        Args:
            inner: sends to the registry.
            tokens: sends to token services; follows no redirects.
            reach: the registry.
            repository: its name there, for the scope of tokens; empty: only who we are counts.
            credentials: tried in turn, the most special first; nobody comes last of all.
            lobby: shared by all.
            anonymously: whether nobody is tried at all.
            access: what for; by default to pull.
        """
        self._inner = inner
        self._token_transport = tokens
        self._reach = reach
        self._repository = repository
        self._lobby = lobby
        self._access = access
        self._challenge: Challenge | None = None
        known = [one for one in credentials if not isinstance(one.credential, Anonymous)]
        nobody = [Held(Anonymous(), "")] if anonymously else []
        self._credentials: list[Held] = [*known[:_MAX_CREDENTIALS], *nobody]

    async def send(self, request: Request) -> Response:
        """See `Transport.send`; a 401 or 403 to nobody is returned like any other answer.

        Raises:
            UnavailableError: whoever we came as was refused, or may not go to the token service;
                the message says who refused which credentials.
        """
        refusals: list[str] = []
        refused: UnavailableError | None = None
        response: Response | None = None
        for held in tuple(self._credentials):
            try:
                response, shown = await self._as(held.credential, request)
            except UnavailableError as error:
                if error.reason is not Reason.UNAUTHORIZED:
                    raise
                refused = error
                if held.source:
                    refusals.append(_sentence(held, error))
                continue
            if response.status not in _REFUSED or request.source is not None:
                # Who was let in once is asked first for the rest of the image.
                self._credentials.remove(held)
                self._credentials.insert(0, held)
                return response
            if shown and held.source and response.origin == self._reach.origin:
                refusals.append(_sentence(held, refusal(response, "")))
        if refusals:
            # Which of several logins is wrong helps more than the bare 401 that nobody got.
            raise UnavailableError(Reason.UNAUTHORIZED, "; ".join(refusals))
        if refused is not None or response is None:
            # What the token service said tells more than the registry's bare 401.
            raise refused or UnavailableError(Reason.UNAUTHORIZED, "nobody is let in")
        return response

    async def _as(self, credential: Credential, request: Request) -> tuple[Response, bool]:
        """The answer to this credential, and whether it was shown: some fit no challenge."""
        expected = self._expected(credential)
        if expected is None and request.source is not None:
            expected = self._challenge
        login = await self._login(expected, credential, request.deadline)
        response = await self._inner.send(_with(request, login))
        if response.status != _UNAUTHORIZED or response.origin != self._reach.origin:
            # A 401 of an object store is no question to us.
            return response, login is not None
        if request.source is not None:
            # What was sent halfway cannot be sent again; whoever has it begins anew.
            if login is not None and login.question is not None:
                self._lobby.tokens.forget(login.question)
            return response, login is not None
        if login is None:
            challenge = choose(parse_challenges(response.all("www-authenticate")))
            if challenge is None:
                return response, False
            self._challenge = challenge
            self._lobby.remember(self._reach.origin, reusable(challenge, self._repository))
            login = await self._login(challenge, credential, request.deadline)
        elif login.question is not None and login.was_kept:
            self._lobby.tokens.forget(login.question)
            login = await self._token(login.question, request.deadline)
        else:
            return response, True
        if login is None:
            return response, False
        return await self._inner.send(_with(request, login)), True

    def _expected(self, credential: Credential) -> Challenge | None:
        if isinstance(credential, RegistryToken):
            return Challenge("bearer")
        return self._lobby.expected(self._reach.origin)

    async def _login(
        self, challenge: Challenge | None, credential: Credential, deadline: float
    ) -> _Login | None:
        """How to answer a challenge; None where this credential has no answer."""
        match challenge, credential:
            case None, _:
                return None
            case Challenge("bearer"), RegistryToken() as token:
                return _Login(token.header())
            case Challenge("bearer"), _:
                realm = realm_of(challenge, self._reach, self._repository, self._access)
                if not realm.trusted and not isinstance(credential, Anonymous):
                    raise UnavailableError(
                        Reason.UNAUTHORIZED,
                        f"{self._reach.origin.authority} has its tokens from "
                        f"{realm.url.origin.authority}, which is not trusted with its credentials; "
                        "if it should be, name it as tokenRealm in the Registry",
                    )
                return await self._token(Question(self._reach.origin, realm, credential), deadline)
            case Challenge("basic"), Basic() as basic:
                return _Login(basic.header())
            case _:
                return None

    async def _token(self, question: Question, deadline: float) -> _Login:
        tokens = self._lobby.tokens
        was_kept = tokens.kept(question) is not None
        token = await tokens.get(question, self._token_transport, deadline)
        return _Login(f"Bearer {token}", question, was_kept)


def _with(request: Request, login: _Login | None) -> Request:
    return replace(request, authorization="" if login is None else login.header)


def _sentence(held: Held, error: UnavailableError) -> str:
    """`the pull secret shop/regcred was refused by harbor.example.com: 401 unauthorized`."""
    if not isinstance(error, RefusedError):
        return str(error)
    words = HTTPStatus(error.status).phrase.lower()
    return f"{held.source} was refused by {error.who}: {error.status} {words}"
