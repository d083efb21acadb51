"""In-toto statements: what they are about, and what they say (in-toto attestation, spec/v1)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.registry.documents import bad, document, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TYPES = frozenset({"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"})
_MAX_SUBJECTS = 1000
_BOMS = ("https://cyclonedx.org/bom", "https://cyclonedx.org/bom/v")


class Kind(StrEnum):
    """What an attestation answers."""

    SBOM = "sbom"
    PROVENANCE = "provenance"


class Format(StrEnum):
    """How it is written."""

    SPDX = "spdx"
    CYCLONEDX = "cyclonedx"
    SLSA_02 = "slsa-0.2"
    SLSA_1 = "slsa-1"

    @property
    def kind(self) -> Kind:
        """What it answers."""
        return Kind.SBOM if self in {Format.SPDX, Format.CYCLONEDX} else Kind.PROVENANCE


class Statement(msgspec.Struct, frozen=True):
    """What is said, in a format that is read here."""

    form: Format
    predicate: Mapping[str, object]


def form_of(predicate_type: str) -> Format | None:
    """The format of a predicate type; None where nobody here reads it.

    >>> form_of("https://cyclonedx.org/bom/v1.5")
    <Format.CYCLONEDX: 'cyclonedx'>
    """
    match predicate_type:
        case "https://spdx.dev/Document" | "https://spdx.dev/Document/v2.3":
            return Format.SPDX
        case "https://slsa.dev/provenance/v0.2":
            return Format.SLSA_02
        case "https://slsa.dev/provenance/v1":
            return Format.SLSA_1
        case _:
            known = predicate_type == _BOMS[0] or predicate_type.startswith(_BOMS[1])
            return Format.CYCLONEDX if known else None


def read_statement(payload: bytes, wanted: Mapping[Kind, Collection[str]]) -> Statement | None:
    """Read a statement; None where it answers nothing that is wanted.

    Args:
        payload: the statement.
        wanted: the digests that it may be about, by what it answers.

    Raises:
        BadContentError: it is no statement, or it is about something else.
    """
    found = document(payload, "the statement")
    if text_of(found, "_type") not in _TYPES:
        raise bad("the statement is of no type of in-toto's that is known")
    form = form_of(text_of(found, "predicateType"))
    if form is None or form.kind not in wanted:
        return None
    if not any(is_about(found, digest) for digest in wanted[form.kind]):
        raise bad("the statement is about another image")
    predicate = found.get("predicate")
    if not isinstance(predicate, dict):
        raise bad("the statement says nothing")
    return Statement(form, predicate)


def is_about(statement: Mapping[str, object], digest: str) -> bool:
    """Whether one of the statement's subjects has the digest."""
    subjects = statement.get("subject")
    algorithm, _, encoded = digest.partition(":")
    return isinstance(subjects, list) and any(
        isinstance(one, dict)
        and isinstance(one.get("digest"), dict)
        and one["digest"].get(algorithm) == encoded
        for one in subjects[:_MAX_SUBJECTS]
    )
