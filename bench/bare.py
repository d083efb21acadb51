"""The baseline: an application on stock uvicorn that reads the body and answers a constant."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]

ANSWER = (
    b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",'
    b'"response":{"uid":"00000000-0000-4000-8000-000000000000","allowed":true}}'
)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def bare(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Do no more than HTTP demands."""
    del scope
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def tls13(config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """The TLS settings of `cocket serve`."""
    del config
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    return context


def main(port: str, certificate: str, key: str) -> None:
    """Serve until ended."""
    uvicorn.run(
        bare,
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=120,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_context_factory=tls13,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
