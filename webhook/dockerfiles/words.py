r"""Words of an instruction, and what variables make of them (BuildKit, frontend/dockerfile/shell).

>>> expand('"${who:-nobody}"', {}).text
'nobody'
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_VALUE = 64 * 1024
"""Characters of one value: `ENV A=$A$A` doubles it with every line."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([^{}]*))?\}", re.ASCII)
_BLANK = " \t\r\n"


class Value(msgspec.Struct, frozen=True):
    """A text after its variables were replaced."""

    text: str
    missing: frozenset[str] = frozenset()
    """Variables in it whose value only a build knows; they stand in `text` as `${NAME}`."""

    @property
    def known(self) -> bool:
        """True where it says here what it is."""
        return not self.missing


def words(text: str, escape: str = "\\") -> list[str]:
    """The words of a text, split at blanks outside of quotes; quotes and escapes stay in them."""
    found: list[str] = []
    word: list[str] = []
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            word.append(text[at : at + 2])
            at += 2
            continue
        if not quote and char in _BLANK:
            if word:
                found.append("".join(word))
            word = []
        else:
            word.append(char)
            if char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
        at += 1
    if word:
        found.append("".join(word))
    return found


def pairs(text: str, escape: str = "\\") -> Iterator[tuple[str, str]]:
    """The `key=value` words of LABEL, ENV and ARG, raw; in the old form one key, then the value."""
    split = words(text, escape)
    if split and "=" not in split[0]:
        key, _, value = text.strip(_BLANK).partition(" ")
        yield key, value.strip(_BLANK)
        return
    for word in split:
        key, _, value = word.partition("=")
        yield key, value


def json_words(text: str) -> tuple[str, ...] | None:
    """The words of the JSON form, or None where it is the shell form: any text that is no such."""
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        return None
    return tuple(found)


def expand(text: str, variables: Mapping[str, Value], escape: str = "\\") -> Value:
    """The text without its quotes, and with its variables replaced.

    A name that nobody declared is nothing, as in a build.
    """
    out: list[str] = []
    missing: set[str] = set()
    quote = ""
    at = length = 0
    while at < len(text) and length <= MAX_VALUE:
        char = text[at]
        part = ""
        if char == escape and quote != "'" and at + 1 < len(text):
            kept = quote and text[at + 1] not in f'"${escape}'
            part = text[at : at + 2] if kept else text[at + 1]
            at += 2
        elif char == "$" and quote != "'":
            value, at = _variable(text, at + 1, variables, escape)
            part = value.text
            missing |= value.missing
        else:
            if char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
            else:
                part = char
            at += 1
        out.append(part)
        length += len(part)
    return Value("".join(out), frozenset(missing))


def _variable(text: str, at: int, variables: Mapping[str, Value], escape: str) -> tuple[Value, int]:
    """What stands for the variable whose name begins at `at`, and where the text goes on."""
    bare = _NAME.match(text, at)
    if bare is not None:
        return variables.get(bare[0], Value("")), bare.end()
    braced = _PARAMETER.match(text, at)
    if braced is None:
        end = text.find("}", at)
        if text[at : at + 1] != "{" or end < 0:
            return Value("$"), at
        # `${name#pattern}` and its kin: what comes out is not computed here.
        named = _NAME.match(text, at + 1)
        unknown = named[0] if named else text[at : end + 1]
        return Value(f"${{{unknown}}}", frozenset({unknown})), end + 1
    value = variables.get(braced[1])
    word = expand(braced[3] or "", variables, escape)
    return _chosen(value, braced[2] or "", word), braced.end()


def _chosen(value: Value | None, operator: str, word: Value) -> Value:
    """What `${name:-word}` and its kin make of a value."""
    given = value is not None and value.known and (bool(value.text) or ":" not in operator)
    match operator[-1:]:
        case "-":
            # What only a build can give may be left out there: then it is the word.
            return value if given and value is not None else word
        case "+":
            if value is not None and not value.known:
                return value
            return word if given else Value("")
        case _:
            return value or Value("")
