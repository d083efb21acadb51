"""`cocket resolve`: which digest a tag points to now."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from webhook.cli import complain
from webhook.cli.exit_codes import FOUND, GOOD
from webhook.cli.names import names, standard_input
from webhook.cli.options import docker_config_option, policy_option
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.core.workload import Workload
from webhook.errors import InvalidImageError
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from webhook.cli.sources import Network
    from webhook.core.registries import Registries
    from webhook.engine import Source

_DIGEST = frozenset({Need.DIGEST})
_NOBODY = Workload(kind="", namespace="", name="")
_TOGETHER = 16
_LATEST = "latest"
_MAX_SHOWN = 300

_EPILOG = """\b
Examples:
  cocket resolve nginx:1.25
  cocket resolve -o json ghcr.io/acme/web:1.1 ghcr.io/acme/mailer:2.0
  cocket resolve --policy registries.yaml - < images.txt

Output, one line a name: registry/repository:tag@digest. The digest decides what
runs; the tag tells people which version that is. A name that has a digest is
printed as it is, and nobody is asked.

\b
Exit code:
  0  every name was resolved
  1  a name is invalid, or its registry did not say; the others are printed
  2  wrong arguments, or a file that cannot be read
"""


class Resolved(msgspec.Struct, frozen=True):
    """A name and what it points to, or why nobody knows."""

    input: str
    image: str | None = None
    digest: str | None = None
    error: str | None = None


@click.command(epilog=_EPILOG)
@click.argument("refs", metavar="REF…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="table: a line a name; json: one document.",
)
@policy_option
@docker_config_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    default=Settings().image_patience,
    show_default=True,
    metavar="SECONDS",
    help="For one name.",
)
def resolve(
    *,
    refs: Sequence[str],
    form: Literal["table", "json"],
    policy_files: Sequence[Path],
    docker_config: Path | None,
    timeout: float,
) -> None:
    """Print each REF with the digest that its tag points to now.

    REF is an image name; `-` reads names from standard input, one a line. To type a name is to
    allow the question: its registry is asked over HTTPS. Registries in --policy say how to reach
    private ones.
    """
    from webhook.cli.policies import load_registries  # noqa: PLC0415
    from webhook.cli.sources import Network  # noqa: PLC0415

    registries = load_registries(policy_files)
    texts = names(refs, standard_input)
    network = Network(unconfigured=True, docker_config=docker_config, settings=Settings())
    sys.exit(asyncio.run(_resolve_all(texts, form, registries, network, timeout)))


async def _resolve_all(
    texts: Iterator[str],
    form: Literal["table", "json"],
    registries: Registries,
    network: Network,
    patience: float,
) -> int:
    from webhook.cli.sources import looking_up  # noqa: PLC0415
    from webhook.registry.given import GivenFacts  # noqa: PLC0415

    code = GOOD
    found: list[Resolved] = []
    async with looking_up(registries, GivenFacts(), network) as source:
        while batch := list(islice(texts, _TOGETHER)):
            for one in await asyncio.gather(*[_resolve(text, source, patience) for text in batch]):
                if one.error is not None:
                    code = FOUND
                    complain(f"{printable(one.input, _MAX_SHOWN)}: {one.error}")
                elif form == "table":
                    click.echo(one.image)
                if form == "json":
                    found.append(one)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    return code


async def _resolve(text: str, source: Source, patience: float) -> Resolved:
    try:
        ref = ImageRef.parse(text)
    except InvalidImageError as error:
        return Resolved(text, error=str(error))
    if ref.digest is None:
        try:
            async with asyncio.timeout(patience):
                known = source.known(ref, _DIGEST)
                answer = known or await source.learn(ref, _DIGEST, _NOBODY)
        except TimeoutError:
            answer = Unknown(Reason.TIMED_OUT, f"no answer within {patience:g} s")
        if not isinstance(answer, ImageFacts):
            return Resolved(text, error=f"{answer.reason}: {answer.detail}")
        ref = ImageRef(ref.registry, ref.repository, ref.tag or _LATEST, answer.digest)
    return Resolved(text, str(ref), ref.digest)
