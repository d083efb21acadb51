"""`cocket audit`: judge what runs in a cluster, and say who owns it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webhook.cli.exit_codes import GOOD, UNDECIDED
from webhook.cli.fail_on import FailOn, check_code
from webhook.cli.open_options import open_options
from webhook.cli.options import READABLE, policy_option
from webhook.cli.policies import to_stderr
from webhook.cli.scope import (
    check_places,
    login_options,
    lookup_options,
    place_options,
    quiet_option,
    selector_option,
)
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

_MAX_BASELINE = 512 * 1024 * 1024
"""Bytes: a hundred thousand Pods make half of it."""
_FORMS = ("table", "json", "jsonl", "csv", "markdown", "sarif", "junit", "html")

_EPILOG = """\b
Examples:
  cocket audit -A                               # everything that runs
  cocket audit -n shop -l app=web -v            # also what is good
  cocket audit -A --policy stricter.yaml        # what would these say?
  cocket audit -A -o html --output audit.html   # a page to look at
  cocket audit -A -o json --output baseline.json
  cocket audit -A --baseline baseline.json      # fails only on what is new
  cocket audit -A -o csv --output images.csv    # every image, with its commit
  cocket audit --open                           # the operator's own page

\b
It reads, and never writes to the cluster. Facts that the cluster has recorded
are not asked for again; for others it asks the registries that a Registry
names, slowly.

\b
What --fail-on takes for a failure; each includes those before it:
  deny     an owner's Pods would be refused
  warn     also: a check failed in mode warn, or a node runs another image
  unknown  also: a check could not be made, in mode enforce or warn
  never    nothing
Findings in mode audit never change the exit code.

\b
Exit code:
  0  nothing reaches --fail-on
  1  something does
  2  wrong arguments, or a cluster or a file that cannot be read
  3  nothing does, but a check could not be made, or a part of the cluster
     could not be looked at
"""


@click.command(epilog=_EPILOG)
@place_options
@selector_option
@login_options
@policy_option
@lookup_options
@click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="table",
    show_default=True,
    help="jsonl: one owner a line.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there; to standard output if absent.",
)
@click.option(
    "--baseline",
    type=READABLE,
    metavar="FILE",
    help="The JSON of an earlier audit: what it found already is left out.",
)
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in FailOn]),
    default=FailOn.DENY.value,
    show_default=True,
    help="What gives exit code 1; see below.",
)
@click.option("-v", "--verbose", is_flag=True, help="In the table, show also what is good.")
@quiet_option
@open_options
def audit(
    *,
    everywhere: bool,
    namespace: str | None,
    labels: str,
    kubeconfig: Path | None,
    context: str | None,
    policy_files: Sequence[Path],
    system_namespace: str,
    exception_namespaces: Sequence[str],
    max_exception_days: int,
    excluded: Sequence[str],
    offline: bool,
    cache_dir: Path | None,
    requests_per_second: float,
    timeout: float,
    form: str,
    output: Path | None,
    baseline: Path | None,
    fail_on: str,
    verbose: bool,
    quiet: bool,
) -> None:
    """Judge what runs in a cluster, and say who owns it.

    Pods are folded into the workload that a person wrote, each different one is judged once, by
    the policies of the cluster or of --policy FILE, and with the words that admission would use.
    Workloads of which no Pod runs are judged by what they would start next.
    """
    check_places(namespace, everywhere=everywhere)
    # Imported here: the Kubernetes client takes half a second, and `--help` needs none of it.
    from webhook.cli.auditing import Asked, audit_cluster  # noqa: PLC0415
    from webhook.cli.terminal import AuditProgress  # noqa: PLC0415
    from webhook.reports.baseline import read_baseline, without_known  # noqa: PLC0415

    known = None
    if baseline is not None:
        known = read_baseline(_read(baseline), str(baseline))
    asked = Asked(
        kubeconfig=kubeconfig,
        context=context,
        everywhere=everywhere,
        namespace=namespace,
        labels=labels,
        policies=tuple(policy_files),
        system_namespace=system_namespace,
        exception_namespaces=tuple(exception_namespaces),
        max_exception_days=max_exception_days,
        excluded=tuple(excluded),
        offline=offline,
        cache_dir=cache_dir,
        requests_per_second=requests_per_second,
        patience=timeout,
        with_trend=form == "html",
    )
    shown = AuditProgress() if not quiet and sys.stderr.isatty() else None
    warn = _silent if quiet else to_stderr
    with shown or nullcontext():
        found, trend = asyncio.run(audit_cluster(asked, warn, shown))
    if known is not None:
        left = without_known(found, known)
        found = left.audit
        if not quiet:
            click.echo(f"{left.left_out} findings of the baseline are left out", err=True)
        if left.grown and not quiet:
            click.echo(
                f"findings of the baseline that stay, for they do more now than then: {left.grown} "
                "(a policy got stricter, or an exception has ended)",
                err=True,
            )
    for one in found.missing if form != "table" else ():
        warn(f"not looked at: {one}")
    _write(found, trend, form, output, verbose=verbose)
    code = check_code((one.verdict for one in found.audited), FailOn(fail_on))
    if code == GOOD and found.missing and FailOn(fail_on) is not FailOn.NEVER:
        code = UNDECIDED
    sys.exit(code)


def _write(
    found: Audit, trend: Trend | None, form: str, output: Path | None, *, verbose: bool
) -> None:
    from webhook.cli.terminal import print_blocks  # noqa: PLC0415
    from webhook.reports import audit_table  # noqa: PLC0415

    if form == "table" and output is None and sys.stdout.isatty():
        last = [*audit_table.missing_lines(found), audit_table.audit_summary_line(found)]
        print_blocks(audit_table.audit_blocks(found, verbose=verbose), last)
        return
    text = (
        audit_table.render_audit_table(found, verbose=verbose)
        if form == "table"
        else _renderers(trend)[form](found)
    )
    if output is None:
        sys.stdout.write(text)
        return
    # What a terminal or a file cannot take as UTF-8 is an escape, never a traceback.
    output.write_bytes(text.encode("utf-8", "backslashreplace"))


def _renderers(trend: Trend | None) -> Mapping[str, Callable[[Audit], str]]:
    from webhook.reports.audit_checked import check_result  # noqa: PLC0415
    from webhook.reports.audit_csv import render_audit_csv  # noqa: PLC0415
    from webhook.reports.audit_json import render_audit_json, render_audit_jsonl  # noqa: PLC0415
    from webhook.reports.html import render_html  # noqa: PLC0415
    from webhook.reports.junit import render_junit  # noqa: PLC0415
    from webhook.reports.markdown import render_markdown  # noqa: PLC0415
    from webhook.reports.sarif import render_sarif  # noqa: PLC0415

    return {
        "json": render_audit_json,
        "jsonl": render_audit_jsonl,
        "csv": render_audit_csv,
        "markdown": lambda found: render_markdown(check_result(found)),
        "sarif": lambda found: render_sarif(check_result(found)),
        "junit": lambda found: render_junit(check_result(found)),
        "html": lambda found: render_html(found, trend),
    }


def _read(baseline: Path) -> bytes:
    """The file.

    Raises:
        InputError: it cannot be read, or is too large.
    """
    try:
        if baseline.stat().st_size > _MAX_BASELINE:
            raise InputError(f"{baseline}: larger than {_MAX_BASELINE} bytes")
        return baseline.read_bytes()
    except OSError as error:
        raise InputError(f"{baseline}: cannot be read: {error.strerror}") from error


def _silent(_warning: str) -> None:
    """For --quiet."""
