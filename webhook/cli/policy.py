"""`cocket policy`: what a policy would do before it does it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from webhook.cli.cluster_options import Namespace
from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.cli.policies import to_stderr
from webhook.cli.scope import login_options, lookup_options, quiet_option, selector_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from webhook.reports.simulated import Simulation

_GROUP_EPILOG = """\b
Examples:
  cocket policy simulate stricter.yaml
"""
_EPILOG = """\b
Examples:
  cocket policy simulate stricter.yaml          # everywhere
  cocket policy simulate -n shop stricter.yaml
  kubectl get clusterimagepolicy default -o yaml |
    sed 's/mode: audit/mode: enforce/' | cocket policy simulate -
  cocket policy simulate -o markdown policies/ > comment.md

\b
It reads, and never writes to the cluster.

\b
Exit code:
  0  nothing would be newly refused
  1  something would
  2  wrong arguments, or a cluster or a document that cannot be used
  3  nothing would, but something could not be checked or looked at
"""


@click.group(epilog=_GROUP_EPILOG)
def policy() -> None:
    """What policies would do."""


@policy.command(epilog=_EPILOG)
@click.argument("paths", metavar="FILE…", nargs=-1, required=True)
@click.option("-n", "--namespace", type=Namespace(), metavar="NS", help="Only there.")
@selector_option
@login_options
@lookup_options
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
)
@quiet_option
def simulate(
    *,
    paths: Sequence[str],
    namespace: str | None,
    labels: str,
    kubeconfig: Path | None,
    context: str | None,
    system_namespace: str,
    exception_namespaces: Sequence[str],
    max_exception_days: int,
    excluded: Sequence[str],
    offline: bool,
    cache_dir: Path | None,
    requests_per_second: float,
    timeout: float,
    form: str,
    quiet: bool,
) -> None:
    """Say what the documents in FILE would newly refuse or admit of what runs now.

    FILE is a file or a folder of policies, Registries and ImageExceptions; `-` is standard input.
    Each is added to those in force, or replaces the one of its kind and name. What runs is looked
    at once and judged twice, with the words that admission would use.
    """
    # Imported here: the Kubernetes client takes half a second, and `--help` needs none of it.
    from webhook.cli.auditing import Asked  # noqa: PLC0415
    from webhook.cli.simulating import simulation  # noqa: PLC0415
    from webhook.cli.terminal import AuditProgress  # noqa: PLC0415

    asked = Asked(
        kubeconfig=kubeconfig,
        context=context,
        everywhere=namespace is None,
        namespace=namespace,
        labels=labels,
        system_namespace=system_namespace,
        exception_namespaces=tuple(exception_namespaces),
        max_exception_days=max_exception_days,
        excluded=tuple(excluded),
        offline=offline,
        cache_dir=cache_dir,
        requests_per_second=requests_per_second,
        patience=timeout,
    )
    shown = AuditProgress() if not quiet and sys.stderr.isatty() else None
    with shown or nullcontext():
        warn = (lambda _: None) if quiet else to_stderr
        found = asyncio.run(simulation(asked, paths, warn, shown))
    _write(found, form)
    sys.exit(_code(found))


def _write(found: Simulation, form: str) -> None:
    from webhook.reports import simulated_json, simulated_text  # noqa: PLC0415
    from webhook.reports.simulated import Turn  # noqa: PLC0415

    if form == "json":
        sys.stdout.write(simulated_json.render_simulation_json(found))
        return
    if form == "markdown":
        sys.stdout.write(simulated_text.render_simulation_markdown(found))
        return
    colours = {Turn.REFUSED: "red", Turn.WARNED: "yellow", Turn.OTHERWISE: "cyan"}
    for turn, line in simulated_text.simulation_lines(found):
        # Without a terminal click leaves the colours out.
        head = turn is not None and not line.startswith(" ")
        click.secho(line, fg=colours.get(turn, "green") if head and turn else None)


def _code(found: Simulation) -> int:
    from webhook.reports.simulated import Turn  # noqa: PLC0415

    if found.count(Turn.REFUSED):
        return FOUND
    return UNDECIDED if found.unknown or found.missing else GOOD
