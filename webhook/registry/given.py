"""Facts from a file: what an image is, without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from msgspec.structs import replace

from webhook.core.annotations import nearest
from webhook.core.document import Document
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.given_build import read_given_build
from webhook.core.image import ImageRef, is_digest
from webhook.core.printable import printable
from webhook.core.resource_fields import Fields
from webhook.errors import (
    BadContentError,
    InvalidFactsError,
    InvalidImageError,
    InvalidPolicyError,
)
from webhook.registry.documents import config_of, document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from webhook.core.build import Build
    from webhook.core.facts import Unknown

T = TypeVar("T")

SOURCE = "facts file"
_MAX_LINE = 8 * 1024 * 1024
_DEFAULT_TAG = "latest"
_KEYS = frozenset({"image", "config", "annotations", "build"})

Key: TypeAlias = tuple[str, str, str]
"""Host in normal form, repository, and digest (else tag)."""


class GivenFacts:
    """Facts by image name in normal form; they win over every registry and need none.

    A digest serves the name with and without a tag beside it; a tag serves only itself.
    """

    __slots__ = ("_digests", "_facts")

    def __init__(
        self,
        facts: dict[Key, ImageFacts] | None = None,
        digests: dict[Key, str] | None = None,
    ) -> None:
        """Without facts it knows nothing; `read_facts` reads files."""
        self._facts = facts or {}
        self._digests = digests or {}

    def digest_of(self, ref: ImageRef) -> str:
        """The digest of a name by tag, if one line has both and no line another; or empty."""
        return self._digests.get(key_of(ref), "") if ref.digest is None else ""

    def of(self, ref: ImageRef) -> ImageFacts | None:
        """The facts about an image, if they were given."""
        if not self._facts:
            return None
        return self._facts.get(key_of(ref))

    def __len__(self) -> int:
        """How many images."""
        return len(self._facts)


def read_facts(paths: Iterable[Path]) -> GivenFacts:
    """Read files of JSON lines: `{"image": REF, "config": {OCI image config}}`.

    Perhaps with `annotations`, texts by name, and with `build` (`given_build`); without it nobody
    looked for a provenance attestation. A field that is null is not there. Several lines about one
    image are several platforms of it. Blocks while it reads.

    Raises:
        InvalidFactsError: a file or a line cannot be read; names both.
    """
    reader = _Reader()
    for path in paths:
        try:
            with path.open("rb") as file:
                reader.read(str(path), iter(lambda: file.readline(_MAX_LINE + 1), b""))
        except OSError as error:
            raise InvalidFactsError(f"{path}: cannot be read: {error.strerror}") from error
    return GivenFacts(reader.facts, reader.digests)


def facts_of(lines: Iterable[bytes], name: str) -> GivenFacts:
    """The same from lines in memory; `name` stands for the file in messages."""
    reader = _Reader()
    reader.read(name, lines)
    return GivenFacts(reader.facts, reader.digests)


class _Reader:
    """Collects lines; equal parts of ten thousand images are kept once."""

    def __init__(self) -> None:
        self.facts: dict[Key, ImageFacts] = {}
        self.digests: dict[Key, str] = {}
        self._shared: dict[object, object] = {}

    def read(self, name: str, lines: Iterable[bytes]) -> None:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                self._line(line)
            except (BadContentError, InvalidImageError, InvalidFactsError) as error:
                raise InvalidFactsError(f"{name}:{number}: {error}") from error

    def _line(self, line: bytes) -> None:
        if len(line) > _MAX_LINE:
            raise InvalidFactsError(f"the line is longer than {_MAX_LINE} bytes")
        found = document(line, "the line")
        unknown = found.keys() - _KEYS
        image, inner = found.get("image"), found.get("config")
        if unknown or not isinstance(image, str) or not isinstance(inner, dict):
            raise InvalidFactsError(
                'write {"image": "registry/name@sha256:…", "config": {an OCI image config}}'
                ' and perhaps "annotations": {…} and "build": {…}'
                + (f", without {printable(ascii(min(unknown)), 60)}" if unknown else "")
            )
        ref = ImageRef.parse(image)
        config = self._share(config_of(inner))
        notes = self._once(_annotations(found.get("annotations")))
        build = _build(found.get("build"))
        told = PlatformImage(config.platform, "", config, build=build, annotations=notes)
        host, repository, name = key_of(ref)
        if ref.tag is not None and ref.digest is not None and is_digest(ref.digest):
            tagged = (host, repository, ref.tag)
            # Two digests for one tag: it moved, and nobody can tell which one is meant.
            same = self.digests.setdefault(tagged, ref.digest) == ref.digest
            self.digests[tagged] = ref.digest if same else ""
        # Kept once each: ten thousand digests live in a few dozen repositories.
        key = (self._once(host), self._once(repository), name)
        before = self.facts.get(key)
        platforms = () if before is None else before.platforms
        for known in platforms:
            if known == told:
                return
            if known.platform == told.platform:
                raise InvalidFactsError(
                    f"{printable(image)} has two different configs, annotations or builds for "
                    f"{printable(known.platform, 60) or 'no platform'}"
                )
        digest = ref.digest if ref.digest is not None and is_digest(ref.digest) else ""
        self.facts[key] = ImageFacts(
            digest=digest,
            platforms=(*platforms, told),
            source=SOURCE,
        )

    def _share(self, config: ImageConfig) -> ImageConfig:
        """An equal config that was there before, or this one with its equal parts."""
        known = self._shared.get(config)
        if isinstance(known, ImageConfig):
            return known
        labels = tuple(self._once(pair) for pair in config.labels)
        shared = replace(
            config,
            entrypoint=self._once(config.entrypoint),
            cmd=self._once(config.cmd),
            labels=self._once(labels),
        )
        self._shared[shared] = shared
        return shared

    def _once(self, value: T) -> T:
        return cast("T", self._shared.setdefault(value, value))


def _annotations(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InvalidFactsError("annotations: expected texts by name")
    return nearest(value)


def _build(value: object) -> Build | Unknown | None:
    if value is None:
        return None
    try:
        fields = Fields(Document("", 0, {}), "", _without_null(value), ("build",))
        return read_given_build(fields)
    except InvalidPolicyError as error:
        raise InvalidFactsError(str(error)) from error


def _without_null(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _without_null(one) for key, one in value.items() if one is not None}


def key_of(ref: ImageRef) -> Key:
    """Under what facts about an image are kept: two names of one digest are one image."""
    return (ref.host, ref.repository, ref.digest or ref.tag or _DEFAULT_TAG)
