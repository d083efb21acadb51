"""What a provenance attestation says of one platform of an image, and who vouches for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

_SHORT = 19
"""Characters of a fingerprint that people see: `sha256:` and twelve digits."""


class Place(StrEnum):
    """Where an attestation was found."""

    INDEX = "index"
    """In the image's own index: whoever names the digest of the index names it, too."""
    REFERRER = "referrer"
    """Attached to the image (distribution-spec, «Listing Referrers»), by anybody who may push."""
    TAG = "tag"
    """Under a tag made of the image's digest, as cosign does it; likewise."""


class Voucher(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """Who stands behind an attestation."""

    place: Place
    signed: bool = False
    """Whether it is an envelope with signatures, whoever made them."""
    signers: tuple[str, ...] = ()
    """Sorted fingerprints of those keys that were given and signed it, as was verified."""

    @property
    def credible(self) -> bool:
        """Whether nobody can have attached it who only may push."""
        return self.place is Place.INDEX or bool(self.signers)

    def __str__(self) -> str:
        """In words: «in its index, not signed»."""
        where = {
            Place.INDEX: "in its index",
            Place.REFERRER: "attached to it",
            Place.TAG: "under a tag of its digest",
        }[self.place]
        if self.signers:
            return f"{where}, signed by {', '.join(one[:_SHORT] + '…' for one in self.signers)}"
        return f"{where}, {'signed, not verified' if self.signed else 'not signed'}"


class Build(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """What was found where somebody looked for provenance; all empty where there was none."""

    voucher: Voucher | None = None
    """None where no provenance attestation counts."""
    commit: str = ""
    """7 to 64 hexadecimal digits, lower case; empty where it names none."""
    dirty: bool = False
    """Whether it was built with changes that are in no commit."""
    source: str = ""
    """A URL in normal form (`source_url`); empty where it names none."""
    builder: str = ""
    """Who says that it built it; printable."""
    problem: str = ""
    """A clause: why something that is attached as provenance does not count."""
