"""A build as facts files and tests of policies tell it, in the words of `cocket image -o json`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import Reason, Unknown
from webhook.core.printable import printable
from webhook.core.source_url import parse_source

if TYPE_CHECKING:
    from webhook.core.resource_fields import Fields

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)
_SIGNER = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_MAX_TEXT = 512


def read_given_build(fields: Fields) -> Build | Unknown:
    """Read one; without any field nobody attested anything.

    Without `attestation`, what is said of the build lies in the image's index, and is not signed.

    Raises:
        FieldError: a field is wrong, or contradicts another one.
    """
    if fields.has("unknown"):
        unknown = fields.section("unknown")
        gap = Unknown(unknown.one_of("reason", Reason), unknown.text("detail", ""))
        unknown.end()
        fields.end()
        return gap
    commit, source = fields.text("commit", ""), fields.text("source", "")
    if commit and not _COMMIT.fullmatch(commit):
        raise fields.error("expected 7 to 64 hexadecimal digits", "commit")
    place = parse_source(source)
    if source and place is None:
        raise fields.error("expected a URL such as https://github.com/acme/web", "source")
    builder = printable(fields.text("builder", ""), _MAX_TEXT)
    dirty = fields.flag("dirty", default=False)
    voucher = _voucher(fields)
    if voucher is None and (commit or source or builder or dirty):
        voucher = Voucher(Place.INDEX)
    problem = printable(fields.text("problem", ""), _MAX_TEXT)
    if problem and voucher is not None:
        raise fields.error("an attestation that does not count says nothing else", "problem")
    fields.end()
    return Build(
        voucher=voucher,
        commit=commit.lower(),
        dirty=dirty,
        source="" if place is None else str(place),
        builder=builder,
        problem=problem,
    )


def _voucher(fields: Fields) -> Voucher | None:
    if not fields.has("attestation"):
        return None
    attestation = fields.section("attestation")
    signers = attestation.texts("signers", ())
    for index, signer in enumerate(signers):
        if not _SIGNER.fullmatch(signer):
            raise attestation.error("expected sha256: and 64 hexadecimal digits", "signers", index)
    signed = attestation.flag("signed", default=bool(signers))
    if signers and not signed:
        raise attestation.error("it has signers", "signed")
    voucher = Voucher(attestation.word("place", Place.INDEX), signed, tuple(sorted(set(signers))))
    attestation.end()
    return voucher
