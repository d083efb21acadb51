"""Evidence of promotions, read for people: what is attached is shown, and judged by nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.promotion_told import AllTold, Told
from webhook.errors import BadContentError
from webhook.registry.envelopes import read_envelope, read_statement, verified
from webhook.registry.evidence import read_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webhook.core.keys import PublicKey
    from webhook.registry.access import Access
    from webhook.registry.evidence import Attached, Evidence

MAX_CHECKS = 100
"""Of one piece of evidence."""
MAX_TEXT = 1000
"""Characters of one text in it."""


async def tell_promotions(
    access: Access, digest: str, keys: Sequence[PublicKey], seconds: float
) -> AllTold:
    """What is attached to an image about its promotions.

    Args:
        access: the repository that it is in.
        digest: of the image.
        keys: those whose signatures are told.
        seconds: for every question.

    Raises:
        RegistryError: what is attached could not be told.
    """
    attached = await read_evidence(access, digest, seconds)
    # In a thread: fifty envelopes with eight signatures each, and every key is tried.
    return await asyncio.to_thread(_all, attached, digest, keys)


def tell(one: Evidence, digest: str, keys: Sequence[PublicKey]) -> Told:
    """What one piece of evidence says about a promotion of this digest, and whose keys signed."""
    told = Told(manifest=one.manifest)
    payload = one.body
    try:
        if one.signed:
            envelope = read_envelope(one.body)
            fingerprints = verified(envelope, keys)
            signers = {key.fingerprint: key for key in keys if key.fingerprint in fingerprints}
            signed = bool(envelope.signatures)
            told = replace(told, signed=signed, signers=tuple(signers.values()))
            payload = envelope.payload
        predicate = read_statement(payload, digest)
    except BadContentError as error:
        # A good signature under something else vouches for something else.
        return replace(told, problem=str(error), signers=())
    build = _object(predicate, "build")
    checks = predicate.get("checks")
    listed = [one for one in checks if isinstance(one, dict)] if isinstance(checks, list) else []
    return replace(
        told,
        who=_text(predicate, "promotedBy"),
        when=_text(predicate, "promotedOn"),
        origin=_text(predicate, "from"),
        target=_text(predicate, "to"),
        build_url=_text(build, "url"),
        build_number=_text(build, "number"),
        commit=_text(build, "commit"),
        checks=tuple(
            (_text(check, "policy"), _text(check, "rule"), _text(check, "outcome"))
            for check in listed[:MAX_CHECKS]
        ),
        checks_left=max(len(listed) - MAX_CHECKS, 0),
    )


def _all(attached: Attached, digest: str, keys: Sequence[PublicKey]) -> AllTold:
    told = [tell(one, digest, keys) for one in attached.evidence]
    told.sort(key=lambda one: (one.when, one.manifest), reverse=True)
    told.sort(key=lambda one: (not one.signers, not one.signed, bool(one.problem)))
    return AllTold(tuple(told), attached.whole, len({key.fingerprint for key in keys}))


def _object(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, object], name: str) -> str:
    """The text of a field; empty where it is none. Others write what they want into these."""
    value = found.get(name)
    return value[:MAX_TEXT] if isinstance(value, str) else ""
