"""What is wrong with the shape of some data: the decoder's complaint, in words for its author."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.document import path_text
from webhook.core.printable import printable

if TYPE_CHECKING:
    import msgspec

# msgspec: «Expected `str | null`, got `int` - at `$.spec.containers[0].image`».
_PLACE = re.compile(r" - at `\$([^`]*)`")
_COMPLAINT = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_NAMES = {
    "str": "a string",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "bool": bool,
    # Decoders do not agree on what a whole number beyond 64 bits is.
    "int": (int, float),
    "float": (int, float),
    "array": (list, tuple),
    "object": dict,
    "null": type(None),
}
_MAX_SHOWN = 60
_PRINTED = 10**18


def shape_error(error: msgspec.ValidationError, data: object) -> str:
    """`spec.containers[0].image: expected a string, got 5`, for the data that was refused."""
    complaint = str(error)
    place = _PLACE.search(complaint)
    found = _COMPLAINT.match(complaint)
    wanted, got = found.groups() if found else ("", "")
    path, value = _follow(place[1] if place else "", data, got)
    where = printable(path_text(path)) or "the object"
    if found is None:
        return f"{where}: {printable(_PLACE.sub('', complaint))}"
    kinds = [_NAMES.get(kind, kind) for kind in wanted.split(" | ") if kind != "null"]
    return f"{where}: expected {' or '.join(kinds)}, got {value}"


def described(value: object) -> str:
    """A value as a message shows it: scalars as in JSON, the rest by its kind."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{printable(value, _MAX_SHOWN)}"'
        case int() | float():
            # A number may have thousands of digits, more than Python is willing to print.
            return str(value) if abs(value) < _PRINTED else "a huge number"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _follow(steps: str, data: object, got: str) -> tuple[list[str | int], str]:
    """The path in words, and the value at its end; the value's kind where it cannot be found."""
    path: list[str | int] = []
    for name, index in _STEP.findall(steps):
        if index == "...":
            # The decoder does not tell the key in a mapping with free keys: it is the first wrong.
            values = data.items() if isinstance(data, dict) else ()
            step, data = next(((key, one) for key, one in values if _is(got, one)), ("…", None))
        elif index:
            step = int(index)
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            step = name
            data = data.get(name) if isinstance(data, dict) else None
        path.append(step)
    return path, described(data) if _is(got, data) else _NAMES.get(got, got)


def _is(kind: str, value: object) -> bool:
    return isinstance(value, _TYPES.get(kind, ()))
