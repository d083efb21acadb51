"""`cocket image`: what an image name means, and what its registry says."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from typing import TYPE_CHECKING, Literal

import click

from webhook.cli.exit_codes import FOUND, GOOD
from webhook.cli.names import names, standard_input
from webhook.cli.options import (
    READABLE,
    cache_option,
    docker_config_option,
    facts_option,
    offline_option,
    policy_option,
)
from webhook.core.image import ImageRef
from webhook.errors import InvalidImageError
from webhook.reports.images import ImageReport, image_json, image_table
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from webhook.cli.sources import Network
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries
    from webhook.registry.given import GivenFacts

Format = Literal["table", "json", "jsonl"]

_TOGETHER = 16
"""Names that are read before they are asked about together; output keeps their order."""

_EPILOG = """\b
Examples:
  cocket image nginx:1.25
  cocket image -o json ghcr.io/acme/web@sha256:…
  cocket image --inside --platform linux/arm64 nginx:1.25
  cocket image --sbom cyclonedx nginx:1.25 > nginx.cdx.json
  cocket image --packages --key cosign.pub ghcr.io/acme/web:1.0
  kubectl get pods -A -o jsonpath='{..image}' | tr ' ' '\\n' |
    cocket image --offline -o jsonl -

\b
Exit code:
  0  every name is valid and, unless --offline, was looked up
  1  a name is invalid, or could not be looked up
  2  wrong arguments, or a file that cannot be read
"""


@click.command(epilog=_EPILOG)
@click.argument("refs", metavar="REF…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="json: one document; jsonl: one object a line.",
)
@offline_option
@policy_option
@facts_option
@cache_option
@docker_config_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    default=Settings().image_patience,
    show_default=True,
    metavar="SECONDS",
    help="For one name.",
)
@click.option("--inside", is_flag=True, help="Also read its layers: OS, packages, programs.")
@click.option("--packages", is_flag=True, help="List the installed packages, one a line.")
@click.option(
    "--sbom",
    type=click.Choice(["spdx", "cyclonedx"]),
    help="Write a bill of materials as JSON: SPDX 2.3, or CycloneDX 1.5.",
)
@click.option(
    "--layers",
    is_flag=True,
    help="Read the layers also for what an attached SBOM tells.",
)
@click.option(
    "--key",
    "key_files",
    type=READABLE,
    multiple=True,
    metavar="FILE",
    help="A public key (PEM) that signs attestations; without one, none counts as verified.",
)
@click.option("--base", default="", metavar="NAME", help="What it may stand on, with --inside.")
@click.option(
    "--platform",
    default="",
    metavar="OS/ARCH",
    help="Whose layers are read.  [default: linux/amd64, else the first]",
)
@click.option(
    "--layers-timeout",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    default=Settings().layers_patience,
    show_default=True,
    metavar="SECONDS",
    help="For the layers of one image.",
)
def image(
    *,
    refs: Sequence[str],
    form: Format,
    offline: bool,
    policy_files: Sequence[Path],
    facts_files: Sequence[Path],
    cache_dir: Path | None,
    docker_config: Path | None,
    timeout: float,
    inside: bool,
    packages: bool,
    sbom: str | None,
    layers: bool,
    key_files: Sequence[Path],
    base: str,
    platform: str,
    layers_timeout: float,
) -> None:
    """Tell what each REF means, and what its registry says about it.

    REF is an image name as in a manifest; `-` reads names from standard input, one a line. To type
    a name is to allow the question: its registry is asked over HTTPS. Registries in --policy say
    how to reach private ones. With --offline names are only parsed.

    --packages and --sbom take an SBOM that is attached to the image, and read layers where there is
    none; which of them it was stands on standard error.
    """
    texts = names(refs, standard_input)
    into = inside or packages or sbom is not None
    if into and offline:
        raise click.UsageError("Layers are read over the network: leave --offline away.")
    if offline and not facts_files:
        page = Page(form)
        for text in texts:
            page.write(parsed(text))
        sys.exit(page.end())
    # Imported here: 100,000 names are parsed in less time than this takes.
    from webhook.cli.policies import load_registries  # noqa: PLC0415
    from webhook.cli.public_keys import public_keys  # noqa: PLC0415
    from webhook.cli.sources import Network  # noqa: PLC0415
    from webhook.registry.given import read_facts  # noqa: PLC0415

    registries = load_registries(policy_files)
    given = read_facts(facts_files)
    if into:
        sys.exit(
            _look_into(
                texts,
                form,
                registries=registries,
                given=given,
                cache_dir=cache_dir,
                docker_config=docker_config,
                packages=packages,
                sbom=sbom or "",
                layers=layers,
                keys=public_keys(key_files),
                base=base,
                platform=platform,
                patience=timeout,
                seconds=layers_timeout,
            )
        )
    network = Network(
        offline=offline,
        unconfigured=True,
        cache_dir=cache_dir,
        docker_config=docker_config,
        settings=Settings(),
    )
    sys.exit(
        asyncio.run(
            _look_up(
                texts, form, registries=registries, given=given, network=network, patience=timeout
            )
        )
    )


def _look_into(
    texts: Iterator[str],
    form: Format,
    *,
    registries: Registries,
    given: GivenFacts,
    cache_dir: Path | None,
    docker_config: Path | None,
    packages: bool,
    sbom: str,
    layers: bool,
    keys: tuple[PublicKey, ...],
    base: str,
    platform: str,
    patience: float,
    seconds: float,
) -> int:
    from webhook.cli.looking import Look, look_into  # noqa: PLC0415
    from webhook.cli.terminal import downloading  # noqa: PLC0415

    look = Look(
        packages=packages,
        sbom=sbom,
        layers=layers,
        keys=keys,
        base=base,
        platform=platform,
        json=form != "table",
        patience=patience,
        seconds=seconds,
    )
    page = Page(form)
    with downloading(shown=sys.stderr.isatty()) as progress:
        good = asyncio.run(
            look_into(
                (parsed(text) for text in texts),
                page,
                look,
                registries=registries,
                given=given,
                cache_dir=cache_dir,
                docker_config=docker_config,
                progress=progress,
            )
        )
    code = page.end() if not (packages or sbom) else GOOD
    return code if good else FOUND


async def _look_up(
    texts: Iterator[str],
    form: Format,
    *,
    registries: Registries,
    given: GivenFacts,
    network: Network,
    patience: float,
) -> int:
    from webhook.cli.described import describe  # noqa: PLC0415
    from webhook.cli.sources import looking_up  # noqa: PLC0415

    page = Page(form)
    async with looking_up(registries, given, network) as source:
        while batch := list(islice(texts, _TOGETHER)):
            asked = [describe(parsed(text), source, patience) for text in batch]
            for report in await asyncio.gather(*asked):
                page.write(report)
            sys.stdout.flush()
    return page.end()


class Page:
    """What is printed, report by report; nothing is kept."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._code = GOOD
        self._between = "[\n" if form == "json" else ""

    def write(self, report: ImageReport) -> None:
        """Print one report."""
        text = image_table(report) if self._form == "table" else image_json(report)
        end = "\n" if self._form == "jsonl" else ""
        sys.stdout.write(f"{self._between}{text}{end}")
        self._between = {"table": "\n", "json": ",\n", "jsonl": ""}[self._form]
        self._code = self._code if report.good else FOUND

    def end(self) -> int:
        """Print what closes the document, and tell the exit code."""
        if self._form == "json":
            sys.stdout.write("[]\n" if self._between == "[\n" else "\n]\n")
        return self._code


def parsed(text: str) -> ImageReport:
    """What the name alone says."""
    try:
        return ImageReport(text, ImageRef.parse(text))
    except InvalidImageError as error:
        return ImageReport(text, str(error))
