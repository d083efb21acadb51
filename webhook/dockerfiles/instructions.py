r"""A Dockerfile's text to instructions: directives, comments, continued lines, here-documents.

By the rules of BuildKit (frontend/dockerfile/parser). Of the libraries there are, dockerfile-parse
2.0.1 takes the lines of a here-document for instructions and does not know `# escape=`.

>>> [one.name for one in read_instructions("FROM a\nRUN <<E\nCMD no\nE\n", "Dockerfile")]
['FROM', 'RUN']
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_CHARACTERS = 1024 * 1024
"""Of one Dockerfile. The longest of the official images has 40,000."""

NAMES = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL "
    "STOPSIGNAL USER VOLUME WORKDIR".split()
)
_HOLDS_DOCUMENTS = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.+?)[ \t]*", re.ASCII)
_WORD = re.compile(r"\S+")
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?(?=\s|\Z)", re.ASCII)
# What is not closed goes on to the end: looking for quotes again behind each would take too long.
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+\\?(?:\"|\Z)|'[^']*(?:'|\Z)|[^\s\"']+")
_HEREDOC = re.compile(r"[0-9]*<<(-?)(?:\"([^\"<]+)\"|'([^'<]+)'|([^<\"']+))", re.ASCII)
_BLANK = " \t\r"


class Flag(msgspec.Struct, frozen=True):
    """`--name=value`; without a value it is empty."""

    name: str
    value: str
    at: int
    """Where the value begins in the file."""


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction, its lines joined, its comments taken out."""

    name: str
    """In capitals."""
    line: int
    """Its first, from 1."""
    flags: tuple[Flag, ...] = ()
    """In the order written."""
    text: str = ""
    """What is behind name and flags."""
    documents: tuple[str, ...] = ()
    """The lines of its here-documents."""
    pieces: tuple[tuple[int, int], ...] = ()
    """Where each piece of the joined line begins in it, and in the file; both ascend."""
    start: int = 0
    """Where `text` begins in the joined line."""

    def flag(self, name: str) -> Flag | None:
        """The last flag of a name, or None where it is not there."""
        return next((one for one in reversed(self.flags) if one.name == name), None)

    def place(self, index: int) -> int:
        """The index in the file of the character `text[index]`."""
        return _place(self.pieces, self.start + index)


class Dockerfile(msgspec.Struct, frozen=True):
    """The instructions of one file, and the character that continues a line."""

    instructions: tuple[Instruction, ...]
    escape: str = "\\"


class _Line(msgspec.Struct):
    number: int
    start: int
    """Index of its first character in the text."""
    text: str
    """Without its end."""


def read_instructions(text: str, file: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile; see `read_dockerfile`."""
    return read_dockerfile(text, file).instructions


def read_dockerfile(text: str, file: str) -> Dockerfile:
    """Take a Dockerfile apart.

    Args:
        text: decoded, with the line ends it was written with.
        file: its name, for messages.

    Raises:
        InvalidObjectError: it is too long, an instruction is unknown, or a here-document has no
            end; the message begins with `file:line`.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidObjectError(f"{file}:1: longer than {MAX_CHARACTERS} characters")
    lines = list(_lines(text))
    escape = _escape(lines, file)
    return Dockerfile(tuple(_instructions(lines, escape, file)), escape)


def _lines(text: str) -> Iterator[_Line]:
    start = 1 if text.startswith("\ufeff") else 0
    for number, line in enumerate(text[start:].split("\n"), 1):
        yield _Line(number, start, line.removesuffix("\r"))
        start += len(line) + 1


def _escape(lines: list[_Line], file: str) -> str:
    """The escape character; directives stand before everything else, each once."""
    for line in lines:
        found = _DIRECTIVE.fullmatch(line.text.strip(_BLANK))
        if found is None:
            break
        if found[1].lower() == "escape":
            if found[2] not in {"\\", "`"}:
                raise InvalidObjectError(
                    f"{file}:{line.number}: the escape character is \\ or `, not "
                    f"{printable(found[2], 20)}"
                )
            return found[2]
    return "\\"


def _instructions(lines: list[_Line], escape: str, file: str) -> Iterator[Instruction]:
    continued = re.compile(rf"(?:(?<=[^{re.escape(escape)}])|\A){re.escape(escape)}[ \t]*\Z")
    rest = iter(lines)
    for first in rest:
        stripped = first.text.lstrip(_BLANK)
        if not stripped or stripped.startswith("#"):
            continue
        begin = first.start + len(first.text) - len(stripped)
        joined, ends = [continued.sub("", stripped)], continued.search(stripped) is None
        pieces, length = [(0, begin)], len(joined[0])
        while not ends and (line := next(rest, None)) is not None:
            if not line.text.strip(_BLANK) or line.text.lstrip(_BLANK).startswith("#"):
                continue
            pieces.append((length, line.start))
            joined.append(continued.sub("", line.text))
            length += len(joined[-1])
            ends = continued.search(line.text) is None
        found = _instruction("".join(joined), first.number, pieces, file)
        if found is not None:
            yield msgspec.structs.replace(
                found, documents=tuple(_documents(found, rest, f"{file}:{first.number}"))
            )


def _instruction(
    joined: str, number: int, pieces: list[tuple[int, int]], file: str
) -> Instruction | None:
    word = _WORD.search(joined)
    if word is None:  # nothing but the character that continues
        return None
    name = word[0].upper()
    if name not in NAMES:
        raise InvalidObjectError(
            f"{file}:{number}: {printable(word[0], 40)} is no instruction of a Dockerfile"
        )
    flags: list[Flag] = []
    start = _skip(joined, word.end())
    while (flag := _FLAG.match(joined, start)) is not None:
        at = _place(pieces, flag.start(2) if flag[2] else flag.end())
        flags.append(Flag(flag[1], flag[2] or "", at))
        start = _skip(joined, flag.end())
    return Instruction(
        name=name,
        line=number,
        flags=tuple(flags),
        text=joined[start:].rstrip(_BLANK),
        pieces=tuple(pieces),
        start=start,
    )


def _place(pieces: Sequence[tuple[int, int]], at: int) -> int:
    joined, source = pieces[bisect_right(pieces, at, key=lambda piece: piece[0]) - 1]
    return source + at - joined


def _skip(text: str, start: int) -> int:
    while start < len(text) and text[start] in _BLANK:
        start += 1
    return start


def _documents(one: Instruction, rest: Iterator[_Line], where: str) -> Iterator[str]:
    """The here-documents that an instruction announces, read from the lines behind it."""
    if one.name not in _HOLDS_DOCUMENTS or "<<" not in one.text or one.text.startswith("["):
        return
    for word in _QUOTED.finditer(one.text):
        # A quoted name is two words to the pattern: `<<` and what is in quotes.
        found = _HEREDOC.fullmatch(one.text, word.start(), _end(one.text, word.end()))
        if found is None:
            continue
        name = (found[2] or found[3] or found[4]).strip()
        content: list[str] = []
        for line in rest:
            text = line.text.lstrip("\t") if found[1] else line.text
            if text == name:
                break
            content.append(text)
        else:
            raise InvalidObjectError(
                f"{where}: the here-document {printable(name, 40)} does not end"
            )
        yield "\n".join(content)


def _end(text: str, end: int) -> int:
    """The end of the word that goes on behind `end`, where a quote follows at once."""
    if end < len(text) and text[end] in "\"'":
        closing = text.find(text[end], end + 1)
        return closing + 1 if closing >= 0 else end
    return end
