"""JSON to plain data: one value, several in a row, or one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NoReturn

from webhook.core.printable import printable
from webhook.errors import InvalidObjectError
from webhook.manifests.lines import Parsed, Starts

_BLANK = re.compile(r"[ \t\r\n]*", re.ASCII)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},\n]|[^][{},\s":]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]", re.ASCII)


class NoJsonError(ValueError):
    """The text is no JSON; it may be YAML that looks like it."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(f"{line}: {problem}")


class _TwiceError(Exception):
    """One key stands twice in one mapping."""


def read_json(text: str, file: str) -> Iterator[Parsed]:
    """The documents of a JSON text that are not null.

    Raises:
        NoJsonError: it is no JSON.
        InvalidObjectError: it is, and says two things at once, or what no API server would take;
            the message begins with `file:line`.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_mapping, parse_constant=_refuse)
    line, counted = 1, 0
    start = _skip(text, 0)
    while start < len(text):
        line += text.count("\n", counted, start)
        counted = start
        try:
            data, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise NoJsonError(error.msg, error.lineno) from error
        except _TwiceError as error:
            twin = _scan(text, start, line)[1]
            raise InvalidObjectError(f"{file}:{twin}: {error}") from error
        except RecursionError as error:
            raise InvalidObjectError(f"{file}:{line}: it is nested too deeply") from error
        except ValueError as error:
            raise InvalidObjectError(f"{file}:{line}: {printable(str(error))}") from error
        if _SURROGATE.search(text, start, end) and not _encodes(data):
            raise InvalidObjectError(f"{file}:{line}: a \\u escape is half of a character")
        if data is not None:
            yield Parsed(line, data, _starts(text[start:end], line, data))
        start = _skip(text, end)


def _skip(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found else start


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _TwiceError(f"the key {printable(repr(key), 100)} is there twice")
            seen.add(key)
    return mapping


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _encodes(data: object) -> bool:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _starts(text: str, line: int, data: object) -> Callable[[], Starts]:
    """Where the entries begin; looked for when somebody asks, and once."""
    if "\n" not in text:
        return dict

    @cache
    def starts() -> Starts:
        return dict(zip(_containers(data), _scan(text, 0, line)[0], strict=True))

    return starts


def _containers(data: object) -> Iterator[int]:
    """The `id()` of every mapping and list, in the order in which they open in the text."""
    pending = [data]
    while pending:
        part = pending.pop()
        if isinstance(part, dict | list):
            yield id(part)
            pending += reversed(list(part.values()) if isinstance(part, dict) else part)


def _scan(text: str, start: int, line: int) -> tuple[list[list[int]], int]:
    """Read a value that is JSON once more, for lines; `start` is in line `line`.

    Returns:
        The lines of the entries of every mapping and list, in the order in which these open; and
        the line of the first key that its mapping has already, where the reading ends, or of the
        value's end.
    """
    opened: list[list[int]] = []
    stack: list[tuple[list[int], set[str] | None]] = []
    begins = False
    for found in _TOKEN.finditer(text, start):
        token = found[0]
        if token == "\n":
            line += 1
        elif token == ",":
            begins = True
        elif token in {"]", "}"}:
            stack.pop()
            begins = False
            if not stack:
                break
        else:
            if begins:
                lines, keys = stack[-1]
                lines.append(line)
                if keys is not None:
                    key = json.loads(token)
                    if key in keys:
                        break
                    keys.add(key)
            begins = token in {"[", "{"}
            if begins:
                opened.append([])
                stack.append((opened[-1], set() if token == "{" else None))
    return opened, line
