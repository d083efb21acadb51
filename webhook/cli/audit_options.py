"""The options of `operate` about the audit of what runs."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

REPORTS = ("auto", "policyreport", "openreports", "none")

_OPTIONS = (
    click.option(
        "--audit/--no-audit",
        default=True,
        show_default=True,
        help="Look at what runs, by the policies in force.",
    ),
    click.option(
        "--audit-interval",
        type=click.IntRange(10, 7 * 24 * 3600),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="Between two looks at everything. What changes is looked at within seconds.",
    ),
    click.option(
        "--audit-reports",
        type=click.Choice(REPORTS),
        default="auto",
        show_default=True,
        help="Write what was found as PolicyReport (wgpolicyk8s.io) or as Report (openreports.io). "
        "`auto`: what the cluster serves, openreports first.",
    ),
    click.option(
        "--audit-events/--no-audit-events",
        default=True,
        show_default=True,
        help="Write an Event on each owner whose new Pods would be refused.",
    ),
    click.option(
        "--annotate-workloads",
        is_flag=True,
        help="Write commit, build date and OS of what runs as annotations on Deployments, "
        "StatefulSets, DaemonSets and CronJobs.",
    ),
)


def audit_options(command: F) -> F:
    """Add them to a command."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)
