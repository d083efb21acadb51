"""`cocket pin`: write `name:tag@digest` where a file says `name:tag`."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, TypeGuard

import click

from webhook.cli import MAX_MESSAGE, complain
from webhook.cli.exit_codes import FOUND, GOOD, USAGE
from webhook.cli.names import standard_input
from webhook.cli.options import (
    cache_option,
    docker_config_option,
    facts_option,
    offline_option,
    policy_option,
)
from webhook.cli.pin_files import STDIN, File, read_files, read_input, unpinned
from webhook.cli.policies import load_registries
from webhook.cli.rewrites import coloured, diff, write
from webhook.cli.sources import Network, looking_up
from webhook.cli.terminal import progress
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef, is_digest
from webhook.core.printable import printable
from webhook.core.rules.unlearned import MEANINGS
from webhook.core.workload import Workload
from webhook.pin.rewriting import pinned
from webhook.registry.given import read_facts
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from webhook.core.registries import Registries
    from webhook.engine import Source
    from webhook.errors import InputError
    from webhook.registry.given import GivenFacts

_NEEDS = frozenset({Need.DIGEST})
_NOBODY = Workload(kind="", namespace="", name="")

_EPILOG = """\b
Examples:
  cocket pin deploy/ Dockerfile            # a diff
  cocket pin --write deploy/
  cocket pin --policy registries.yaml --write chart/values.yaml
  cocket pin --helm-tag-digest --write chart/values.yaml
  cocket pin --offline --facts facts.jsonl kustomization.yaml | git apply
  helm template chart | cocket pin - | kubectl apply -f -
  cocket pin --check deploy/               # in CI: asks no registry

\b
Exit code:
  0  every image that the files name has a digest, now or with the diff
  1  a name could not be looked up, or was left alone, as standard error says;
     with --check: a name has no digest
  2  wrong arguments, or a file that cannot be read; nothing was written
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--write", "writes", is_flag=True, help="Change the files instead of a diff.")
@click.option(
    "--check",
    "checks",
    is_flag=True,
    help="List what has no digest, and fail if there is any. Asks nobody, changes nothing.",
)
@click.option(
    "--stdin-filename",
    "stdin_name",
    default="stdin.yaml",
    metavar="NAME",
    help="What standard input would be called as a file, as in Dockerfile or values.yaml.",
)
@click.option(
    "--helm-tag-digest",
    "tag_digest",
    is_flag=True,
    help='In Helm values, write the digest into a tag without `digest` beside it: "1.25@sha256:…". '
    "For charts that write the tag nowhere but behind the name.",
)
@policy_option
@facts_option
@offline_option
@cache_option
@docker_config_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86400),
    default=Settings().check_patience,
    show_default=True,
    metavar="SECONDS",
    help="For all look-ups together.",
)
@click.option("-q", "--quiet", is_flag=True, help="No sum and no progress on standard error.")
def pin(
    *,
    paths: Sequence[str],
    writes: bool,
    checks: bool,
    stdin_name: str,
    tag_digest: bool,
    policy_files: Sequence[Path],
    facts_files: Sequence[Path],
    offline: bool,
    cache_dir: Path | None,
    docker_config: Path | None,
    timeout: float,
    quiet: bool,
) -> None:
    """Give every image that the files name by a tag the digest that the tag has now.

    PATH is a file or a folder: manifests, Helm values, kustomizations, Compose files, Dockerfiles;
    `-` alone is standard input, and goes to standard output with its digests.
    Comments and layout stay, byte for byte; the tag stays in front of the digest. To ask for
    digests is to allow the question: registries are asked over HTTPS, as by `cocket image`.
    Registries in --policy say how to reach private ones.
    """
    if writes and checks:
        raise click.UsageError("--write changes files and --check changes none: give one of them.")
    through = STDIN in paths
    if through and (writes or len(paths) > 1):
        raise click.UsageError("`-` stands alone and goes to standard output: no --write, no PATH.")
    files, errors, templates = _read(paths, stdin_name, tag_digest=tag_digest)
    if errors:
        complain(*map(str, errors))
        sys.exit(USAGE)
    if checks:
        sys.exit(_check(files, templates, quiet=quiet))
    registries = load_registries(policy_files)
    given = read_facts(facts_files)
    network = Network(
        offline=offline,
        unconfigured=True,
        cache_dir=cache_dir,
        budget=timeout,
        docker_config=docker_config,
        settings=Settings(),
    )
    images = sorted({spot.image for file in files for spot in file.found.spots})
    is_shown = not quiet and sys.stderr.isatty()
    answers = asyncio.run(_look_up(images, registries, given, network, shown=is_shown))
    digests = {name: one for name, one in answers.items() if _is_known(one)}
    changed = [(file, pinned(file.content, file.name, file.found, digests)) for file in files]
    if through:
        [(_, content)] = changed
        click.echo(content, nl=False)
    changed = [(file, content) for file, content in changed if content != file.content]
    if not through:
        _put(changed, writes=writes)
    problems = [*templates, *_problems(files, answers)]
    for problem in problems:
        click.echo(f"left: {printable(problem, MAX_MESSAGE)}", err=True)
    if not quiet:
        done = writes or through
        click.echo(_sum(files, changed, digests, len(problems), writes=done), err=True)
    sys.exit(FOUND if problems else GOOD)


def _read(
    paths: Sequence[str], stdin_name: str, *, tag_digest: bool
) -> tuple[list[File], list[InputError], list[str]]:
    """See `read_files`; standard input stands alone."""
    if STDIN not in paths:
        return read_files(paths, tag_digest=tag_digest)
    return [read_input(standard_input(), stdin_name, tag_digest=tag_digest)], [], []


def _put(changed: Iterable[tuple[File, bytes]], *, writes: bool) -> None:
    """Write the files, or show what would be changed in them."""
    for file, content in changed:
        if writes:
            write(file.path, file.content, content)
        else:
            text = diff(file.name, file.content, content)
            click.echo(coloured(text) if sys.stdout.isatty() else text, nl=False)


def _check(files: Sequence[File], templates: Sequence[str], *, quiet: bool) -> int:
    """Print what has no digest, one name a line; the exit code."""
    lines = [*unpinned(files), *templates]
    for line in lines:
        click.echo(printable(line, MAX_MESSAGE))
    had = sum(file.found.pinned for file in files)
    if not quiet:
        click.echo(f"{had} have a digest, {len(lines)} have none, in {len(files)} files", err=True)
    return FOUND if lines else GOOD


async def _look_up(
    images: Sequence[str],
    registries: Registries,
    given: GivenFacts,
    network: Network,
    *,
    shown: bool,
) -> Mapping[str, str | Unknown]:
    """The digest of each name, or why it is not known."""
    async with looking_up(registries, given, network) as source:
        with progress(len(images), shown=shown) as step:
            source.answered = step
            answers = await asyncio.gather(*(_digest(one, source, given) for one in images))
    return dict(zip(images, answers, strict=True))


async def _digest(image: str, source: Source, given: GivenFacts) -> str | Unknown:
    ref = ImageRef.parse(image)
    told = given.digest_of(ref)
    if told:
        return told
    facts = source.known(ref, _NEEDS)
    if not isinstance(facts, ImageFacts) or not is_digest(facts.digest):
        facts = await source.learn(ref, _NEEDS, _NOBODY)
    if isinstance(facts, Unknown):
        return facts
    return facts.digest


def _is_known(answer: str | Unknown) -> TypeGuard[str]:
    return isinstance(answer, str) and is_digest(answer)


def _problems(files: Iterable[File], answers: Mapping[str, str | Unknown]) -> Iterable[str]:
    for file in files:
        for left in file.found.left:
            yield f"{file.name}:{left.line}: {left.image}: {left.why}"
        for spot in file.found.spots:
            answer = answers[spot.image]
            if isinstance(answer, Unknown):
                why = answer.detail or MEANINGS[answer.reason]
                yield f"{file.name}:{spot.line}: {spot.image}: {why} ({answer.reason})"
            elif not _is_known(answer):
                yield f"{file.name}:{spot.line}: {spot.image}: the facts do not say its digest"


def _sum(
    files: Sequence[File],
    changed: Sequence[tuple[File, bytes]],
    digests: Mapping[str, str],
    left: int,
    *,
    writes: bool,
) -> str:
    new = sum(spot.image in digests for file in files for spot in file.found.spots)
    had = sum(file.found.pinned for file in files)
    done = "pinned" if writes else "to pin"
    return f"{new} {done} in {len(changed)} of {len(files)} files, {had} had a digest, {left} left"
