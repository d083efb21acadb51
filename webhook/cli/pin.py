"""`cocket pin`: write `name:tag@digest` where a file says `name:tag`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import click
import msgspec

from webhook.cli import MAX_MESSAGE, complain
from webhook.cli.exit_codes import FOUND, GOOD, USAGE
from webhook.cli.options import (
    cache_option,
    docker_config_option,
    facts_option,
    offline_option,
    policy_option,
)
from webhook.cli.policies import load_registries
from webhook.cli.rewrites import coloured, diff, write
from webhook.cli.sources import Network, open_source
from webhook.cli.terminal import progress
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef, is_digest
from webhook.core.printable import printable
from webhook.core.rules.unlearned import MEANINGS
from webhook.core.workload import Workload
from webhook.dockerfiles.names import is_dockerfile
from webhook.errors import InputError
from webhook.manifests import find_files
from webhook.manifests.files import content_of, shown
from webhook.pin.rewriting import find, pinned
from webhook.pin.spots import Found
from webhook.registry.given import read_facts
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webhook.core.registries import Registries
    from webhook.engine import Source
    from webhook.registry.given import GivenFacts

_NEEDS = frozenset({Need.DIGEST})
_NOBODY = Workload(kind="", namespace="", name="")
_TEMPLATE = b"{{"

_EPILOG = """\b
Examples:
  cocket pin deploy/ Dockerfile            # a diff
  cocket pin --write deploy/
  cocket pin --policy registries.yaml --write chart/values.yaml
  cocket pin --offline --facts facts.jsonl kustomization.yaml | git apply

\b
Exit code:
  0  every image that the files name has a digest, now or with the diff
  1  a name could not be looked up, or was left alone: standard error says why
  2  wrong arguments, or a file that cannot be read; nothing was written
"""


class File(msgspec.Struct, frozen=True):
    """One file as it was read, and what it names."""

    path: Path
    name: str
    content: bytes
    found: Found


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--write", "writes", is_flag=True, help="Change the files instead of a diff.")
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
    policy_files: Sequence[Path],
    facts_files: Sequence[Path],
    offline: bool,
    cache_dir: Path | None,
    docker_config: Path | None,
    timeout: float,
    quiet: bool,
) -> None:
    """Give every image that the files name by a tag the digest that the tag has now.

    PATH is a file or a folder: manifests, Helm values, kustomizations, Compose files, Dockerfiles.
    Comments and layout stay, byte for byte; the tag stays in front of the digest. To ask for
    digests is to allow the question: registries are asked over HTTPS, as by `cocket image`.
    Registries in --policy say how to reach private ones.
    """
    registries = load_registries(policy_files)
    given = read_facts(facts_files)
    files, errors, templates = _read(paths)
    if errors:
        complain(*map(str, errors))
        sys.exit(USAGE)
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
    changed = [(file, content) for file, content in changed if content != file.content]
    for file, content in changed:
        if writes:
            write(file.path, file.content, content)
        else:
            text = diff(file.name, file.content, content)
            click.echo(coloured(text) if sys.stdout.isatty() else text, nl=False)
    problems = [*templates, *_problems(files, answers)]
    for problem in problems:
        click.echo(f"left: {printable(problem, MAX_MESSAGE)}", err=True)
    if not quiet:
        click.echo(_sum(files, changed, digests, len(problems), writes=writes), err=True)
    sys.exit(FOUND if problems else GOOD)


def _read(paths: Iterable[str]) -> tuple[list[File], list[InputError], list[str]]:
    """Every file once, whatever links lead to it; errors; and templates, which are no mistake."""
    files: dict[Path, File] = {}
    errors: list[InputError] = []
    templates: list[str] = []
    for path in map(Path, paths):
        try:
            found = find_files(path, is_dockerfile)
        except InputError as error:
            errors.append(error)
            continue
        for file in found:
            content = b""
            try:
                content = content_of(file)
                real = file.resolve()
                if real not in files:
                    files[real] = File(real, shown(file), content, find(content, shown(file)))
            except InputError as error:
                if file == path or _TEMPLATE not in content:
                    errors.append(error)
                else:
                    templates.append(str(error))
    return list(files.values()), errors, templates


async def _look_up(
    images: Sequence[str],
    registries: Registries,
    given: GivenFacts,
    network: Network,
    *,
    shown: bool,
) -> Mapping[str, str | Unknown]:
    """The digest of each name, or why it is not known."""
    async with open_source(registries, given, network) as source:
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
