"""What evidence says: an in-toto statement about one promotion. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.promotion import PREDICATE_TYPE, STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.core.image import ImageRef

WHEN = "promotedOn"
"""The one field in which two promotions of the same thing differ."""


class Build(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The run of a pipeline that promotes; empty where it did not say."""

    url: str = ""
    number: str = ""
    commit: str = ""


class Check(msgspec.Struct, frozen=True, rename="camel"):
    """A rule that was asked before, and its answer."""

    policy: str
    rule: str
    outcome: str


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """One promotion."""

    source: ImageRef
    """With its digest."""
    target: ImageRef
    when: datetime
    """Aware."""
    who: str
    build: Build
    checks: tuple[Check, ...]
    version: str
    """Of Cocket."""


def statement(promoted: Promoted) -> bytes:
    """The statement as JSON (in-toto attestation framework, Statement v1)."""
    algorithm, _, encoded = (promoted.source.digest or "").partition(":")
    subject = {"name": promoted.target.name, "digest": {algorithm: encoded}}
    predicate = {
        "promotedBy": promoted.who,
        WHEN: f"{promoted.when:%Y-%m-%dT%H:%M:%SZ}",
        "from": promoted.source.name,
        "to": promoted.target.name,
        "build": msgspec.to_builtins(promoted.build),
        "checks": msgspec.to_builtins(promoted.checks),
        "tool": {"name": "cocket", "version": promoted.version},
    }
    return msgspec.json.encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": [subject],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two predicates tell of the same promotion, perhaps at two times."""
    return {**one, WHEN: ""} == {**other, WHEN: ""}
