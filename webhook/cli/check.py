"""`cocket check`: judge the images that manifests name."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from webhook import __version__
from webhook.cli import MAX_MESSAGE, complain
from webhook.cli.exit_codes import GOOD, UNDECIDED, USAGE
from webhook.cli.fail_on import FailOn, check_code
from webhook.cli.inputs import read_inputs
from webhook.cli.lookups import SPARE, names_in
from webhook.cli.names import standard_input
from webhook.cli.options import (
    cache_option,
    docker_config_option,
    exception_days_option,
    facts_option,
    namespace_labels,
    offline_option,
    policy_option,
)
from webhook.cli.part_reviews import review_part
from webhook.cli.policies import load_policies, to_stderr
from webhook.cli.sources import Network, open_source
from webhook.cli.terminal import print_table, progress
from webhook.core.printable import printable
from webhook.engine import Engine, review_all
from webhook.errors import InputError
from webhook.registry.given import read_facts
from webhook.reports.check_json import render_json, render_jsonl
from webhook.reports.checked import Checked, CheckResult
from webhook.reports.github import render_github
from webhook.reports.junit import render_junit
from webhook.reports.markdown import render_markdown
from webhook.reports.sarif import render_sarif
from webhook.reports.table import render_table
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from webhook.cli.inputs import Inputs
    from webhook.composefiles.services import Service
    from webhook.core.policy import PolicySet
    from webhook.core.verdict import Verdict
    from webhook.core.workload import Workload
    from webhook.dockerfiles.stages import Build
    from webhook.registry.given import GivenFacts

T = TypeVar("T")

_RENDERERS: Mapping[str, Callable[[CheckResult], str]] = {
    "json": render_json,
    "jsonl": render_jsonl,
    "sarif": render_sarif,
    "junit": render_junit,
    "github": render_github,
    "markdown": render_markdown,
}

_EPILOG = """\b
Examples:
  cocket check deploy/
  helm template chart | cocket check --policy policy.yaml -
  cocket check --offline --facts facts.jsonl -o sarif deploy/ > cocket.sarif
  cocket check --namespace-labels shop:env=prod --fail-on warn web.yaml
  cocket check Dockerfile compose.yaml

\b
What --fail-on takes for a failure; each includes those before it:
  deny     an object is refused
  warn     also: a check failed in mode warn
  unknown  also: a check could not be made, in mode enforce or warn
  never    nothing
Findings in mode audit never change the exit code.

\b
Exit code:
  0  nothing reaches --fail-on
  1  something does
  2  wrong arguments, or input, facts or a policy that cannot be read
  3  nothing does, but a check could not be made, in mode enforce or warn
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@policy_option
@facts_option
@offline_option
@click.option(
    "--namespace-labels",
    "labels",
    multiple=True,
    callback=namespace_labels,
    metavar="NS:KEY=VALUE,…",
    help="Labels of a namespace, for policies that select by them. Repeatable; Namespace objects "
    "in the input count too.",
)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", *_RENDERERS]),
    default="table",
    show_default=True,
    help="jsonl: one verdict a line.",
)
@click.option(
    "--fail-on",
    # Texts, not the enum: of an enum click takes the names of the members.
    type=click.Choice([one.value for one in FailOn]),
    default=FailOn.DENY.value,
    show_default=True,
    help="What gives exit code 1; see below.",
)
@click.option(
    "--unknown-ok",
    is_flag=True,
    help="Exit code 0 in place of 3: for hooks that look nothing up. What is refused is refused.",
)
@exception_days_option
@cache_option
@docker_config_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86400),
    default=Settings().check_patience,
    show_default=True,
    metavar="SECONDS",
    help="For all look-ups together; what is not learned by then is unknown.",
)
@click.option("-v", "--verbose", is_flag=True, help="In the table, show also what passed.")
@click.option("-q", "--quiet", is_flag=True, help="No notes and no progress on standard error.")
def check(
    *,
    paths: Sequence[str],
    policy_files: Sequence[Path],
    facts_files: Sequence[Path],
    offline: bool,
    labels: Mapping[str, Mapping[str, str]],
    form: str,
    fail_on: str,
    unknown_ok: bool,
    max_exception_days: int,
    cache_dir: Path | None,
    docker_config: Path | None,
    timeout: float,
    verbose: bool,
    quiet: bool,
) -> None:
    """Judge the images that every object in PATH names, and what Dockerfiles build.

    PATH is a file or a folder: manifests, Lists and saved AdmissionReviews in YAML or JSON, Compose
    files, Dockerfiles; `-` is standard input. Without --policy the built-in policy asks for
    digests, provenance and an init.
    """
    errors: list[InputError] = []
    warn = _silent if quiet else to_stderr
    policies = _or_error(
        lambda: load_policies(policy_files, warn, max_exception_days=max_exception_days), errors
    )
    given = _or_error(lambda: read_facts(facts_files), errors)
    inputs = read_inputs(paths, standard_input)
    errors += inputs.errors
    if policies is None or given is None or errors:
        complain(*map(str, errors))
        sys.exit(USAGE)
    if not inputs.subjects and not inputs.without_images:
        # A pipe whose first half failed must not read as «all good».
        complain(f"{' '.join(paths)}: there is no object in it")
        sys.exit(USAGE)
    if not inputs.subjects and not quiet:
        shown_paths = printable(" ".join(paths), MAX_MESSAGE)
        click.echo(f"nothing to judge: no object in {shown_paths} names an image", err=True)
    network = Network(
        offline=offline,
        cache_dir=cache_dir,
        docker_config=docker_config,
        budget=timeout,
        settings=Settings(),
    )
    shown = not quiet and sys.stderr.isatty()
    verdicts = asyncio.run(
        _judge(
            inputs,
            policies,
            given=given,
            namespaces=_merged(inputs.namespaces, labels),
            network=network,
            patience=timeout + SPARE,
            shown=shown,
        )
    )
    result = CheckResult(
        tuple(
            Checked(
                subject.place,
                verdicts[number],
                subject.lines,
                frozenset(use.image for use in subject.workload.images),
            )
            for number, subject in enumerate(inputs.subjects)
        ),
        inputs.without_images,
        __version__,
    )
    if form == "table" and sys.stdout.isatty():
        print_table(result, verbose=verbose)
    elif form == "table":
        sys.stdout.write(render_table(result, verbose=verbose))
    else:
        sys.stdout.write(_RENDERERS[form](result))
    code = check_code(verdicts.values(), FailOn(fail_on))
    sys.exit(GOOD if unknown_ok and code == UNDECIDED else code)


async def _judge(
    inputs: Inputs,
    policies: PolicySet,
    *,
    given: GivenFacts,
    namespaces: Mapping[str, Mapping[str, str]],
    network: Network,
    patience: float,
    shown: bool,
) -> Mapping[int, Verdict]:
    """The verdict on every subject, by its number."""
    now = datetime.now(UTC)
    async with open_source(policies, given, network) as source:
        engine = Engine(
            policies=lambda: policies,
            source=source,
            namespaces=namespaces.get,
            # One moment for all: two equal objects get equal verdicts.
            clock=lambda: now,
        )
        verdicts: dict[int, Verdict] = {}
        waiting: dict[int, Workload] = {}
        parts: dict[int, tuple[Build | Service, Workload]] = {}
        for number, subject in enumerate(inputs.subjects):
            if subject.part is not None:
                parts[number] = (subject.part, subject.workload)
                continue
            verdict = engine.review_known(subject.workload)
            if verdict is None:
                waiting[number] = subject.workload
            else:
                verdicts[number] = verdict
        asked = names_in([*waiting.values(), *(workload for _, workload in parts.values())])
        with progress(asked, shown=shown) as step:
            source.answered = step
            verdicts.update(await review_all(engine, waiting, patience))
            reviews = [review_part(*part, policies, source, now) for part in parts.values()]
            verdicts.update(zip(parts, await asyncio.gather(*reviews), strict=True))
    return verdicts


def _merged(
    read: Mapping[str, Mapping[str, str]], given: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Mapping[str, str]]:
    """The labels of every namespace; what an option says outweighs what an object says."""
    return {
        namespace: {**read.get(namespace, {}), **given.get(namespace, {})}
        for namespace in {*read, *given}
    }


def _or_error(read: Callable[[], T], errors: list[InputError]) -> T | None:
    """What was read, or None and one error more: all errors are told at once."""
    try:
        return read()
    except InputError as error:
        errors.append(error)
        return None


def _silent(_warning: str) -> None:
    """For --quiet."""
