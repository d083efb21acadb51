"""`cocket promote`: copy an image to another registry, checked before, by digest, with evidence."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from webhook.cli.options import READABLE, docker_config_option, policy_option

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\b
Examples:
  cocket promote registry.example.com/preprod/web@sha256:… --to prod \\
    --policy production.yaml
  cocket promote ghcr.io/acme/web@sha256:… --to registry.example.com/prod \\
    --tag 1.1 --tag stable
  cocket promote --resolve registry.example.com/preprod/web:118 --to prod \\
    --policy production.yaml --key promotion.pem > image.txt

Where to: the beginning of the name is changed, the path below it stays. Where
`host` of Registry prod is registry.example.com/prod, and `promotesFrom` names
registry.example.com/preprod, preprod/shop/web there becomes prod/shop/web.

Logins, for each of both registries: what its Registry says, else your own, as
`docker login` and its credential helpers keep them.

Output: the name to deploy, registry/repository[:tag]@digest. Promoting again
changes nothing.

Evidence: a statement (in-toto) of who promoted what, when, from where and from
which build is attached to the image; with --key it is signed, and rule
`promotion` can ask for it. The build is read from BUILD_URL, BUILD_NUMBER and
GIT_COMMIT, or what GitLab and GitHub call them.

\b
Exit code:
  0  the image is in the other registry, whole
  1  a policy refuses it: nothing was copied
  2  wrong arguments, or a file that cannot be read
  3  a registry did not do what was asked; run it again, what went already
     does not go twice
"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="SOURCE@DIGEST")
@click.option(
    "--to",
    required=True,
    metavar="REGISTRY",
    help="The name of a Registry in --policy, or host[:port][/path].",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Set this tag as well. Repeatable."
)
@policy_option
@docker_config_option
@click.option(
    "--resolve",
    "may_resolve",
    is_flag=True,
    help="Let SOURCE be a tag, and promote what it points to now.",
)
@click.option(
    "--repository",
    default="",
    metavar="PATH",
    help="The path below the target's prefix, in place of that of SOURCE.",
)
@click.option(
    "--key",
    "key_file",
    type=READABLE,
    metavar="FILE",
    help="A private key (PEM) that signs the evidence; COCKET_KEY_PASSWORD opens it.",
)
@click.option("--no-evidence", is_flag=True, help="Attach no evidence.")
@click.option("--by", default="", metavar="NAME", help="Who promotes, in the evidence.")
@click.option("--build-url", default="", metavar="URL", help="Of the build, in the evidence.")
@click.option("--build-number", default="", metavar="TEXT", help="Likewise.")
@click.option("--commit", default="", metavar="TEXT", help="Likewise.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text: the name to deploy, alone.",
)
@click.option("-q", "--quiet", is_flag=True, help="No notes and no progress on standard error.")
def promote(
    *,
    source: str,
    to: str,
    tags: Sequence[str],
    policy_files: Sequence[Path],
    docker_config: Path | None,
    may_resolve: bool,
    repository: str,
    key_file: Path | None,
    no_evidence: bool,
    by: str,
    build_url: str,
    build_number: str,
    commit: str,
    form: Literal["text", "json"],
    quiet: bool,
) -> None:
    """Copy the image SOURCE@DIGEST to REGISTRY, without changing a byte.

    It is checked first: every rule of the policies in --policy that looks at the image itself must
    let it pass (without any policy, those of the built-in one). Manifests, configs, layers and what
    is attached to them (signatures, attestations) are copied by digest and compared with it on the
    way; an image for several platforms goes as a whole; what is there already is not sent.
    """
    # Imported here: `cocket promote --help` needs none of it. A fifth of the time that it takes
    # would be a search for garbage, of which there is none: what modules make stays to the end.
    gc.disable()
    from webhook.cli.promoting import Wanted, run  # noqa: PLC0415

    gc.freeze()
    gc.enable()

    wanted = Wanted(
        source=source,
        to=to,
        tags=tuple(tags),
        policies=tuple(policy_files),
        resolve=may_resolve,
        repository=repository,
        docker_config=docker_config,
        key_file=key_file,
        evidence=not no_evidence,
        by=by,
        build_url=build_url,
        build_number=build_number,
        commit=commit,
    )
    sys.exit(run(wanted, form=form, quiet=quiet, terminal=sys.stderr.isatty()))
