"""The options of `operate` about the report that it serves."""

from __future__ import annotations

from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from webhook.cli.options import READABLE

if TYPE_CHECKING:
    from collections.abc import Callable


class ReportServed(msgspec.Struct, frozen=True, kw_only=True):
    """Where the report is served, to whom, and with which certificate."""

    host: str
    """Empty: every address."""
    port: int
    anonymous: bool
    """Whether everybody may read it."""
    chain: Path | None
    key: Path | None
    """Both or neither; without them a certificate is made at every start."""


_OPTIONS = (
    click.option(
        "--report-port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="Serve /report and /report.json there, over TLS; 0 takes a free one. Not served if "
        "absent.",
    ),
    click.option(
        "--report-bind",
        default="",
        metavar="ADDRESS",
        help="Listen there; every address if absent.",
    ),
    click.option(
        "--report-anonymous",
        is_flag=True,
        help="Show the report to everybody who reaches the port. Without it, to those whom the API "
        "server lets list imagefacts.cocket.dev.",
    ),
    click.option(
        "--report-tls-cert",
        type=READABLE,
        metavar="FILE",
        help="Certificate chain, PEM, looked at every second. Made at every start if absent.",
    ),
    click.option("--report-tls-key", type=READABLE, metavar="FILE", help="Its key, PEM."),
)


def report_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add them to a command, which is given them as one value, `report`; None: it is not served."""

    @wraps(command)
    def packed(
        *,
        report_port: int | None,
        report_bind: str,
        report_anonymous: bool,
        report_tls_cert: Path | None,
        report_tls_key: Path | None,
        **others: Any,
    ) -> None:
        if (report_tls_cert is None) != (report_tls_key is None):
            raise click.UsageError("--report-tls-cert and --report-tls-key go together.")
        if report_port is None:
            if report_anonymous or report_bind or report_tls_cert:
                raise click.UsageError("Without --report-port no report is served: give it too.")
            command(report=None, **others)
            return
        if not others["audit"]:
            raise click.UsageError(
                "--report-port shows what the audit found: leave --no-audit out."
            )
        report = ReportServed(
            host=report_bind,
            port=report_port,
            anonymous=report_anonymous,
            chain=report_tls_cert,
            key=report_tls_key,
        )
        command(report=report, **others)

    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), packed)
