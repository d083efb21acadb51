"""Where source code lies: the many spellings of a repository's URL in one normal form.

>>> str(parse_source("git@github.com:acme/web.git"))
'https://github.com/acme/web'
"""

from __future__ import annotations

import re

import msgspec

_MAX_TEXT = 2048
"""Characters; browsers and forges cut longer URLs themselves."""
_MAX_PORT = 65535

# What git can clone from, or a person can open: the scheme it counts as, and its default port.
# ssh counts as https because `git@host:path` says no scheme at all and means the same repository.
_SCHEMES = {
    "https": ("https", 443),
    "git+https": ("https", 443),
    "ssh": ("https", 22),
    "git+ssh": ("https", 22),
    "http": ("http", 80),
    "git+http": ("http", 80),
    "git": ("git", 9418),
}

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
# RFC 3986 without what must be encoded in a URL: no blank, no backslash, nothing beyond ASCII.
_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"([a-z][a-z0-9+]*)://([^/?#]*)([^?#]*)(?:[?#].*)?", re.ASCII | re.IGNORECASE)
_SCP = re.compile(rf"[a-z0-9._-]+@({_HOST}):([^?#]*)(?:[?#].*)?", re.ASCII | re.IGNORECASE)
_AUTHORITY = re.compile(rf"({_HOST})(?::([0-9]{{1,5}}))?", re.ASCII)
_ESCAPE = re.compile(r"%(.{0,2})")
_HEX = re.compile(r"[0-9A-Fa-f]{2}", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9._~-]", re.ASCII)


class SourceUrl(msgspec.Struct, frozen=True):
    """A repository, or a folder above repositories, without user, query and fragment."""

    scheme: str
    host: str
    """Lower case, with the port where it is not the scheme's own."""
    path: tuple[str, ...]
    """Whole segments; the last one without `.git`."""

    def lies_under(self, prefix: SourceUrl) -> bool:
        """Whether scheme and host are the prefix's, and the path begins with its segments."""
        return (
            self.scheme == prefix.scheme
            and self.host == prefix.host
            and self.path[: len(prefix.path)] == prefix.path
        )

    def same_place(self, other: SourceUrl) -> bool:
        """Whether both name one repository, however it is fetched."""
        return self.host == other.host and self.path == other.path

    def __str__(self) -> str:
        """The normal form; holds nothing secret."""
        return f"{self.scheme}://{'/'.join((self.host, *self.path))}"


def parse_source(text: str) -> SourceUrl | None:
    """Read a URL with a host (RFC 3986), or git's `user@host:path`; None where it is neither.

    Refused are paths that servers read in two ways: `.` and `..`, and an encoded slash, backslash
    or percent sign. So a path that begins with certain segments stays under them.
    """
    if len(text) > _MAX_TEXT or not _CHARACTERS.fullmatch(text):
        return None
    if found := _URL.fullmatch(text):
        scheme, authority, path = found.groups()
        known = _SCHEMES.get(scheme.lower())
        # The last @ ends the user part: `https://github.com@evil.example/` is at evil.example.
        host = _host(authority.rpartition("@")[2], known[1]) if known else None
        return _source(known[0], host, path) if known and host else None
    if found := _SCP.fullmatch(text):
        return _source("https", found[1].lower(), found[2])
    return None


def _source(scheme: str, host: str, path: str) -> SourceUrl | None:
    segments = [_segment(part) for part in path.split("/") if part]
    if any(segment in {None, ".", ".."} for segment in segments):
        return None
    whole = [segment for segment in segments if segment]
    if whole:
        whole[-1] = whole[-1].removesuffix(".git") or whole[-1]
    return SourceUrl(scheme, host, tuple(whole))


def _host(authority: str, default_port: int) -> str | None:
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        return None
    host, port = found[1], int(found[2] or default_port)
    if port > _MAX_PORT:
        return None
    return host if port == default_port else f"{host}:{port}"


def _segment(text: str) -> str | None:
    """One path segment with its needless escapes undone (RFC 3986 section 6.2.2.2)."""
    parts: list[str] = []
    end = 0
    for escape in _ESCAPE.finditer(text):
        code = escape[1]
        if not _HEX.fullmatch(code):
            return None
        char = chr(int(code, 16))
        if char in "/\\%" or (not char.isprintable() and char.isascii()):
            return None
        parts += (
            text[end : escape.start()],
            char if _PLAIN.fullmatch(char) else f"%{code.upper()}",
        )
        end = escape.end()
    return "".join((*parts, text[end:]))
