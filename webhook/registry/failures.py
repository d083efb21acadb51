"""Which reason stands for which failure: one table for HTTP statuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import BadContentError, RefusedError, RegistryError, UnavailableError
from webhook.registry.strict import StrictJSONError, load

if TYPE_CHECKING:
    from webhook.registry.exchange import Response

_STATUS = {
    401: (Reason.UNAUTHORIZED, "it wants other credentials"),
    403: (Reason.UNAUTHORIZED, "it refuses these credentials"),
    404: (Reason.NOT_FOUND, "it does not have it, or hides it from these credentials"),
    408: (Reason.TIMED_OUT, "it gave up waiting"),
    410: (Reason.NOT_FOUND, "it does not have it any more"),
    412: (Reason.UNAUTHORIZED, "a rule of its own forbids to serve it"),
    429: (Reason.RATE_LIMITED, "too many requests"),
    451: (Reason.UNAUTHORIZED, "it may not serve it"),
}
_STATUS_SENT = _STATUS | {
    404: (Reason.NOT_FOUND, "it has no such repository, or hides it from these credentials"),
    412: (Reason.UNAUTHORIZED, "a rule of its own forbids it"),
}
"""Where something was to be stored."""
_REFUSED = frozenset({401, 403})
_SERVER_ERROR = 500
_CODE = re.compile(r"[A-Z][A-Z_]{2,40}", re.ASCII)


def failure(response: Response, what: str, *, sent: bool = False) -> RegistryError:
    """The error for an answer that is not what was asked for.

    Args:
        response: any status but the good one.
        what: what was asked, for the message.
        sent: whether it was to be stored there.
    """
    status = response.status
    said = _code(response)
    shown = f"{status} {said}" if said else str(status)
    who = response.origin.authority
    table, does = (_STATUS_SENT, "does not take") if sent else (_STATUS, "does not serve")
    if status >= _SERVER_ERROR:
        return UnavailableError(Reason.UNREACHABLE, f"{who} is in trouble ({shown} for {what})")
    if status in _REFUSED:
        return refusal(response, f"{who} {does} {what}: {table[status][1]} ({shown})")
    if status in table:
        reason, words = table[status]
        return UnavailableError(reason, f"{who} {does} {what}: {words} ({shown})")
    return BadContentError(Reason.BAD_CONTENT, f"{who} answered {shown} for {what}")


def refusal(response: Response, detail: str) -> RefusedError:
    """The error for an answer that says it is about who we are."""
    who, status = response.origin.authority, response.status
    return RefusedError(Reason.UNAUTHORIZED, detail, who=who, status=status)


def _code(response: Response) -> str:
    """The registry's own word for the error (distribution-spec, «Error Codes»), never its prose."""
    try:
        body = load(response.body)
    except StrictJSONError:
        return ""
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
