"""What a test tells about images, as a source of facts: nobody is asked over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.annotations import nearest
from webhook.core.facts import ImageConfig, ImageFacts, Need, PlatformImage, Reason, Unknown
from webhook.core.given_build import read_given_build
from webhook.core.image import ImageRef, is_digest
from webhook.errors import InvalidImageError
from webhook.registry.given import GivenFacts, Key, key_of
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.core.build import Build
    from webhook.core.registries import Registries
    from webhook.core.resource_fields import Fields
    from webhook.core.workload import Workload

SOURCE = "test"
_PLATFORM = "linux/amd64"
_SAYS = (
    *("platform", "entrypoint", "cmd", "labels", "user", "created", "stopSignal", "digest"),
    *("annotations", "build"),
)
_SILENT = Unknown(Reason.OFFLINE, "the test tells nothing about it: add it to spec.images")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `spec.images`: an image on one platform, or why nothing is known of it."""

    ref: ImageRef
    says: ImageConfig | Unknown
    digest: str = ""
    """What the name points to, where it does not say so itself."""
    in_use: bool = False
    annotations: tuple[tuple[str, str], ...] = ()
    build: Build | Unknown | None = None
    """None where the test says nothing of a provenance attestation: nobody looked."""


def read_told(fields: Fields) -> Told:
    """Read one entry.

    Raises:
        FieldError: a field is wrong.
    """
    text = fields.text("image")
    try:
        ref = ImageRef.parse(text)
    except InvalidImageError as error:
        raise fields.error(str(error), "image") from error
    in_use = fields.flag("inUse", default=False)
    if in_use and not ref.pinned:
        raise fields.error("use is recorded of digests alone", "inUse")
    if fields.has("unknown"):
        reason = fields.one_of("unknown", Reason)
        for name in _SAYS:
            if fields.has(name):
                raise fields.error("of what is unknown nothing is known", name)
        fields.end()
        return Told(ref=ref, says=Unknown(reason, "as the test tells"), in_use=in_use)
    told = Told(
        ref=ref,
        says=_config(fields),
        digest=_digest(fields, ref),
        in_use=in_use,
        annotations=nearest(fields.pairs("annotations")),
        build=read_given_build(fields.section("build")) if fields.has("build") else None,
    )
    fields.end()
    return told


def _config(fields: Fields) -> ImageConfig:
    platform = fields.text("platform", _PLATFORM)
    parts = platform.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise fields.error("expected os/architecture, such as linux/arm64", "platform")
    return ImageConfig(
        os=parts[0],
        architecture=parts[1],
        variant="".join(parts[2:]),
        entrypoint=fields.texts("entrypoint", (), empty=True),
        cmd=fields.texts("cmd", (), empty=True),
        labels=tuple(sorted(fields.pairs("labels").items())),
        user=fields.text("user", ""),
        created=fields.text("created", ""),
        stop_signal=fields.text("stopSignal", ""),
    )


def _digest(fields: Fields, ref: ImageRef) -> str:
    digest = fields.text("digest", "")
    if digest and ref.digest not in {None, digest}:
        raise fields.error("the name has another digest", "digest")
    if digest and not is_digest(digest):
        raise fields.error("expected sha256: and 64 hexadecimal digits", "digest")
    return digest or ref.digest or ""


class ToldSource:
    """Facts as a test tells them; everything else is as if the network were not there.

    An image of which nothing is told is unknown: `not-configured` where no Registry names it, as in
    a cluster, else `offline`.
    """

    def __init__(self, told: Iterable[Told], given: GivenFacts, registries: Registries) -> None:
        """Of several entries on one image each is a platform of it.

        Raises:
            ValueError: two entries say different things of one image; holds its name.
        """
        self._told: dict[Key, ImageFacts | Unknown] = {}
        self._used: set[str] = set()
        for one in told:
            self._add(one)
        self._others = RegistrySource(registries=lambda: registries, client=None, given=given)

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown:
        """What is told; never None, so nothing is ever waited for."""
        told = self._told.get(key_of(ref))
        if told is not None:
            return told
        answer = self._others.known(ref, needs)
        if answer is None or (isinstance(answer, Unknown) and answer.reason is Reason.OFFLINE):
            return _SILENT
        return answer

    def in_use(self, ref: ImageRef) -> bool:
        """Whether the test says that the digest runs in its cluster."""
        return ref.digest in self._used

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """Likewise; nobody else knows more."""
        del workload
        return self.known(ref, needs)

    def _add(self, one: Told) -> None:
        key = key_of(one.ref)
        if one.in_use and one.ref.digest is not None:
            self._used.add(one.ref.digest)
        if isinstance(one.says, Unknown):
            if key in self._told:
                raise ValueError(str(one.ref))
            self._told[key] = one.says
            return
        before = self._told.get(key, ImageFacts(digest=one.digest))
        if isinstance(before, Unknown) or before.digest != one.digest:
            raise ValueError(str(one.ref))
        platform = PlatformImage(
            one.says.platform, "", one.says, build=one.build, annotations=one.annotations
        )
        if any(known.platform == platform.platform for known in before.platforms):
            raise ValueError(str(one.ref))
        self._told[key] = ImageFacts(
            digest=one.digest, platforms=(*before.platforms, platform), source=SOURCE
        )
