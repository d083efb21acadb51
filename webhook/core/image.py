"""What an image is called: the grammar of distribution/reference, and the normal form of a name.

>>> str(ImageRef.parse("nginx:1.25"))
'docker.io/library/nginx:1.25'
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from webhook.errors import InvalidImageError

DOCKER_HUB = "docker.io"
DOCKER_HUB_FAMILY = frozenset(
    {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)
"""Host names that serve the same content; only the first two are one name in the grammar."""

_MAX_TEXT = 4096
"""Longer than any valid reference (255 for the name, 128 for the tag, 137 for the digest)."""
_MAX_NAME = 255
_MAX_HOST = 259
"""Characters of host and port: a name has 253 at most (RFC 1035, 2.3.4), without the last dot."""

# Grammar: github.com/distribution/reference, reference.go and regexp.go. Every pattern is used with
# `fullmatch` under re.ASCII and has no nested quantifier over overlapping sets.
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_SEPARATOR = r"(?:[._]|__|-+)"
_COMPONENT = rf"[a-z0-9]+(?:{_SEPARATOR}[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"

_DOMAIN_PATTERN = re.compile(_DOMAIN, re.ASCII)
_PATH_PATTERN = re.compile(_PATH, re.ASCII)
_TAG_PATTERN = re.compile(_TAG, re.ASCII)
_HEX = re.compile(r"[a-f0-9]+", re.ASCII)
_ACCEPTED_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}", re.ASCII)
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX_ID_LENGTH = 64


class ImageRef(msgspec.Struct, frozen=True, cache_hash=True):
    """An image reference, parsed once: who serves it, which repository, which tag, which digest.

    `registry` keeps the case it was written in, as distribution/reference does; compare `host`.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @staticmethod
    def parse(text: str) -> ImageRef:
        """Read a reference as `docker pull` would, filling in `docker.io` and `library/`.

        Raises:
            InvalidImageError: the text is outside the grammar; the message says where.
        """
        return _parse(text)

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def host(self) -> str:
        """The registry in normal form: what two names of one registry have in common."""
        return normal_host(self.registry)

    @property
    def pinned(self) -> bool:
        """True when a digest that runtimes accept says which image it is."""
        return self.digest is not None and is_digest(self.digest)

    def with_digest(self, digest: str) -> ImageRef:
        """The same image, pinned."""
        return ImageRef(self.registry, self.repository, self.tag, digest)

    def __str__(self) -> str:
        """The canonical text: `registry/repository[:tag][@digest]`."""
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self.name}{tag}{digest}"


def is_digest(text: str) -> bool:
    """True for sha256 and sha512 in the one spelling that registries and runtimes accept.

    sha384 is in the grammar but not registered for images (image-spec descriptor.md).
    """
    return _ACCEPTED_DIGEST.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def normal_host(registry: str) -> str:
    """The registry's host for comparing: lower case, without port 443, Docker Hub by one name."""
    host = registry.lower().removesuffix(":443")
    return DOCKER_HUB if host in DOCKER_HUB_FAMILY else host


@lru_cache(maxsize=32768)
def _parse(text: str) -> ImageRef:
    if not text:
        raise InvalidImageError("an image reference is missing: the text is empty")
    if len(text) > _MAX_TEXT:
        raise InvalidImageError(f"an image reference of {len(text)} characters is too long")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidImageError(f"{text!a} has characters that no image reference may have")
    if len(text) == _HEX_ID_LENGTH and _HEX.fullmatch(text):
        raise InvalidImageError(f"{text!r} is an image ID, not a name")
    name, at, digest = text.partition("@")
    domain, path, tag = _split(name)
    if domain is not None and (len(domain) > _MAX_HOST or not _DOMAIN_PATTERN.fullmatch(domain)):
        raise InvalidImageError(f"{text!r}: {domain!r} is no host")
    if not _PATH_PATTERN.fullmatch(path):
        hint = " (it must be in lower case)" if path != path.lower() else ""
        raise InvalidImageError(f"{text!r}: {path!r} is no repository name{hint}")
    if tag is not None and not _TAG_PATTERN.fullmatch(tag):
        raise InvalidImageError(f"{text!r}: {tag!r} is no tag")
    if at:
        _check_digest(text, digest)
    registry, repository = _normal(domain, path)
    if len(repository) > _MAX_NAME:
        raise InvalidImageError(
            f"{text!r}: the repository name has more than {_MAX_NAME} characters"
        )
    return ImageRef(registry, repository, tag, digest if at else None)


def _split(name: str) -> tuple[str | None, str, str | None]:
    """`[domain/]path[:tag]`, by where the slashes and colons stand."""
    first, slash, rest = name.partition("/")
    # A first segment is a host if it has a dot, a colon or capitals, or is localhost.
    is_host = slash and (set(".:") & set(first) or first == "localhost" or first.lower() != first)
    domain, remainder = (first, rest) if is_host else (None, name)
    path, colon, tag = remainder.rpartition(":")
    return (domain, path, tag) if colon else (domain, remainder, None)


def _normal(domain: str | None, path: str) -> tuple[str, str]:
    registry = DOCKER_HUB if domain is None or domain == f"index.{DOCKER_HUB}" else domain
    single = registry == DOCKER_HUB and "/" not in path
    return registry, f"library/{path}" if single else path


def _check_digest(text: str, digest: str) -> None:
    algorithm, _, encoded = digest.partition(":")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        raise InvalidImageError(f"{text!r}: {algorithm!r} is no digest algorithm; use sha256")
    if not _HEX.fullmatch(encoded):
        raise InvalidImageError(f"{text!r}: a digest is written in lower-case hexadecimal digits")
    if len(encoded) != length:
        raise InvalidImageError(
            f"{text!r}: a {algorithm} digest has {length} digits, not {len(encoded)}"
        )
