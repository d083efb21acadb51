"""Evidence of promotions as people are told of it: what it says, and whose keys signed it."""

from __future__ import annotations

import msgspec

from webhook.core.keys import PublicKey


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One piece. All texts are whoever attached it wrote; only `signers` was verified."""

    manifest: str
    """The digest of the manifest that attaches it."""
    problem: str = ""
    """Why it tells nothing about a promotion of this image; empty where it does."""
    signed: bool = False
    """Whether it has signatures, of anybody."""
    signers: tuple[PublicKey, ...] = ()
    """Those of the given keys that signed it."""
    who: str = ""
    when: str = ""
    origin: str = ""
    """The repository that it was promoted from."""
    target: str = ""
    build_url: str = ""
    build_number: str = ""
    commit: str = ""
    checks: tuple[tuple[str, str, str], ...] = ()
    """Policy, rule and outcome of each."""
    checks_left: int = 0
    """How many more it names."""


class AllTold(msgspec.Struct, frozen=True):
    """All that is attached to one image: what one of the keys signed first, then the newest."""

    told: tuple[Told, ...]
    whole: bool
    """False where more is attached than was looked at."""
    keys: int
    """How many keys the signatures were tried with."""
