"""`cocket doctor`: what is wrong with an installation, and the command that mends it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from webhook import __version__
from webhook.cli.cluster_options import Namespace
from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.cli.scope import login_options
from webhook.errors import ClusterError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from webhook.doctor.gathering import Place
    from webhook.reports.diagnoses import Diagnosis

_EPILOG = """\b
Examples:
  cocket doctor
  cocket doctor --context prod --namespace cocket-system -v
  cocket doctor -o json | jq '.diagnoses[] | select(.state != "ok")'

\b
It only reads. What your rights do not let it read is «?»: it could not be
checked. docs/operations.md lists the rights that it takes to see everything.

\b
Exit code:
  0  nothing is wrong
  1  something is wrong; with --strict also where something is at risk
  2  wrong arguments, or no cluster that answers
  3  nothing is wrong, but something could not be checked
"""


@click.command(epilog=_EPILOG)
@login_options
@click.option(
    "--namespace",
    "-n",
    type=Namespace(),
    default="cocket-system",
    show_default=True,
    metavar="NS",
    help="Of the installation.",
)
@click.option(
    "--configuration",
    default="cocket",
    show_default=True,
    metavar="NAME",
    help="Of the ValidatingWebhookConfiguration.",
)
@click.option(
    "--tls-secret",
    "secret",
    default="cocket-tls",
    show_default=True,
    metavar="NAME",
    help="The Secret with the serving certificate.",
)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.option("--strict", is_flag=True, help="A risk is as bad as what is wrong.")
@click.option("-v", "--verbose", is_flag=True, help="In the table, show also what is well.")
def doctor(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
    configuration: str,
    secret: str,
    form: str,
    strict: bool,
    verbose: bool,
) -> None:
    """Look at an installation of Cocket, and say what is wrong and what mends it.

    Webhook configuration, certificates, replicas, versions, clocks, registries, policies, and who
    could switch all of it off.
    """
    # Imported here: the Kubernetes client takes half a second, and `--help` needs none of it.
    from webhook.doctor.gathering import Place  # noqa: PLC0415
    from webhook.reports.diagnoses import (  # noqa: PLC0415
        State,
        diagnosis_lines,
        render_diagnoses_json,
    )

    place = Place(namespace=namespace, configuration=configuration, secret=secret)
    found = asyncio.run(_diagnosed(kubeconfig, context, place))
    if form == "json":
        sys.stdout.write(render_diagnoses_json(found))
    else:
        colours = {State.OK: "green", State.RISK: "yellow", State.WRONG: "red"}
        for state, line in diagnosis_lines(found, verbose=verbose):
            # Without a terminal click leaves the colours out.
            click.secho(line, fg=None if state is None else colours.get(state, "cyan"))
    states = {one.state for one in found}
    bad = {State.WRONG, State.RISK} if strict else {State.WRONG}
    sys.exit(FOUND if states & bad else UNDECIDED if State.UNKNOWN in states else GOOD)


async def _diagnosed(
    kubeconfig: Path | None, context: str | None, place: Place
) -> Sequence[Diagnosis]:
    from webhook.cluster.login import open_api  # noqa: PLC0415
    from webhook.doctor.diagnosis import diagnose  # noqa: PLC0415
    from webhook.doctor.gathering import gather  # noqa: PLC0415

    async with open_api(kubeconfig=kubeconfig, context=context) as api:
        try:
            picture = await gather(api, place, version=__version__, now=datetime.now(UTC))
        except ClusterError as error:
            raise InputError(f"the cluster at {api.server} cannot be read: {error}") from error
    return diagnose(picture)
