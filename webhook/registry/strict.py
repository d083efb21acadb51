"""JSON as every reader must read it alike: what Go and Python would read differently is refused."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH = 64
"""Levels of nesting. Image documents have six; a hundred thousand would end the process."""
MAX_ITEMS = 250_000
"""Values in one document, about. Eight megabytes of `[],[],…` would take 200 MB of memory."""
_MAX_DIGITS = 17
"""2^53 has 16 digits and a sign; a number of 4,301 digits takes seconds and then fails."""

# Possessive, and the closing quote may be missing: an unfinished string is walked through once.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_OPENING = (b"[", b"{")
_CLOSING = (b"]", b"}")


class StrictJSONError(ValueError):
    """A document that another reader might read otherwise; `str()` is a clause about it."""


def load(body: bytes) -> object:
    """Read one JSON document (RFC 8259).

    Refused, because Go's `encoding/json` and Python's `json` differ on it or a process may die of
    it: bytes that are no UTF-8, a byte order mark, a key that stands twice in one object, NaN and
    infinities, numbers beyond 17 digits, nesting beyond 64 levels, more than about 250,000 values,
    anything after the document.

    Raises:
        StrictJSONError: the document is refused.
    """
    _check_shape(body)
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_real,
        )
    except UnicodeDecodeError as error:
        raise StrictJSONError("it is not UTF-8") from error
    except StrictJSONError:
        raise
    except (ValueError, RecursionError) as error:
        # The position only: the text itself may hold a secret, or a megabyte.
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise StrictJSONError(f"it is not JSON{where}") from error


def check_keys(found: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse a key that Go would take for a known one and Python would not.

    Go matches the names of struct fields under simple case folding, in which U+017F is an s and
    U+212A a k (encoding/json, fold.go), and the last one wins: `{"config": good, "Config": evil}`
    is good to us and evil to containerd. Python's full folding is a little stricter than Go's.

    Raises:
        StrictJSONError: such a key is there.
    """
    for key in found:
        if key not in known and key.casefold() in _folded(known):
            raise StrictJSONError(f"its key {printable(ascii(key), 60)} is another key in disguise")


@cache
def _folded(known: frozenset[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in known)


def encodable(text: str) -> bool:
    """False for half a surrogate pair: Go reads U+FFFD there, and nobody can write it as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise StrictJSONError("it has one key twice in an object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise StrictJSONError(f"it holds {name}, which is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise StrictJSONError(f"it holds a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise StrictJSONError("it holds a number beyond every bound")
    return number


def _check_shape(body: bytes) -> None:
    """Bound memory and recursion before anything is built; commas in strings count as well."""
    opened = body.count(b"[") + body.count(b"{")
    if opened + body.count(b",") > MAX_ITEMS:
        raise StrictJSONError(f"it holds more than {MAX_ITEMS} values")
    if opened <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKENS.finditer(body):
        token = match[0]
        if token in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                raise StrictJSONError(f"it is nested deeper than {MAX_DEPTH} levels")
        elif token in _CLOSING:
            depth -= 1
