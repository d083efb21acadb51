"""Verdicts as GitHub workflow commands: annotations on the lines of a change.

Escaping: actions/toolkit `packages/core/src/command.ts` (percent, CR, LF; in a property also colon
and comma).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.wording import (
    MAX_NAME,
    MAX_PATH,
    Effect,
    effect,
    placed_sentence,
    summary_line,
)

if TYPE_CHECKING:
    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult

_COMMANDS = {Effect.REFUSES: "error", Effect.WARNS: "warning", Effect.NOTED: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render_github(result: CheckResult) -> str:
    """One command for every finding that refuses, warns or is noted, and a last line in words."""
    lines = [
        _command(_COMMANDS[effect(finding)], one, finding)
        for one in result.checked
        for finding in one.verdict.findings
        if finding.bad
    ]
    return "\n".join([*lines, f"cocket: {summary_line(result.summary())}"]) + "\n"


def _command(command: str, one: Checked, finding: Finding) -> str:
    # A name may hold a line break or an escape sequence; the runner prints what it decodes.
    title = printable(f"{finding.rule}: {one.object.title}", MAX_NAME)
    file = printable(one.object.file, MAX_PATH)
    properties = [f"file={file.translate(_PROPERTY)}"]
    line = one.line_of(finding)
    if line:
        properties.append(f"line={line}")
    properties.append(f"title={title.translate(_PROPERTY)}")
    return f"::{command} {','.join(properties)}::{placed_sentence(finding).translate(_DATA)}"
