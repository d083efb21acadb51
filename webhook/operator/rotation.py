"""The rotation of CA and certificate: two CAs are trusted until every replica shows the new one.

    1. begin    a new CA and its certificate are stored beside those in use: `ca.crt` = old + new
    2. publish  `caBundle` = old + new, and every API server has had the time to see it
    3. promote  the new certificate is served; each replica proves it by a handshake
    4. forget   `ca.crt` = new, then `caBundle` = new

The Secret is the whole memory: `next.crt` is there between 1 and 3, and an old CA in `ca.crt` until
4. Each action is one write of it, so whoever is killed between two goes on where he was. What must
last (a bundle that is live, a proof) is measured anew by each process, on a clock that never jumps:
a restart prolongs the overlap and never shortens it. `caBundle` follows `wanted_bundle`, which
takes a CA away only where all replicas have proven for a while that they do without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

import msgspec

from webhook.operator.authority import Issued, renewed_at
from webhook.operator.stored import (
    AUTHORITIES,
    CERTIFICATE,
    KEY,
    NEXT_CERTIFICATE,
    NEXT_KEY,
    Leaf,
    Stored,
    union,
)

if TYPE_CHECKING:
    from datetime import datetime

Data: TypeAlias = dict[str, bytes | None]
"""What changes in the Secret's data; None: the entry goes."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of certificates and of their rotation."""

    names: frozenset[str]
    """Host names and addresses that a certificate must have."""
    publish_seconds: float = 60.0
    """Between the first sight of both CAs in the live configuration and the new certificate. One
    API server sees a change in milliseconds; of several, the slowest counts."""
    settle_seconds: float = 60.0
    """For which every replica must have proven the new certificate before the old CA goes."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen outside the Secret."""

    live: tuple[bytes, ...] = ()
    """CAs in the live webhook configuration; in its last one where somebody deleted it, as it will
    come back; none where there never was one."""
    published: float = 0.0
    """Seconds that all of `Stored.bundle` was live, or no configuration was there."""
    proven: float = 0.0
    """Seconds that all replicas, at least one, showed a certificate of the CA of `serving`."""
    clock: float | None = None
    """Seconds that the clocks of the replicas are before ours; None: there is none to compare."""
    clock_known: bool = True
    """False while that may yet become known."""


class Issue(msgspec.Struct, frozen=True):
    """Nobody trusts anything yet: the first certificate can be served at once."""

    why: str


class Begin(msgspec.Struct, frozen=True):
    """Step 1."""

    why: str


class Promote(msgspec.Struct, frozen=True):
    """Step 3."""

    leaf: Leaf


class Forget(msgspec.Struct, frozen=True):
    """Step 4: all that is trusted from now on."""

    keep: bytes


class Wait(msgspec.Struct, frozen=True):
    """Nothing can be done now."""

    why: str
    problem: bool = False
    """True where it does not end by itself."""


Action: TypeAlias = Issue | Begin | Promote | Forget | Wait

MOST_CLOCK_SECONDS = 600.0
"""Certificates are backdated by an hour; a clock that is further off must not make any."""


def next_step(stored: Stored, observed: Observed, terms: Terms, now: datetime) -> Action:
    """What is to be done to the Secret.

    Args:
        stored: what can be used of it; nothing where it is gone.
        observed: everything else.
        terms: what is asked.
        now: aware.
    """
    pending, serving = stored.pending, stored.serving
    if pending is not None and not _due(pending, terms, now):
        if observed.published >= terms.publish_seconds:
            return Promote(pending)
        return Wait("the new CA is published, and API servers are given time to see it")
    why = _due(serving, terms, now) if serving else "the Secret holds no usable certificate"
    if why:
        if serving is None and not observed.live:
            return Issue(why)
        if not observed.clock_known:
            return Wait(f"{why}; first our clock is compared with those of the replicas")
        if observed.clock is not None and abs(observed.clock) > MOST_CLOCK_SECONDS:
            return Wait(
                f"{why}, but our clock and those of the replicas differ by"
                f" {abs(observed.clock):.0f} seconds: no certificate is made before they agree",
                problem=True,
            )
        return Begin(why)
    if serving is not None and stored.others:
        if observed.proven >= terms.settle_seconds:
            return Forget(serving.ca)
        return Wait("the old CA stays until every replica has proven the new certificate")
    return Wait("nothing is due")


def changes(
    action: Issue | Begin | Promote | Forget, stored: Stored, observed: Observed, new: Issued
) -> Data:
    """The one write of the Secret that an action is.

    Args:
        action: to be done.
        stored: what it was decided on.
        observed: likewise.
        new: what `Issue` and `Begin` store.
    """
    match action:
        case Issue():
            # Should there be replicas with an older certificate, they are not forgotten.
            return {
                CERTIFICATE: new.chain,
                KEY: new.key,
                AUTHORITIES: b"".join(union([new.ca], stored.bundle)),
                NEXT_CERTIFICATE: None,
                NEXT_KEY: None,
            }
        case Begin():
            return {
                NEXT_CERTIFICATE: new.chain,
                NEXT_KEY: new.key,
                AUTHORITIES: b"".join(union([new.ca], _still_needed(stored, observed))),
            }
        case Promote(leaf):
            return {
                CERTIFICATE: leaf.chain,
                KEY: leaf.key,
                NEXT_CERTIFICATE: None,
                NEXT_KEY: None,
            }
        case Forget(keep):
            return {AUTHORITIES: keep, NEXT_CERTIFICATE: None, NEXT_KEY: None}
        case _:
            assert_never(action)


def wanted_bundle(stored: Stored, observed: Observed, terms: Terms) -> tuple[bytes, ...]:
    """What `caBundle` should hold: never less than what may still be needed.

    A CA that is live and not in the Secret is an old one whose forgetting was not finished, or that
    of a Secret that was lost, or a stranger's. All go the same way: after the proof.
    """
    settled = (
        stored.serving is not None
        and stored.pending is None
        and not stored.others
        and observed.proven >= terms.settle_seconds
    )
    return stored.bundle if settled else union(stored.bundle, observed.live)


def _due(leaf: Leaf, terms: Terms, now: datetime) -> str:
    """Why a certificate is to be replaced; empty where it is not."""
    if missing := terms.names - leaf.names:
        return f"the certificate is not for {', '.join(sorted(missing))}"
    if now < leaf.begins:
        return f"the certificate is not valid before {leaf.begins:%Y-%m-%d %H:%M} UTC"
    if now >= renewed_at(leaf.begins, leaf.ends):
        return f"the certificate ends at {leaf.ends:%Y-%m-%d %H:%M} UTC"
    return ""


def _still_needed(stored: Stored, observed: Observed) -> tuple[bytes, ...]:
    """The CAs that stay beside a new one.

    That of a certificate which was given up before anybody showed it does not. Where what is served
    is not known, all that is trusted now is kept, for the case that the configuration is deleted.
    """
    if stored.serving is None:
        return union(stored.bundle, observed.live)
    given_up = stored.pending.ca if stored.pending else None
    return tuple(ca for ca in stored.bundle if ca == stored.serving.ca or ca != given_up)
