"""The uid of a review that nobody could read.

The API server writes it into the first hundred bytes, before anything that a user wrote, so an
answer with the right uid is possible whatever follows: cut off, too large or malformed.

>>> head = b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"'
>>> rescued_uid(head + b',"request":{"uid":"7","obj')
'7'
"""

from __future__ import annotations

import re

_FIRST_BYTES = 4096

# Anchored: nothing before the uid but what the API server itself writes there, so that no text in
# an object can pass for it. Each step begins with a character of its own: no backtracking.
_BEGINNING = re.compile(
    rb"[ \t\r\n]*\{[ \t\r\n]*"
    rb'(?:"(?:kind"[ \t\r\n]*:[ \t\r\n]*"AdmissionReview"'
    rb'|apiVersion"[ \t\r\n]*:[ \t\r\n]*"admission\.k8s\.io/v1")[ \t\r\n]*,[ \t\r\n]*){2}'
    rb'"request"[ \t\r\n]*:[ \t\r\n]*\{[ \t\r\n]*'
    rb'"uid"[ \t\r\n]*:[ \t\r\n]*"([A-Za-z0-9_.:-]{1,128})"'
)


def rescued_uid(body: bytes | bytearray) -> str | None:
    """The uid in the first bytes of a review, or None where these are no AdmissionReview."""
    found = _BEGINNING.match(bytes(body[:_FIRST_BYTES]))
    return found[1].decode("ascii") if found else None
