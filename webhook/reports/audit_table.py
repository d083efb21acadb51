"""An audit for people: a line for every owner, and under it one for every finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.audit_checked import check_result
from webhook.reports.table import Block, block_of
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE, Effect, many, outcome_parts

if TYPE_CHECKING:
    from webhook.reports.audited import Audit, Audited

_VERDICTS = {
    "refused": "would be refused",
    "allowed": "good",
}
"""What a check says of an object that is to come, said of one that is there."""


def render_audit_table(audit: Audit, *, verbose: bool = False) -> str:
    """Plain text, never wrapped and never cut: for pipes, `grep` and log files."""
    out: list[str] = []
    for block in audit_blocks(audit, verbose=verbose):
        out.append(f"{block.sign} {block.title}: {block.verdict}")
        out.extend(f"    {line.sign} {line.rule}: {line.text}" for line in block.lines)
    out += [f"? {one}" for one in missing_lines(audit)]
    out.append(audit_summary_line(audit))
    return "\n".join(out) + "\n"


def audit_blocks(audit: Audit, *, verbose: bool) -> list[Block]:
    """What the table shows: who has findings, the worst first; all only if `verbose`."""
    several = len({finding.policy for one in audit.audited for finding in one.verdict.findings}) > 1
    checked = check_result(audit).checked
    found = [
        (one, block_of(two, verbose=verbose, several=several))
        for one, two in zip(audit.audited, checked, strict=True)
        if verbose or one.verdict.bad
    ]
    found.sort(key=lambda pair: list(Effect).index(pair[1].effect))
    return [_titled(one, block) for one, block in found]


def missing_lines(audit: Audit) -> list[str]:
    """What could not be looked at."""
    return [f"not looked at: {printable(one, MAX_SENTENCE)}" for one in audit.missing]


def audit_summary_line(audit: Audit) -> str:
    """The last line for people."""
    summary = check_result(audit).summary()
    pods = sum(one.pods for one in audit.audited)
    head = (
        f"{many(summary.objects, 'owner')} of {many(pods, 'Pod')} "
        f"with {many(summary.images, 'image')}"
    )
    refused = f"{summary.refused} would be refused"
    return ", ".join((head, refused, *outcome_parts(summary)))


def _titled(one: Audited, block: Block) -> Block:
    pods = many(one.pods, "Pod") if one.pods else "no Pods now"
    verdict = _VERDICTS.get(block.verdict) or block.verdict.removeprefix("allowed")[2:]
    title = f"{printable(one.owner.title, MAX_NAME * 2)} ({pods})"
    return Block(block.sign, "", title, verdict, block.effect, block.lines)
