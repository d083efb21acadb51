"""The manifest that holds attestations, opened: which blobs there are, and how each is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.build import Place
from webhook.core.image import is_digest
from webhook.registry.documents import bad, document, text_of
from webhook.registry.envelopes import (
    ENVELOPE_TYPE,
    PAYLOAD_TYPE,
    envelope_of,
    verified,
)
from webhook.registry.manifests import Descriptor, bare
from webhook.registry.statements import Format, Kind, Statement, form_of, read_statement

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from webhook.core.keys import PublicKey

MAX_ATTESTATION = 24 * 1024 * 1024
"""Bytes of one. A list of components with all files of a large image has ten million."""
_MAX_LAYERS = 32
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_BARE = {
    # IANA's names; the others are what ko and cosign write (cosign, specs/SBOM_SPEC.md).
    "application/spdx+json": Format.SPDX,
    "text/spdx+json": Format.SPDX,
    "spdx+json": Format.SPDX,
    "application/vnd.cyclonedx+json": Format.CYCLONEDX,
    "application/cyclonedx+json": Format.CYCLONEDX,
}
_HINTS = ("in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType")
"""Annotations that name the predicate type: a reason to read or to leave a blob, and no proof."""


class Opened(msgspec.Struct, frozen=True):
    """One blob that may be an attestation."""

    blob: Descriptor
    place: Place
    subject: str
    """The digest that its manifest is attached to."""
    hint: str
    """The predicate type, as somebody noted it."""

    def may_be(self, wanted: Collection[Kind]) -> bool:
        """Whether it is worth reading."""
        form = _BARE.get(self.blob.media_type) or form_of(self.hint)
        if form is None:
            return not self.hint and bool(wanted)
        return form.kind in wanted

    def read(
        self,
        body: bytes,
        wanted: Mapping[Kind, Collection[str]],
        keys: Sequence[PublicKey],
    ) -> tuple[Statement, bool, frozenset[str]] | None:
        """The statement in it, whether it is signed, and by which of the keys.

        Args:
            body: the blob.
            wanted: the digests that it may be about, by what it answers.
            keys: those that are tried.

        Raises:
            BadContentError: it is none, or about something else.
        """
        kind = self.blob.media_type
        if (form := _BARE.get(kind)) is not None:
            # It names no image. That it is about this one says whoever attached it.
            if self.subject not in wanted.get(form.kind, ()):
                return None
            return Statement(form, document(body, "the list of components")), False, frozenset()
        if kind == PAYLOAD_TYPE:
            statement = read_statement(body, wanted)
            return None if statement is None else (statement, False, frozenset())
        found = document(body, "the attestation")
        if kind.startswith(_BUNDLE):
            inner = found.get("dsseEnvelope")
            if not isinstance(inner, dict):
                return None
            found = inner
        envelope = envelope_of(found)
        statement = read_statement(envelope.payload, wanted)
        if statement is None:
            return None
        return statement, bool(envelope.signatures), verified(envelope, keys)


def opened(body: bytes, place: Place, attached_to: str) -> tuple[Opened, ...]:
    """The blobs of a manifest that may be attestations of what it was found by.

    Raises:
        BadContentError: it is no manifest, or a referrer of something else.
    """
    found = document(body, "the manifest of an attestation")
    if place is Place.REFERRER:
        subject = found.get("subject")
        if not isinstance(subject, dict) or subject.get("digest") != attached_to:
            raise bad("what is listed as attached to it is attached to something else")
    layers = found.get("layers")
    listed = layers[:_MAX_LAYERS] if isinstance(layers, list) else []
    blobs = [(blob, one) for one in listed if isinstance(one, dict) and (blob := _blob(one))]
    return tuple(Opened(blob, place, attached_to, _hint(one)) for blob, one in blobs)


def _blob(layer: Mapping[str, object]) -> Descriptor | None:
    kind, digest = bare(text_of(layer, "mediaType")), text_of(layer, "digest")
    size = layer.get("size")
    known = kind in _BARE or kind in {ENVELOPE_TYPE, PAYLOAD_TYPE} or kind.startswith(_BUNDLE)
    if not known or not is_digest(digest) or type(size) is not int:
        return None
    if not 0 < size <= MAX_ATTESTATION:
        raise bad(f"an attestation claims {size} bytes; at most {MAX_ATTESTATION} are read")
    return Descriptor(kind, digest, size)


def _hint(layer: Mapping[str, object]) -> str:
    notes = layer.get("annotations")
    if not isinstance(notes, dict):
        return ""
    texts = [notes.get(name) for name in _HINTS]
    return next((one for one in texts if isinstance(one, str)), "")
