"""Policies and Registries from the files of `--policy`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import click

from webhook.core import resources
from webhook.manifests import read_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from webhook.core.policy import PolicySet
    from webhook.core.registries import Registries


def to_stderr(warning: str) -> None:
    """Show what the author of a policy should look at."""
    click.echo(f"warning: {warning}", err=True)


def load_policies(files: Sequence[Path], warn: Callable[[str], None] = to_stderr) -> PolicySet:
    """The policies of all files as one whole, or the built-in policy `default` without any file.

    Args:
        files: of YAML or JSON; policies of one may use Registries of another.
        warn: takes what can be used and is probably a mistake.

    Raises:
        InputError: a file cannot be read, or a document in it cannot be used, or there is no
            policy among them: Registries alone check nothing.
    """
    if not files:
        return resources.default_policies().policies
    loaded = resources.load_policies(chain.from_iterable(map(read_documents, files)))
    for warning in loaded.warnings:
        warn(warning)
    return loaded.policies


def load_registries(files: Sequence[Path]) -> Registries:
    """The Registries of all files; policies among them are read, and decide nothing here.

    Raises:
        InputError: as `load_policies`, but Registries may stand alone.
    """
    documents = chain.from_iterable(map(read_documents, files))
    return resources.load_policies(documents, policy_required=False).policies.registries
