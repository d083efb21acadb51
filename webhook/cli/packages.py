"""`cocket packages`: which running workloads hold a package, and in which version."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webhook.cli.exit_codes import FOUND, GOOD
from webhook.cli.scope import login_options
from webhook.reports.holders import holders_json, holders_table

if TYPE_CHECKING:
    from webhook.reports.holders import Holder

_EPILOG = """\b
Examples:
  cocket packages openssl
  cocket packages openssl --version 3.0.1-1
  cocket packages -o json libssl3 | jq '.holders[].usedBy.names'

\b
Exit code:
  0  told
  1  the package lists of some images in use are not known: see standard error
  2  wrong arguments, or the cluster was not reached
"""


@click.command(epilog=_EPILOG)
@click.argument("package")
@click.option("--version", "version", metavar="TEXT", help="Only versions that begin with it.")
@click.option("--all", "everything", is_flag=True, help="Also images that nothing runs any more.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@login_options
def packages(
    *,
    package: str,
    version: str | None,
    everything: bool,
    form: str,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Tell which running workloads hold PACKAGE, and in which version.

    Reads what the operator recorded of layers (ImageContents, ImageFacts). An image whose layers
    were not read is told of, and is no image without the package.
    """
    # Imported here: Kubernetes' client takes a second, and `--help` needs none of it.
    from webhook.cli.holding import holding  # noqa: PLC0415

    found, unread = asyncio.run(
        holding(package, version or "", kubeconfig=kubeconfig, context=context)
    )
    shown: list[Holder] = [one for one in found if one.count or everything]
    if form == "json":
        sys.stdout.write(holders_json(shown, unread) + "\n")
    else:
        for line in holders_table(shown):
            sys.stdout.write(line + "\n")
        if not shown:
            sys.stderr.write("no image in use is known to hold it\n")
    for line in unread:
        sys.stderr.write(f"not known: {line}\n")
    sys.exit(FOUND if unread else GOOD)
