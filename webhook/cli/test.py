"""`cocket test`: unit tests of policies."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from webhook import __version__
from webhook.cli import complain
from webhook.cli.exit_codes import FOUND, GOOD, USAGE
from webhook.cli.options import exception_days_option
from webhook.cli.policies import to_stderr
from webhook.cli.trial_files import SUFFIX, Terms, find_tests
from webhook.cli.trying import run_file
from webhook.errors import InputError
from webhook.reports.trials import Status, TrialRun
from webhook.reports.trials_json import render_trials_json
from webhook.reports.trials_junit import render_trials_junit
from webhook.reports.trials_table import trial_lines, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_RENDERERS: Mapping[str, Callable[[TrialRun], str]] = {
    "json": render_trials_json,
    "junit": render_trials_junit,
}
_COLOURS = {Status.PASSED: "green", Status.FAILED: "red", Status.ERROR: "red"}
_CODES = {Status.PASSED: GOOD, Status.FAILED: FOUND, Status.ERROR: USAGE}

_EPILOG = f"""\b
Examples:
  cocket test policies/
  cocket test policies/production-{SUFFIX}
  cocket test -o junit policies/ > build/policies.xml

\b
policies/{SUFFIX}:
  apiVersion: cocket.dev/v1alpha1
  kind: PolicyTest
  metadata: {{name: production}}
  spec:
    policies: [production.yaml]
    namespaces: {{shop: {{env: prod}}}}
    tests:
      - name: a tag is refused
        files: [../objects/web.yaml]
        expect: {{verdict: refused, fails: [digest]}}

All fields are in docs/testing.md.

\b
Exit code:
  0  every test passed
  1  a verdict is not as a test expects
  2  wrong arguments; or a test, a policy or an object cannot be read; or a
     test judges nothing
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", *_RENDERERS]),
    default="table",
    show_default=True,
    help="junit and json hold every finding.",
)
@exception_days_option
@click.option("-v", "--verbose", is_flag=True, help="In the table, show the findings of all tests.")
@click.option("-q", "--quiet", is_flag=True, help="No warnings on standard error.")
def test(
    *, paths: Sequence[str], form: str, max_exception_days: int, verbose: bool, quiet: bool
) -> None:
    """Run the tests of policies in PATH: a file, or a folder and the folders in it.

    In a folder the files are read whose names end in `cocket-test.yaml`. Nothing is asked over the
    network: a test tells what images are, and which namespaces there are.
    """
    now = datetime.now(UTC)
    errors: list[InputError] = []
    files: list[Path] = []
    for path in paths:
        try:
            files += find_tests(path)
        except InputError as error:
            errors.append(error)
    if errors:
        complain(*map(str, errors))
        sys.exit(USAGE)
    warn = (lambda _: None) if quiet else to_stderr
    terms = Terms(now, max_exception_days, warn)
    # Two paths may lead to one file.
    ended = [one for file in dict.fromkeys(files) for one in run_file(file, terms)]
    run = TrialRun(tuple(ended), __version__)
    if form == "table":
        for status, line in trial_lines(run, verbose=verbose):
            # Without a terminal click leaves the colours out.
            click.secho(line, fg=_COLOURS[status] if line[:1] != " " else None)
    else:
        sys.stdout.write(_RENDERERS[form](run))
    sys.exit(_CODES[worst(run)])
