"""`cocket registry clean`: which manifests of a registry nobody needs, and their deletion."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from webhook.cli.options import READABLE, docker_config_option, policy_option

if TYPE_CHECKING:
    from collections.abc import Sequence

_AGE = re.compile(r"([1-9][0-9]{0,4})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}

_EPILOG = """\b
Examples:
  cocket registry clean registry.example.com/preprod
  cocket registry clean prod --policy registries.yaml --context prod-eu \\
    --context prod-us --older-than 180d --keep 20 --keep-tag 'v*'
  cocket registry clean prod --policy registries.yaml --context prod --delete

\b
Kept are, image by image: what a cluster uses or used of late (its ImageFacts),
what is younger than --older-than or does not say how old it is, the --keep
newest of each repository, and what a tag of --keep-tag names; with each its
platforms and what is attached to it. Manifests that no tag leads to are seen
where the registry lists them, as Google's do; the others list tags alone. The
registry frees the space when it collects its garbage.

\b
Exit code:
  0  it was reported, or deleted
  1  nothing was deleted: no cluster was named, one has no record of what it
     uses, or nobody said yes
  2  wrong arguments, or a file that cannot be read
  3  a registry or a cluster did not answer: nothing was decided there
"""


class Age(click.ParamType[timedelta]):
    """`36h`, `90d` or `12w`."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read the text; raises click.BadParameter."""
        if isinstance(value, timedelta):
            return value
        found = _AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not written as 36h, 90d or 12w", param, ctx)
        return timedelta(hours=int(found[1]) * _HOURS[found[2]])


@click.group(
    epilog="""\b
Examples:
  cocket registry clean registry.example.com/preprod
"""
)
def registry() -> None:
    """Look after a registry."""


@registry.command(epilog=_EPILOG)
@click.argument("registry", metavar="REGISTRY")
@policy_option
@docker_config_option
@click.option(
    "--older-than",
    type=Age(),
    default="90d",
    show_default=True,
    metavar="AGE",
    help="Since it was built, as its config says: 36h, 90d, 12w.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=0, max=10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="Of each repository, so many of the newest.",
)
@click.option(
    "--keep-tag", "keep_tags", multiple=True, metavar="PATTERN", help="As in 'v*'. Repeatable."
)
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="PATH",
    help="Only this one; where the registry tells no catalog. Repeatable.",
)
@click.option(
    "--context",
    "contexts",
    multiple=True,
    metavar="NAME",
    help="Context of a cluster that pulls from here. Repeatable: name all of them.",
)
@click.option("--kubeconfig", type=READABLE, metavar="FILE", help="With these contexts.")
@click.option("--delete", "deletes", is_flag=True, help="Delete what is listed. Needs --context.")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.option("-q", "--quiet", is_flag=True, help="No notes and no progress on standard error.")
def clean(
    *,
    registry: str,
    policy_files: Sequence[Path],
    docker_config: Path | None,
    older_than: timedelta,
    keep: int,
    keep_tags: Sequence[str],
    repositories: Sequence[str],
    contexts: Sequence[str],
    kubeconfig: Path | None,
    deletes: bool,
    yes: bool,
    form: Literal["table", "json"],
    quiet: bool,
) -> None:
    """Report the manifests of REGISTRY that nobody needs; with --delete, delete them.

    REGISTRY is the name of a Registry in --policy, or host[:port][/path].
    """
    # Imported here: `cocket registry --help` needs none of it.
    from webhook.cli.cleaning import Wanted, run  # noqa: PLC0415

    wanted = Wanted(
        registry=registry,
        policies=tuple(policy_files),
        older_than=older_than,
        keep=keep,
        keep_tags=tuple(keep_tags),
        repositories=tuple(repositories),
        contexts=tuple(contexts),
        docker_config=docker_config,
        kubeconfig=kubeconfig,
        deletes=deletes,
        yes=yes,
    )
    sys.exit(run(wanted, form=form, quiet=quiet))
