"""Evidence of promotions for people and as JSON: what is written there, and who vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import Unknown
from webhook.core.printable import printable
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.promotion_told import AllTold, Told

MAX_SHOWN = 10
"""Pieces in the table; JSON has all of them."""
_MAX_CHECKS_SHOWN = 10


def promotion_rows(found: AllTold | Unknown | None) -> Iterator[tuple[str, str]]:
    """Rows of the table; none where nobody asked."""
    if found is None:
        return
    if isinstance(found, Unknown):
        yield "promoted", f"unknown, {found.reason}: {printable(found.detail, MAX_SENTENCE)}"
        return
    if not found.told:
        yield "promoted", "(no evidence of it is attached)"
    for one in found.told[:MAX_SHOWN]:
        yield from _rows(one, found.keys)
    if (left := len(found.told) - MAX_SHOWN) > 0:
        yield "promoted", f"(and {left} more; -o json shows all)"
    if not found.whole:
        yield "promoted", "(more is attached to it than was looked at)"


def promotions_json(found: AllTold | Unknown | None) -> Mapping[str, object]:
    """The same as plain data: `promotions`, where somebody asked."""
    if found is None:
        return {}
    if isinstance(found, Unknown):
        return {"promotions": {"unknown": {"reason": found.reason.value, "detail": found.detail}}}
    return {
        "promotions": {
            "evidence": [_piece(one) for one in found.told],
            "whole": found.whole,
            "keysTried": found.keys,
        }
    }


def _rows(one: Told, keys: int) -> Iterator[tuple[str, str]]:
    if one.problem:
        yield "promoted", printable(f"(evidence that says nothing: {one.problem})", MAX_SENTENCE)
        yield "evidence", printable(one.manifest, MAX_NAME)
        return
    who = printable(one.who, MAX_NAME) or "(nobody)"
    origin = f" from {printable(one.origin, MAX_NAME)}" if one.origin else ""
    yield "promoted", f"{printable(one.when, MAX_NAME) or '(no date)'} by {who}{origin}"
    yield "signed by", _signed(one, keys)
    if build := _build(one):
        yield "by build", build
    if one.checks:
        yield "checks", _checks(one)
    yield "evidence", printable(one.manifest, MAX_NAME)


def _signed(one: Told, keys: int) -> str:
    if one.signers:
        return ", ".join(f"{key.kind} {key.fingerprint}" for key in one.signers)
    if not one.signed:
        return "(nobody: anybody who may push can write it, and no rule counts it)"
    if not keys:
        return "(not verified: --key FILE, or a policy with rule promotion, names the keys)"
    return "(somebody else: none of the given keys)"


def _build(one: Told) -> str:
    number = f"#{printable(one.build_number, MAX_NAME)}" if one.build_number else ""
    commit = f"commit {printable(one.commit, MAX_NAME)}" if one.commit else ""
    return "  ".join(filter(None, (number, printable(one.build_url, MAX_NAME), commit)))


def _checks(one: Told) -> str:
    shown = [
        f"{printable(policy, MAX_NAME)}/{printable(rule, MAX_NAME)} {printable(outcome, MAX_NAME)}"
        for policy, rule, outcome in one.checks[:_MAX_CHECKS_SHOWN]
    ]
    left = len(one.checks) - len(shown) + one.checks_left
    return ", ".join([*shown, *([f"and {left} more"] if left else [])])


def _piece(one: Told) -> Mapping[str, object]:
    return {
        "manifest": one.manifest,
        "signed": one.signed,
        "signedBy": [{"kind": key.kind, "fingerprint": key.fingerprint} for key in one.signers],
        **({"problem": one.problem} if one.problem else _statement(one)),
    }


def _statement(one: Told) -> Mapping[str, object]:
    return {
        "promotedBy": one.who or None,
        "promotedOn": one.when or None,
        "from": one.origin or None,
        "to": one.target or None,
        "build": {
            "url": one.build_url or None,
            "number": one.build_number or None,
            "commit": one.commit or None,
        },
        "checks": [
            {"policy": policy, "rule": rule, "outcome": outcome}
            for policy, rule, outcome in one.checks
        ],
        "checksLeft": one.checks_left,
    }
