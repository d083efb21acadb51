"""Policies, Registries and exceptions from the files of `--policy`."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webhook.cli import MAX_MESSAGE
from webhook.core import resources
from webhook.core.printable import printable
from webhook.errors import InvalidPolicyError
from webhook.manifests import read_documents
from webhook.registry.credentials import load_keyring
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from webhook.core.policy import PolicySet
    from webhook.core.registries import Registries

HOWEVER_LONG = 1_000_000
"""Days of an exception, where none counts: its length is a matter of the command that asks it."""


def to_stderr(warning: str) -> None:
    """Show what the author of a policy should look at."""
    # It begins with the name of a file, which a stranger may have chosen.
    click.echo(f"warning: {printable(warning, MAX_MESSAGE)}", err=True)


def load_policies(
    files: Sequence[Path],
    warn: Callable[[str], None] = to_stderr,
    *,
    max_exception_days: int = Settings().max_exception_days,
) -> PolicySet:
    """The policies of all files as one whole, or the built-in policy `default` without any file.

    Args:
        files: of YAML or JSON; policies of one may use Registries of another.
        warn: takes what can be used and is probably a mistake.
        max_exception_days: how long an exception lasts at most; a longer one cannot be used.

    Raises:
        InputError: a file cannot be read, or a document in it cannot be used, or there is no
            policy among them: Registries alone check nothing.
    """
    if not files:
        return resources.default_policies().policies
    loaded = resources.load_policies(
        chain.from_iterable(map(read_documents, files)),
        max_exception_days=max_exception_days,
        now=datetime.now(UTC),
    )
    for warning in (*loaded.warnings, *_credential_warnings(loaded.policies.registries)):
        warn(warning)
    return loaded.policies


def _credential_warnings(registries: Registries) -> Iterator[str]:
    """Files of credentials that cannot be used now; every image would be `unauthorized`.

    No error: they may be mounted later, and the machine that checks manifests may have none.
    """
    for registry in registries.all:
        if registry.docker_config_file:
            try:
                load_keyring(Path(registry.docker_config_file))
            except InvalidPolicyError as error:
                yield f"Registry {registry.name}: spec.credentials.dockerConfigFile: {error}"


def load_registries(files: Sequence[Path]) -> Registries:
    """The Registries of all files; what else is among them is read, and decides nothing here.

    Raises:
        InputError: as `load_policies`, but Registries may stand alone.
    """
    return load_settings(files).registries


def load_settings(files: Sequence[Path]) -> PolicySet:
    """What stands in all files, where nothing is judged.

    Raises:
        InputError: as `load_policies`, but Registries may stand alone.
    """
    documents = chain.from_iterable(map(read_documents, files))
    return resources.load_policies(
        documents,
        policy_required=False,
        max_exception_days=HOWEVER_LONG,
        now=datetime.now(UTC),
    ).policies
