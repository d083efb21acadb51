"""A fresh process that audits a cluster once, and prints what that took: `KUBECONFIG`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from bench.scale.processes import megabytes
from webhook.cli.auditing import Asked, Auditing
from webhook.cluster.login import open_api
from webhook.core.facts import Reason
from webhook.core.verdict import Outcome
from webhook.reports.audit_json import render_audit_json

_OF_THE_IMAGE = frozenset({Reason.SCRIPT, Reason.VARIABLE})


class Measured(msgspec.Struct, frozen=True):
    """What one audit found, and what it needed."""

    pods: int
    owners: int
    images: int
    """Different ones."""
    unlearned: int
    """Findings for which the facts were missing; a script that starts PID 1 is another matter."""
    requests: int
    """To registries."""
    seconds: float
    """From the first request on until the JSON is written, of the wall."""
    computed: float
    """Of them, by this process."""
    megabytes: float
    """The most that the process ever held in memory, its libraries included."""


def _warn(warning: str) -> None:
    sys.stderr.write(f"{warning}\n")


async def main(kubeconfig: str) -> None:
    """Audit everything, as `cocket audit -A -o json` does, and print."""
    asked = Asked(
        kubeconfig=Path(kubeconfig), everywhere=True, requests_per_second=10.0, patience=60.0
    )
    started, computed = time.monotonic(), time.process_time()
    async with open_api(kubeconfig=asked.kubeconfig) as api:
        auditing = Auditing(api, asked, _warn, None)
        audit = await auditing.audit()
    written = render_audit_json(audit)
    took, computed = time.monotonic() - started, time.process_time() - computed
    assert written
    assert not audit.missing, audit.missing
    findings = [one for owner in audit.audited for one in owner.verdict.findings]
    measured = Measured(
        pods=sum(one.pods for one in audit.audited),
        owners=len(audit.audited),
        images=len({one.use.image for owner in audit.audited for one in owner.images}),
        unlearned=sum(
            one.outcome is Outcome.UNKNOWN and one.reason not in _OF_THE_IMAGE for one in findings
        ),
        requests=auditing.requests,
        seconds=took,
        computed=computed,
        # What getrusage tells begins with the memory of whoever started us.
        megabytes=megabytes("self", "VmHWM"),
    )
    sys.stdout.buffer.write(msgspec.json.encode(measured))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
