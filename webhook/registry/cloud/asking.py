"""Questions to a cloud's own services: small JSON, a few seconds, and whose address they may be."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.documents import document
from webhook.registry.exchange import Request, Response
from webhook.registry.failures import failure
from webhook.registry.reach import Reach
from webhook.registry.transport import AiohttpTransport, Connections
from webhook.registry.url import parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webhook.registry.exchange import Transport
    from webhook.registry.url import Url

METADATA = frozenset(
    {
        "169.254.169.254",  # instance metadata of AWS, Azure and Google
        "fd00:ec2::254",  # the same of AWS over IPv6
        "169.254.170.23",  # EKS Pod Identity Agent
        "fd00:ec2::23",
        "169.254.170.2",  # credentials of an ECS task
    }
)
"""The only link-local addresses that are ever dialled, from this room alone."""
_SECONDS = 5.0
"""For one question; a metadata server that is not there does not answer at all."""
_MAX_REPLY = 64 * 1024
_MAX_FILE = 64 * 1024
_OK = 200


class Asking:
    """Sends what the providers ask. Redirects are not followed: there are none."""

    def __init__(self, transport: Callable[[Reach], Transport] | None = None) -> None:
        """Nothing is opened before the first question; `transport` stands in for the network."""
        # The clouds' APIs may have private addresses: interfaces in one's own network. Their
        # certificates say who they are.
        self._connections = Connections(excepted=METADATA)
        self._transport = transport or partial(AiohttpTransport, self._connections)

    async def send(
        self,
        url: Url,
        what: str,
        *,
        method: str = "GET",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        """One question; any answer but 200 is an error.

        Args:
            url: where to.
            what: what is asked for, in messages.
            method: of HTTP.
            headers: beside our own.
            body: bytes to send.
            form: fields to send in place of it.

        Raises:
            RegistryError: there was no answer, or not the one.
        """
        response = await self._transport(Reach(origin=url.origin, private=True)).send(
            Request(
                method=method,
                url=url,
                headers=headers,
                body=body,
                form=tuple((form or {}).items()),
                max_bytes=_MAX_REPLY,
                deadline=asyncio.get_running_loop().time() + _SECONDS,
            )
        )
        if response.status != _OK:
            raise failure(response, what)
        return response

    async def json(self, url: Url, what: str, **asked: object) -> Mapping[str, object]:
        """The same where the answer is a JSON object."""
        response = await self.send(url, what, **asked)  # type: ignore[arg-type]  # as it takes
        return document(response.body, what)

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.close()


def address(text: str, what: str) -> Url:
    """An address from a setting.

    Raises:
        BadContentError: it is none.
    """
    return parse_url(text, what)


def text(reply: Mapping[str, object], name: str, what: str) -> str:
    """A field of a reply that must be there.

    Raises:
        BadContentError: it is not.
    """
    value = reply.get(name)
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise BadContentError(Reason.BAD_CONTENT, f"{what} holds no {name}")
    return value


async def file_text(path: str, what: str) -> str:
    """What stands in a small file, without the blanks around it.

    Raises:
        UnavailableError: it cannot be read; the message names the file.
    """

    def read() -> bytes:
        with Path(path).open("rb") as file:
            return file.read(_MAX_FILE + 1)

    shown = f"{what} {printable(path, 200)}"
    try:
        found = (await asyncio.to_thread(read)).decode().strip()
    except OSError as error:
        raise UnavailableError(
            Reason.UNAUTHORIZED, f"{shown} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise UnavailableError(Reason.UNAUTHORIZED, f"{shown} is no text") from error
    if not found or len(found) > _MAX_FILE:
        raise UnavailableError(Reason.UNAUTHORIZED, f"{shown} is empty, or longer than a token")
    return found
