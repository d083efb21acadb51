"""`cocket running`: which system, application and process each running container is."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from webhook.cli.exit_codes import GOOD, UNDECIDED
from webhook.cli.policies import to_stderr
from webhook.cli.scope import (
    check_places,
    login_options,
    place_options,
    quiet_option,
    selector_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.reports.audited import Audit

_EPILOG = """\b
Examples:
  cocket running                        # the namespace of the context
  cocket running -A
  cocket running -n shop deployment/web
  cocket running pod/web-7d4b9-x2k5p -o wide
  cocket running -A -l team=payments -o json |
    jq -r '.containers[] | select(.os.ended) | .image'

\b
How sure:
  files in layers  the operator read the image's files
  attestation      an SBOM that is attached says so; and whether it is signed
  image config     the config alone: a script is not looked into, no OS
  labels only      the config says nothing of what would start
  unknown          and why: not recorded yet, no Registry, named by a tag …

\b
It reads what runs and what the operator recorded (ImageFacts). It asks no
registry, and never writes to the cluster.

\b
Exit code:
  0  told
  2  wrong arguments, a cluster that cannot be read, or a WORKLOAD of which
     nothing runs
  3  a part of the cluster could not be looked at: see standard error
"""


@click.command(epilog=_EPILOG)
@click.argument("workload", required=False)
@place_options
@selector_option
@login_options
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "wide", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="wide: nothing is cut, and Pods, digest and the commit's address are there, too. "
    "jsonl: one container a line.",
)
@click.option("--no-headers", is_flag=True, help="Without the first line of the table.")
@quiet_option
def running(
    *,
    workload: str | None,
    everywhere: bool,
    namespace: str | None,
    labels: str,
    kubeconfig: Path | None,
    context: str | None,
    form: str,
    no_headers: bool,
    quiet: bool,
) -> None:
    """Tell of each running container its OS, application, commit, age, PID 1 and stop signal.

    WORKLOAD is written as deployment/web, pod/web-7d4b9-x2k5p or web; without it all is shown that
    runs in the namespace. Pods are folded into the workload that a person wrote.
    """
    check_places(namespace, everywhere=everywhere)
    # Imported here: the Kubernetes client takes half a second, and `--help` needs none of it.
    from webhook.audit.wanted import read_wanted  # noqa: PLC0415
    from webhook.cli.showing import Shown, what_runs  # noqa: PLC0415
    from webhook.cli.terminal import AuditProgress  # noqa: PLC0415

    shown = Shown(
        kubeconfig=kubeconfig,
        context=context,
        everywhere=everywhere,
        namespace=namespace,
        labels=labels,
        wanted=None if workload is None else read_wanted(workload),
    )
    progress = AuditProgress() if not quiet and sys.stderr.isatty() else None
    with progress or nullcontext():
        found = asyncio.run(what_runs(shown, progress))
    _write(found, form, namespaces=everywhere, head=not no_headers)
    if not quiet:
        _tell(found)
    sys.exit(UNDECIDED if found.missing else GOOD)


def _write(found: Audit, form: str, *, namespaces: bool, head: bool) -> None:
    from webhook.cli.terminal import print_rows  # noqa: PLC0415
    from webhook.reports import running_json, running_table  # noqa: PLC0415

    if form == "json":
        sys.stdout.write(running_json.render_running_json(found))
    elif form == "jsonl":
        sys.stdout.write(running_json.render_running_jsonl(found))
    else:
        rows = running_table.running_rows(found, namespaces=namespaces, wide=form == "wide")
        lines = running_table.aligned(rows[not head :] if found.audited else [])
        if sys.stdout.isatty():
            print_rows(lines)
        else:
            for line in lines:
                sys.stdout.write("".join(cell.text for cell in line).rstrip() + "\n")


def _tell(found: Audit) -> None:
    from webhook.reports.running_table import unknown_line  # noqa: PLC0415

    for one in found.missing:
        to_stderr(f"not looked at: {one}")
    if not found.audited:
        to_stderr("nothing runs there")
    if line := unknown_line(found):
        to_stderr(line)
