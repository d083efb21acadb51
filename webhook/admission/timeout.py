"""How long the API server waits for us, read from the `?timeout=` that it sends.

>>> patience_of(b"timeout=10s")
9.0
"""

from __future__ import annotations

import re
from functools import lru_cache

_DEFAULT_SECONDS = 10.0
"""As in admissionregistration/v1, `timeoutSeconds`, where nothing is said."""
_MAX_SECONDS = 30.0
"""The largest `timeoutSeconds` that the API server takes."""
_MARGIN = 0.1
_MIN_MARGIN_SECONDS = 0.3
"""For the way back: an answer that comes after the API server hung up is no answer."""
_MAX_QUERY = 1024

# Go's time.ParseDuration: a sum of numbers with units; a bare 0 is the only number without.
_PART = re.compile(rb"([0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(ns|us|\xc2\xb5s|ms|s|m|h)")
_UNITS = {
    b"ns": 1e-9,
    b"us": 1e-6,
    b"\xc2\xb5s": 1e-6,
    b"ms": 1e-3,
    b"s": 1.0,
    b"m": 60.0,
    b"h": 3600.0,
}


@lru_cache(maxsize=64)
def patience_of(query: bytes) -> float:
    """Seconds until our answer must be on its way, counted from the request's arrival.

    Args:
        query: the query string as it arrived. What is no duration counts as the default.
    """
    seconds = min(_timeout(query), _MAX_SECONDS)
    return max(seconds - max(seconds * _MARGIN, _MIN_MARGIN_SECONDS), 0.0)


def _timeout(query: bytes) -> float:
    for pair in query[:_MAX_QUERY].split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"timeout":
            seconds = _duration(value.replace(b"%C2%B5", b"\xc2\xb5"))
            return _DEFAULT_SECONDS if seconds is None else seconds
    return _DEFAULT_SECONDS


def _duration(text: bytes) -> float | None:
    """Seconds, or None for what is no positive duration."""
    seconds = 0.0
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return None
        seconds += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    return seconds or None
