"""`WWW-Authenticate`: what a registry wants to see before it answers (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_HEADER = 8192
_MAX_CHALLENGES = 16
_MAX_PARAMETERS = 32

# Possessive throughout: a mile of backslashes is walked once.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"((?:[^"\\]++|\\.)*+)"'
_ENDS = r"(?=[ \t]*+(?:,|\Z))"
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*+=[ \t]*+(?:{_QUOTED}|([^\s,"]++)){_ENDS}', re.ASCII)
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]++|(?=,)|\Z)", re.ASCII)
_TOKEN68 = re.compile(rf"[A-Za-z0-9._~+/-]++=*+{_ENDS}", re.ASCII)
_GAP = re.compile(r"[ \t,]*+", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


class Challenge(msgspec.Struct, frozen=True):
    """One way to log in."""

    scheme: str
    """Lower case: `basic`, `bearer` or something else."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Names in lower case, each once."""

    def parameter(self, name: str) -> str:
        """A parameter's value; empty where it is not there."""
        return dict(self.parameters).get(name, "")


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read all challenges of all headers, in order; what cannot be read is left out.

    Quoted values may hold commas (`scope="repository:a/b:pull,push"`). A challenge that names one
    parameter twice can be read in two ways, and is left out.
    """
    found: list[Challenge] = []
    for header in headers:
        if len(header) <= _MAX_HEADER:
            found += _of(header)
    return found[:_MAX_CHALLENGES]


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """The first that we can answer: Bearer or Basic."""
    for challenge in challenges:
        if challenge.scheme in {"bearer", "basic"}:
            return challenge
    return None


def _of(header: str) -> list[Challenge]:
    found: list[Challenge] = []
    at = _end(_GAP, header, 0)
    while at < len(header) and len(found) < _MAX_CHALLENGES:
        scheme = _SCHEME.match(header, at)
        if scheme is None:
            break
        parameters, at = _parameters(header, scheme.end())
        names = [name for name, _ in parameters]
        if len(set(names)) == len(names):
            found.append(Challenge(scheme[1].lower(), tuple(parameters)))
    return found


def _parameters(header: str, at: int) -> tuple[list[tuple[str, str]], int]:
    """The parameters from `at` on, and where the next challenge begins."""
    found: list[tuple[str, str]] = []
    if token := _TOKEN68.match(header, at):
        return found, _end(_GAP, header, token.end())
    at = _end(_GAP, header, at)
    while len(found) < _MAX_PARAMETERS and (match := _PARAMETER.match(header, at)):
        name, quoted, plain = match.groups()
        found.append((name.lower(), plain if quoted is None else _ESCAPED.sub(r"\1", quoted)))
        at = _end(_GAP, header, match.end())
    return found, at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()
