"""The options of `cocket audit` that show the operator's report instead of looking again."""

from __future__ import annotations

from functools import reduce, wraps
from typing import TYPE_CHECKING, Any

import click

from webhook.cli.cluster_options import Namespace
from webhook.cli.options import READABLE
from webhook.cli.policies import to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OPTIONS = (
    click.option(
        "--open",
        "opened",
        is_flag=True,
        help="Fetch the report that the operator serves, and open it in the browser; prints where "
        "it lies. Nothing is looked at anew.",
    ),
    click.option(
        "--report-service",
        type=Namespace(),
        default="cocket-report",
        show_default=True,
        metavar="NAME",
        help="With --open: the Service in --system-namespace, asked through the API server.",
    ),
    click.option(
        "--report-url",
        default="",
        metavar="URL",
        help="With --open: ask there instead, such as https://cocket.example.com/report.",
    ),
    click.option(
        "--report-ca", type=READABLE, metavar="FILE", help="With --report-url: trust this CA, PEM."
    ),
    click.option(
        "--report-token",
        type=READABLE,
        metavar="FILE",
        help="With --open: show this token instead of that of the kubeconfig.",
    ),
)
_LOOKING = ("everywhere", "namespace", "labels", "policy_files", "baseline", "offline")


def open_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add them to a command that runs where `--open` is not given."""

    @wraps(command)
    def opening(
        *,
        opened: bool,
        report_service: str,
        report_url: str,
        report_ca: Path | None,
        report_token: Path | None,
        **others: Any,
    ) -> None:
        if not opened:
            if report_url or report_ca or report_token:
                raise click.UsageError("--report-url, --report-ca and --report-token need --open.")
            command(**others)
            return
        if any(others[name] for name in _LOOKING):
            raise click.UsageError(
                "--open shows what the operator found in the whole cluster: leave out what says "
                "where to look, and by which policies."
            )
        # Imported here: the Kubernetes client takes half a second, and `--help` needs none of it.
        from webhook.cli.opening import Opening, open_report  # noqa: PLC0415

        file = open_report(
            Opening(
                kubeconfig=others["kubeconfig"],
                context=others["context"],
                namespace=others["system_namespace"],
                service=report_service,
                url=report_url,
                ca=report_ca,
                token_file=report_token,
                output=others["output"],
            ),
            to_stderr,
        )
        click.echo(str(file))

    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), opening)
