"""`cocket image`: what an image name means, and what its registry says."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from webhook.cli.exit_codes import FOUND, GOOD
from webhook.cli.image_page import TOGETHER, Page, parsed
from webhook.cli.names import names, standard_input
from webhook.cli.options import (
    READABLE,
    cache_option,
    docker_config_option,
    facts_option,
    offline_option,
    policy_option,
)
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from webhook.cli.image_page import Format
    from webhook.cli.looking import Look
    from webhook.cli.sources import Network
    from webhook.core.registries import Registries
    from webhook.registry.given import GivenFacts

_EPILOG = """\b
Examples:
  cocket image nginx:1.25
  cocket image -o json ghcr.io/acme/web@sha256:…
  cocket image --inside --platform linux/arm64 nginx:1.25
  cocket image --sbom cyclonedx nginx:1.25 > nginx.cdx.json
  cocket image --packages --key cosign.pub ghcr.io/acme/web:1.0
  cocket image --evidence --policy ci/policy.yaml ghcr.io/acme/web:1.0
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
    help="A public key (PEM) that signs attestations and evidence; without one, none is verified.",
)
@click.option(
    "--evidence",
    is_flag=True,
    help="Also list the evidence of promotions that is attached: who, when, from where, signed by "
    "which --key or key of rule promotion in --policy.",
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
    evidence: bool,
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
    listing = packages or sbom is not None
    into = inside or listing
    if (into or evidence) and offline:
        what = "Layers are" if into else "Evidence is"
        raise click.UsageError(f"{what} read over the network: leave --offline away.")
    if evidence and listing:
        raise click.UsageError("--evidence is about images: leave --packages and --sbom away.")
    if offline and not facts_files:
        page = Page(form)
        for text in texts:
            page.write(parsed(text))
        sys.exit(page.end())
    # Imported here: 100,000 names are parsed in less time than this takes.
    from webhook.cli.policies import load_settings  # noqa: PLC0415
    from webhook.cli.public_keys import public_keys  # noqa: PLC0415
    from webhook.cli.sources import Network  # noqa: PLC0415
    from webhook.registry.given import read_facts  # noqa: PLC0415

    settings = load_settings(policy_files)
    given = read_facts(facts_files)
    keys = public_keys(key_files)
    promoters = None
    if evidence:
        promoters = (*keys, *(key for rule in settings.promotion_rules for key in rule.keys))
    if into:
        from webhook.cli.looking import Look  # noqa: PLC0415

        look = Look(
            packages=packages,
            sbom=sbom or "",
            layers=layers,
            keys=keys,
            promoters=promoters,
            base=base,
            platform=platform,
            json=form != "table",
            patience=timeout,
            seconds=layers_timeout,
        )
        sys.exit(
            _look_into(
                texts,
                form,
                look,
                registries=settings.registries,
                given=given,
                cache_dir=cache_dir,
                docker_config=docker_config,
            )
        )
    if promoters is not None:
        from webhook.cli.promoted import look_up_promotions  # noqa: PLC0415

        page = Page(form)
        asyncio.run(
            look_up_promotions(
                (parsed(text) for text in texts),
                page,
                registries=settings.registries,
                given=given,
                cache_dir=cache_dir,
                docker_config=docker_config,
                keys=promoters,
                patience=timeout,
            )
        )
        sys.exit(page.end())
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
                texts,
                form,
                registries=settings.registries,
                given=given,
                network=network,
                patience=timeout,
            )
        )
    )


def _look_into(
    texts: Iterator[str],
    form: Format,
    look: Look,
    *,
    registries: Registries,
    given: GivenFacts,
    cache_dir: Path | None,
    docker_config: Path | None,
) -> int:
    from webhook.cli.looking import look_into  # noqa: PLC0415
    from webhook.cli.terminal import downloading  # noqa: PLC0415

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
    code = page.end() if not (look.packages or look.sbom) else GOOD
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
        while batch := list(islice(texts, TOGETHER)):
            asked = [describe(parsed(text), source, patience) for text in batch]
            for report in await asyncio.gather(*asked):
                page.write(report)
            sys.stdout.flush()
    return page.end()
