"""Bearer tokens: asked for once per repository, kept as long as they last."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from webhook.registry.credentials import Basic, Credential, IdentityToken
from webhook.registry.documents import bad, document
from webhook.registry.exchange import Request, Response, Transport
from webhook.registry.failures import failure, refusal
from webhook.registry.flights import Flights
from webhook.registry.realm import Realm
from webhook.registry.url import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MAX_REPLY = 64 * 1024
_MAX_TOKENS = 4096
_MARGIN_SECONDS = 10.0
_DEFAULT_SECONDS = 60.0
"""What a reply without `expires_in` means (distribution docs, token specification)."""
_LONGEST_SECONDS = 3600.0
_VISIBLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_OK = 200
_BAD_REQUEST = 400


class Question(msgspec.Struct, frozen=True):
    """What makes two tokens the same; the credential in it never shows itself."""

    origin: Origin
    """The registry: a token is never used at another one."""
    realm: Realm
    credential: Credential


class Tokens:
    """The tokens of all registries."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds that never go back."""
        self._monotonic = monotonic
        self._kept: OrderedDict[Question, tuple[str, float]] = OrderedDict()
        self._flights: Flights[Question, str] = Flights()

    def kept(self, question: Question) -> str | None:
        """A token that still lasts."""
        found = self._kept.get(question)
        if found is None:
            return None
        token, until = found
        if self._monotonic() >= until:
            del self._kept[question]
            return None
        self._kept.move_to_end(question)
        return token

    def forget(self, question: Question) -> None:
        """The registry no longer takes it."""
        self._kept.pop(question, None)

    async def get(self, question: Question, transport: Transport, deadline: float) -> str:
        """A token that lasts, from memory or from the token service.

        Args:
            question: for which registry, from where, what for and as whom.
            transport: follows no redirect: a token service that redirects is refused.
            deadline: of the request, see `Request.deadline`.

        Raises:
            UnavailableError: the service refuses, or cannot be asked.
            BadContentError: its reply holds no token.
        """
        if (token := self.kept(question)) is not None:
            return token
        return await self._flights.join(question, lambda: self._ask(question, transport, deadline))

    async def close(self) -> None:
        """End what is on its way."""
        await self._flights.close()

    async def _ask(self, question: Question, transport: Transport, deadline: float) -> str:
        asked = self._monotonic()
        response = await transport.send(_request(question, deadline))
        token, lasts = _reply(response)
        self._kept[question] = (token, asked + lasts)
        if len(self._kept) > _MAX_TOKENS:
            self._kept.popitem(last=False)
        return token


def _request(question: Question, deadline: float) -> Request:
    realm = question.realm
    match question.credential:
        case IdentityToken(token):
            form = [("grant_type", "refresh_token"), ("client_id", "cocket")]
            form += [("service", realm.service), ("scope", " ".join(realm.scopes))]
            return Request(
                method="POST",
                url=realm.url,
                form=(*form, ("refresh_token", token)),
                max_bytes=_MAX_REPLY,
                deadline=deadline,
            )
        case Basic() as basic:
            # Portus takes the subject of the token from `account`.
            return Request(
                url=realm.address(basic.user),
                authorization=basic.header(),
                max_bytes=_MAX_REPLY,
                deadline=deadline,
            )
        case _:
            return Request(url=realm.address(), max_bytes=_MAX_REPLY, deadline=deadline)


def _reply(response: Response) -> tuple[str, float]:
    """The token, and for how many seconds it is used."""
    what = "a token"
    if response.status == _BAD_REQUEST:
        # Some services say so to a wrong password.
        raise refusal(response, f"{response.origin.authority} refuses to give {what} (400)")
    if response.status != _OK:
        raise failure(response, what)
    reply = document(response.body, "the reply of the token service")
    token = reply.get("token") or reply.get("access_token")
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        raise bad(f"the reply of {response.origin.authority} holds no token")
    return token, _lasts(reply)


def _lasts(reply: Mapping[str, object]) -> float:
    seconds = reply.get("expires_in")
    if type(seconds) is not int or seconds <= 0:
        seconds = _DEFAULT_SECONDS
    lasting = min(float(seconds), _LONGEST_SECONDS)
    return max(lasting - _MARGIN_SECONDS, lasting / 2)
