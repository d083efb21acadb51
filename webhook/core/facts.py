"""What a registry says about an image, and what could not be learned."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from webhook.core.base_image import BaseImage
from webhook.core.build import Build
from webhook.core.inside import Inside


class Reason(StrEnum):
    """Why something is not known: a closed list, the same tokens in JSON, metrics and docs."""

    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not-found"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    RATE_LIMITED = "rate-limited"
    UNTRUSTED_TLS = "untrusted-tls"
    BAD_CONTENT = "bad-content"
    NOT_CONFIGURED = "not-configured"
    OFFLINE = "offline"
    SCRIPT = "script"
    VARIABLE = "variable"
    PROGRAM = "program"

    @property
    def token(self) -> str:
        """As conditions write it: `not-found` is `NotFound`."""
        return "".join(part.capitalize() for part in self.split("-"))


class Need(StrEnum):
    """What a rule wants to know before it judges."""

    DIGEST = "digest"
    """The digest that the name points to; a name with a digest answers it by itself."""
    CONFIG = "config"
    """The image config of every platform that can run."""
    PROMOTION = "promotion"
    """Whether it came into its registry from another one, by the policies' own measure."""
    BUILD = "build"
    """What provenance attestations say of every platform that can run."""


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """«Could not be checked»: a value of its own, never a pass and never a fail."""

    reason: Reason
    detail: str = ""
    """A clause for people; holds no secret and no response body."""


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The part of an OCI image config that the rules read (image-spec config.md)."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    stop_signal: str = ""
    user: str = ""
    created: str = ""
    """As written in the config; RFC 3339 if the builder was honest."""
    labels: tuple[tuple[str, str], ...] = ()
    """Sorted pairs: hashable, so that what is derived from a config can be remembered."""

    @property
    def length(self) -> int:
        """Characters of labels and commands, and a little for each."""
        labels = sum([len(name) + len(value) + 16 for name, value in self.labels])
        return labels + sum([len(word) + 8 for word in (*self.entrypoint, *self.cmd)])

    @property
    def platform(self) -> str:
        """`os/architecture[/variant]`, as in `docker pull --platform`."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class PlatformImage(msgspec.Struct, frozen=True):
    """One platform of an image: which manifest it is, and the config that manifest names."""

    platform: str
    digest: str
    """Of the platform's manifest; empty where the facts come from a file."""
    config: ImageConfig
    inside: Inside | None = None
    """What its layers hold; None where nobody looked."""
    build: Build | Unknown | None = None
    """What its provenance attestation says; None where nobody asked."""
    base: BaseImage | None = None
    """What it stands on; None where that is not known."""
    chain: str = ""
    """A name for its layers (`base_image.chains`); empty where nobody looked."""
    annotations: tuple[tuple[str, str], ...] = ()
    """Of its manifest, and of the index that was named: `annotations.nearest`."""


class Promotion(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What is known of the way of one digest. What was seen once stays true of it for ever."""

    origins: tuple[str, ...] = ()
    """Sorted `host/repository` in which the digest was seen, of registries that are promoted."""
    signers: tuple[str, ...] = ()
    """Sorted fingerprints (`keys.PublicKey`) of keys that signed evidence about the digest, as was
    verified when it was learned. Which of them count is for a rule to say."""
    signed: int = 0
    """Pieces of evidence with a signature that is attached to the image now."""
    unsigned: int = 0
    """Those without one: to be told, and never to be counted."""
    origin_gap: Unknown | None = None
    """Why it is not known whether it is in the other registry; None where it was told."""
    evidence_gap: Unknown | None = None
    """Why it is not known what is attached; likewise."""


class OldTag(msgspec.Struct, frozen=True, cache_hash=True):
    """Nobody says what the tag points to now: the digest is what it pointed to a while ago."""

    seconds: int
    """Since its registry said so."""
    why: Unknown
    """Why it does not say it now."""


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What is known about one image name or digest.

    `platforms` holds every platform that can run, never an attestation entry. It is empty when only
    the digest was asked for, and `complete` is false then: nothing judged from the config may
    take an empty tuple for «nothing wrong».
    """

    digest: str
    """What the name points to: an index or a manifest; empty when a facts file does not say."""
    platforms: tuple[PlatformImage, ...] = ()
    source: str = ""
    """Which registry said so, or `facts file`."""
    promotion: Promotion | None = None
    """None where nobody asked."""
    old_tag: OldTag | None = None
    """None where the digest is in the name, or the tag was asked for just now."""

    @property
    def complete(self) -> bool:
        """True when the configs are there to be judged."""
        return bool(self.platforms)
