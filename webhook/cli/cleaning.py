"""What `cocket registry clean` does: ask clusters, read, decide, report, ask, delete."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from webhook.clean.decision import Plan, Terms, decide
from webhook.clean.inventory import take_inventory
from webhook.clean.report import cleaned_json, cleaned_table, sum_line
from webhook.cli import complain
from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.cli.policies import load_registries
from webhook.cli.registry_client import open_registry_client
from webhook.cli.terminal import progress
from webhook.cluster.digests_in_use import digests_in_use
from webhook.cluster.login import open_api
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.errors import ClusterError, RegistryError
from webhook.promote.destination import target_registry
from webhook.registry.deletion import ACTIONS, delete_manifest
from webhook.registry.lists import contents_of, repositories_of
from webhook.registry.realm import RepositoryAccess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.registries import Registry
    from webhook.registry.client import RegistryClient


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The command line."""

    registry: str
    policies: tuple[Path, ...]
    older_than: timedelta
    keep: int
    keep_tags: tuple[str, ...]
    repositories: tuple[str, ...]
    contexts: tuple[str, ...]
    docker_config: Path | None
    """Logins of the person who asks, for Registries that name none; None: nobody's."""
    kubeconfig: Path | None
    deletes: bool
    yes: bool


def run(wanted: Wanted, *, form: Literal["table", "json"], quiet: bool) -> int:
    """Report, delete if that is wanted and allowed, and tell the exit code.

    Raises:
        InputError: an argument or a file cannot be used.
    """
    registry = target_registry(wanted.registry, load_registries(wanted.policies), "")
    if wanted.deletes and not wanted.contexts:
        complain(
            "nothing is deleted without knowing what runs: name every cluster that pulls from "
            "here with --context"
        )
        return FOUND
    return asyncio.run(_clean(wanted, registry, form, quiet=quiet))


async def _clean(
    wanted: Wanted, registry: Registry, form: Literal["table", "json"], *, quiet: bool
) -> int:
    in_use: set[str] = set()
    for context in wanted.contexts:
        try:
            async with open_api(kubeconfig=wanted.kubeconfig, context=context) as api:
                used = await digests_in_use(api)
        except ClusterError as error:
            complain(f"cluster {context}: {error}")
            return UNDECIDED
        if not used:
            # An operator that does not run, or runs elsewhere, would let everything be deleted.
            complain(f"cluster {context} has no ImageFacts: does `cocket operate` run there?")
            return FOUND
        in_use |= used
    terms = Terms(
        now=datetime.now(UTC),
        older_than=wanted.older_than,
        keep=wanted.keep,
        keep_tags=wanted.keep_tags,
        in_use=frozenset(in_use),
    )
    try:
        async with open_registry_client(wanted.docker_config, writes=wanted.deletes) as client:
            plans = await _plans(client, registry, wanted, terms, quiet=quiet)
            click.echo(cleaned_json(plans) if form == "json" else cleaned_table(plans), nl=False)
            if not quiet:
                click.echo(sum_line(plans, clusters=len(wanted.contexts)), err=True)
            if not wanted.deletes or not any(plan.doomed for plan in plans):
                return GOOD
            if not wanted.yes and not _agreed(plans, registry):
                complain("nothing was deleted: nobody said yes")
                return FOUND
            await _delete(client, registry, plans, quiet=quiet)
    except RegistryError as error:
        complain(str(error))
        return UNDECIDED
    return GOOD


async def _plans(
    client: RegistryClient, registry: Registry, wanted: Wanted, terms: Terms, *, quiet: bool
) -> list[Plan]:
    names = [f"{registry.prefix}{one}" for one in wanted.repositories]
    if not names:
        catalog = await client.access(ImageRef(registry.host, ""), registry)
        names = await repositories_of(catalog, registry.prefix)
    plans: list[Plan] = []
    shown = not quiet and sys.stderr.isatty()
    for name in names:
        access = await client.access(ImageRef(registry.host, name), registry)
        listing = await contents_of(access)
        with progress(len(listing.tags), shown=shown, what=f"Reading {name}") as step:
            plans.append(decide(await take_inventory(access, listing, step), terms))
    return plans


def _agreed(plans: Sequence[Plan], registry: Registry) -> bool:
    if not sys.stdin.isatty():
        return False
    count = sum(len(plan.doomed) for plan in plans)
    where = printable(registry.location, 300)
    return click.confirm(f"Delete {count} manifests from {where}, for ever?", err=True)


async def _delete(
    client: RegistryClient, registry: Registry, plans: Sequence[Plan], *, quiet: bool
) -> None:
    """Delete in the order of the plans; the first refusal ends it.

    Raises:
        RegistryError: something was not deleted.
    """
    done = 0
    try:
        for plan in plans:
            access = await client.access(
                ImageRef(registry.host, plan.repository),
                registry,
                RepositoryAccess(actions=ACTIONS),
            )
            for doomed in plan.doomed:
                done += await delete_manifest(access, doomed.digest)
    finally:
        if not quiet:
            click.echo(f"{done} manifests were deleted", err=True)
