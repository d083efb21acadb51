"""Which credentials fit an image: by host, port and path, as the kubelet decides it.

Source: kubernetes, pkg/credentialprovider, keyring.go. Where its rules are odd (a path matches as a
plain prefix of text), they are kept: what a node can pull, we can ask about, and no more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

_DEFAULT_KEY = "index.docker.io"
_DEFAULT_HOSTS = frozenset({"docker.io", "index.docker.io"})
_MAX_KEY = 1024
_KEY = re.compile(r"[\x21-\x7e]+", re.ASCII)
_SCHEME = re.compile(r"https?://", re.ASCII)
_IPV6 = re.compile(r"\[[0-9a-fA-F]*+:[0-9a-fA-F:]*+\]", re.ASCII)
_TOKEN = re.compile(r"(\*)|(\?)|(\[\^?(?:\\.|[^\]\\])+\])|\\(.)|([^\[\\])", re.ASCII | re.DOTALL)
_RANGE = re.compile(r"(\\?.)(?:-(\\?.))?", re.DOTALL)
_API_PATHS = ("/v1/", "/v2/")

_Place: TypeAlias = tuple[tuple[str, ...], str, str]
"""Labels of the host, port with its colon, path."""


class Keyring(Generic[T]):
    """Credentials by place; the most special place first."""

    __slots__ = ("_default", "_places")

    def __init__(self, entries: Mapping[str, T]) -> None:
        """Take credentials by key, see `key_of`."""
        self._places = [(_place(key), entries[key]) for key in sorted(entries, reverse=True)]
        self._default = entries.get(_DEFAULT_KEY)

    def lookup(self, name: str) -> list[T]:
        """All credentials that fit, to be tried in turn.

        Args:
            name: registry and repository, without tag and digest.
        """
        target = _place(name)
        found = [credential for place, credential in self._places if _matches(place, target)]
        if not found and self._default is not None and _on_docker_hub(name):
            return [self._default]
        return found

    def __len__(self) -> int:
        """How many places have credentials."""
        return len(self._places)


def key_of(place: str) -> str | None:
    """The key for a place as a Docker config names it: `host[:port][/path]`; None if it is none.

    `https://index.docker.io/v1/` is `index.docker.io`; without the last slash, `/v1` stays a path
    and never fits.
    """
    if len(place) > _MAX_KEY or not _KEY.fullmatch(place):
        return None
    rest = _SCHEME.sub("", place, count=1) if _SCHEME.match(place) else place
    host, _, path = rest.partition("/")
    if not host or set(host) & set("@#%") or "://" in rest:
        return None
    path = f"/{path.partition('?')[0]}" if path else ""
    if path.startswith(_API_PATHS):
        path = path[len("/v1") :]
    return host if path in {"", "/"} else host + path


def _place(text: str) -> _Place:
    authority, slash, path = text.partition("/")
    literal = _IPV6.match(authority)
    host = literal[0] if literal else authority.partition(":")[0]
    labels = (re.sub(r"[\[\]]", "", host),) if literal else tuple(host.split("."))
    return labels, authority[len(host) :], slash + path


def _matches(key: _Place, target: _Place) -> bool:
    labels, port, path = key
    target_labels, target_port, target_path = target
    return (
        port == target_port
        and len(labels) == len(target_labels)
        and target_path.startswith(path)
        and all(map(glob, labels, target_labels))
    )


def glob(pattern: str, text: str) -> bool:
    """Go's `path.Match` without slashes: `*`, `?`, `[a-z]`, `[^a-z]`, a backslash before any.

    A broken pattern fits nothing. Time is at most the product of both lengths.
    """
    steps: list[_Step | None] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            return False
        star, any_one, of_class, escaped, plain = match.groups()
        if of_class:
            steps.append(_class(of_class[1:-1]))
        else:
            char = escaped or plain or ""
            steps.append(None if star else _Step(not_in=bool(any_one), ranges=((char, char),)))
        at = match.end()
    return _walk(steps, text)


class _Step(msgspec.Struct, frozen=True):
    """One character: in one of the ranges, or in none of them."""

    not_in: bool
    ranges: tuple[tuple[str, str], ...]

    def fits(self, char: str) -> bool:
        return self.not_in != any(low <= char <= high for low, high in self.ranges)


def _class(inner: str) -> _Step:
    return _Step(
        not_in=inner.startswith("^"),
        ranges=tuple(
            (low[-1], (high or low)[-1]) for low, high in _RANGE.findall(inner.removeprefix("^"))
        ),
    )


def _walk(steps: list[_Step | None], text: str) -> bool:
    """Match step by step, falling back to the last star only."""
    step = at = 0
    star = -1
    resume = 0
    while at < len(text):
        wanted = steps[step] if step < len(steps) else _NEVER
        if wanted is None:
            star, resume = step, at
            step += 1
        elif wanted.fits(text[at]):
            step += 1
            at += 1
        elif star >= 0:
            resume += 1
            step, at = star + 1, resume
        else:
            return False
    return all(rest is None for rest in steps[step:])


_NEVER = _Step(not_in=False, ranges=())


def _on_docker_hub(name: str) -> bool:
    first, slash, _ = name.partition("/")
    if not first:
        return False
    return not slash or first in _DEFAULT_HOSTS or not set(".:") & set(first)
