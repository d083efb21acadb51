"""What a plain YAML scalar means to Kubernetes: YAML 1.1 as the Go library of `kubectl` reads it.

>>> [plain(text) for text in ("on", "010", "1:30", "2024-01-01", "~")]
[True, 8, '1:30', '2024-01-01', None]
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
# JSON has no words for these, so that they cannot reach the API server.
_NO_NUMBERS = frozenset(
    sign + word
    for sign in ("", "+", "-")
    for word in (".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF")
)
_FIRST = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+][0-9]+)?", re.ASCII)
_DOTTED = re.compile(r"\.[0-9]+(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS = 400
"""Characters; a longer number fits into no type of Go."""
_BASES = {"0x": 16, "0o": 8, "0b": 2}


class NoScalarError(ValueError):
    """A scalar that has no place in JSON, or is not what its tag says."""


def plain(text: str) -> Scalar:
    """The value of a scalar without quotes and without a tag.

    Raises:
        NoScalarError: it is infinite or not a number.
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _FIRST else text


def tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag.

    Raises:
        NoScalarError: the text is not what the tag says, or the tag is none that Kubernetes knows.
    """
    value: Scalar
    match tag.removeprefix(_CORE):
        case "str":
            return text
        case "bool" if isinstance(value := plain(text), bool):
            return value
        case "null" if (value := plain(text)) is None:
            return value
        case "int" if isinstance(value := plain(text), int) and not isinstance(value, bool):
            return value
        case "float" if isinstance(value := plain(text), int | float) and not isinstance(
            value, bool
        ):
            return float(value)
        case _:
            raise NoScalarError(f"a value with the tag {tag.replace(_CORE, '!!')} cannot be read")


def _number(text: str) -> Scalar:
    if text in _NO_NUMBERS:
        raise NoScalarError(f"{text} is no number that JSON has; put it in quotes if it is text")
    if text[0] == ".":
        return _real(text) if _DOTTED.fullmatch(text) else text
    digits = text.replace("_", "")
    if len(digits) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(digits):
        return _whole(digits)
    return _real(digits) if _FLOAT.fullmatch(digits) else text


def _whole(digits: str) -> int:
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    base = _BASES.get(digits[:2].lower())
    if base:
        return sign * int(digits[2:], base)
    return sign * int(digits, 8 if digits[0] == "0" else 10)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NoScalarError(f"{digits[:20]} is too large for a number")
    return value
