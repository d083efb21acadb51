"""What `cocket registry clean` does: ask clusters, read, decide, report, ask, delete."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec
from msgspec.structs import replace

from webhook.clean.decision import Plan, Terms, decide
from webhook.clean.inventory import take_inventory
from webhook.clean.report import cleaned_json, cleaned_table, sum_line
from webhook.cli import complain
from webhook.cli.clusters_asked import NoProof, in_use_now
from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.cli.policies import load_registries
from webhook.cli.registry_client import open_registry_client
from webhook.cli.terminal import progress
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.errors import RegistryError
from webhook.promote.destination import target_registry
from webhook.registry.deletion import ACTIONS, delete_manifest
from webhook.registry.lists import contents_of, repositories_of
from webhook.registry.realm import RepositoryAccess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.clean.inventory import Inventory
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
    in_use = await in_use_now(wanted.kubeconfig, wanted.contexts)
    if isinstance(in_use, NoProof):
        complain(in_use.why)
        return in_use.code
    terms = Terms(
        now=datetime.now(UTC),
        older_than=wanted.older_than,
        keep=wanted.keep,
        keep_tags=wanted.keep_tags,
        in_use=in_use,
    )
    try:
        async with open_registry_client(wanted.docker_config, writes=wanted.deletes) as client:
            inventories = await _inventories(client, registry, wanted, quiet=quiet)
            plans = [decide(inventory, terms) for inventory in inventories]
            click.echo(cleaned_json(plans) if form == "json" else cleaned_table(plans), nl=False)
            if not quiet:
                click.echo(sum_line(plans, clusters=len(wanted.contexts)), err=True)
            if not wanted.deletes or not any(plan.doomed for plan in plans):
                return GOOD
            if not wanted.yes and not _agreed(plans, registry):
                complain("nothing was deleted: nobody said yes")
                return FOUND
            deleting = Deleting(client, registry, wanted, terms)
            try:
                return await deleting.all(inventories, plans)
            finally:
                if not quiet:
                    click.echo(deleting.told(), err=True)
    except RegistryError as error:
        complain(str(error))
        return UNDECIDED


async def _inventories(
    client: RegistryClient, registry: Registry, wanted: Wanted, *, quiet: bool
) -> list[Inventory]:
    names = [f"{registry.prefix}{one}" for one in wanted.repositories]
    if not names:
        catalog = await client.access(ImageRef(registry.host, ""), registry)
        names = await repositories_of(catalog, registry.prefix)
    found: list[Inventory] = []
    shown = not quiet and sys.stderr.isatty()
    for name in names:
        access = await client.access(ImageRef(registry.host, name), registry)
        listing = await contents_of(access)
        with progress(len(listing.tags), shown=shown, what=f"Reading {name}") as step:
            found.append(await take_inventory(access, listing, step))
    return found


def _agreed(plans: Sequence[Plan], registry: Registry) -> bool:
    if not sys.stdin.isatty():
        return False
    count = sum(len(plan.doomed) for plan in plans)
    where = printable(registry.location, 300)
    return click.confirm(f"Delete {count} manifests from {where}, for ever?", err=True)


class Deleting:
    """Deletes what was shown, as far as nobody uses it at that moment either."""

    def __init__(
        self, client: RegistryClient, registry: Registry, wanted: Wanted, terms: Terms
    ) -> None:
        """Nothing is deleted yet."""
        self._client = client
        self._registry = registry
        self._wanted = wanted
        self._terms = terms
        self._done = 0
        self._spared = 0

    async def all(self, inventories: Sequence[Inventory], plans: Sequence[Plan]) -> int:
        """Delete in the order of the plans; the first refusal ends it. Gives the exit code.

        Reading a registry and making up one's mind takes minutes, in which somebody deploys: the
        clusters are asked again before each repository.

        Raises:
            RegistryError: something was not deleted.
        """
        for inventory, plan in zip(inventories, plans, strict=True):
            if not plan.doomed:
                continue
            in_use = await in_use_now(self._wanted.kubeconfig, self._wanted.contexts)
            if isinstance(in_use, NoProof):
                complain(f"nothing more is deleted: {in_use.why}")
                return in_use.code
            still = decide(inventory, replace(self._terms, in_use=in_use))
            free = {one.digest for one in still.doomed}
            access = await self._client.access(
                ImageRef(self._registry.host, plan.repository),
                self._registry,
                RepositoryAccess(actions=ACTIONS),
            )
            for doomed in plan.doomed:
                if doomed.digest in free:
                    self._done += await delete_manifest(access, doomed.digest)
                else:
                    self._spared += 1
        return GOOD

    def told(self) -> str:
        """The last line for people."""
        spared = f"; {self._spared} are in use by now, or needed by what is, and stay"
        return f"{self._done} manifests were deleted{spared if self._spared else ''}"
