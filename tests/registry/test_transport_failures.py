"""Nothing that aiohttp, ssl or the system throw leaves without a reason."""

import asyncio
import inspect
import socket
import ssl
from typing import cast

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions

from webhook.core.facts import Reason
from webhook.errors import BadContentError
from webhook.registry.guard import BlockedAddressError
from webhook.registry.transport import (
    TRANSPORT_ERRORS,
    registry_error,
)
from webhook.registry.url import Origin


def everything() -> list[type[BaseException]]:
    """All exceptions of aiohttp, of ssl, and every kind of OSError."""
    found: set[type[BaseException]] = set()
    for module in (client_exceptions, http_exceptions, ssl, socket, asyncio):
        found |= {
            value
            for _, value in inspect.getmembers(module, inspect.isclass)
            if issubclass(
                value, (OSError, aiohttp.ClientError, http_exceptions.HttpProcessingError)
            )
        }
    found |= set(OSError.__subclasses__()) | set(UnicodeError.__subclasses__())
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.mark.parametrize(
    "kind", everything(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_every_failure_is_caught_and_has_a_reason(kind: type[BaseException]) -> None:
    assert issubclass(kind, TRANSPORT_ERRORS)
    error = kind.__new__(kind)

    mapped = registry_error(error, Origin("https", "registry.example.com", 443))

    assert isinstance(mapped, BadContentError) is (mapped.reason is Reason.BAD_CONTENT)
    assert "registry.example.com" in str(mapped)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BlockedAddressError("x"), Reason.UNREACHABLE),
        (ssl.SSLCertVerificationError("x"), Reason.UNTRUSTED_TLS),
        (ssl.SSLError("x"), Reason.UNTRUSTED_TLS),
        (TimeoutError(), Reason.TIMED_OUT),
        (aiohttp.ConnectionTimeoutError(), Reason.TIMED_OUT),
        (aiohttp.SocketTimeoutError(), Reason.TIMED_OUT),
        (aiohttp.ServerDisconnectedError(), Reason.UNREACHABLE),
        (aiohttp.ClientPayloadError(), Reason.UNREACHABLE),
        (aiohttp.InvalidURL("https://x?sesame"), Reason.UNREACHABLE),
        (ConnectionRefusedError(), Reason.UNREACHABLE),
        (socket.gaierror(), Reason.UNREACHABLE),
        (RuntimeError("uvloop"), Reason.UNREACHABLE),
        (http_exceptions.BadHttpMessage("sesame"), Reason.BAD_CONTENT),
        (UnicodeError("label too long"), Reason.UNREACHABLE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_narrowest_reason_counts(error: BaseException, expected: Reason) -> None:
    mapped = registry_error(error, Origin("https", "registry.example.com", 443))

    assert mapped.reason is expected
    assert "sesame" not in str(mapped)


def test_what_was_wrapped_counts() -> None:
    outer = cast("BaseException", aiohttp.ClientOSError())
    outer.__cause__ = ssl.SSLCertVerificationError("x")

    assert registry_error(outer, Origin("https", "a", 443)).reason is Reason.UNTRUSTED_TLS
