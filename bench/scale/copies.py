"""More records of the form that etcd holds already, put into it past the API server.

Through it they are created and given a status one by one, at some hundred a second.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.scale.processes import Etcd

_RANDOM = re.compile(
    rb"[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""Digests, commits and uids: what differs between any two images."""
_FORMS = 2_000
_AT_ONCE = 100
"""etcd takes 128 operations in a transaction."""


def copy_records(etcd: Etcd, existing: int, count: int) -> None:
    """Copy what is stored of `existing` digests until there are `count`."""
    stored = etcd.stored(min(existing, _FORMS))
    waiting: list[tuple[bytes, bytes]] = []
    for number in range(existing, count):
        key, value = stored[number % len(stored)]
        generation = b"%d" % (number // len(stored))
        waiting.append((_anew(key, generation), _anew(value, generation)))
        if len(waiting) == _AT_ONCE or number == count - 1:
            etcd.put(waiting)
            waiting.clear()


def _anew(text: bytes, generation: bytes) -> bytes:
    """The same text about another image; as random, and as long."""

    def another(found: re.Match[bytes]) -> bytes:
        old = found[0]
        new = hashlib.sha256(old + generation).hexdigest().encode()
        if b"-" in old:
            return b"-".join((new[:8], new[8:12], new[12:16], new[16:20], new[20:32]))
        return new[: len(old)]

    return _RANDOM.sub(another, text)
