"""Tests of policies on disk: which files hold them, and the world that a document describes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook.core import resources
from webhook.core.document import Document
from webhook.core.policy import NAMESPACE_NAME
from webhook.engine import Engine
from webhook.errors import InvalidObjectError
from webhook.manifests import find_files, read_file
from webhook.manifests.files import shown
from webhook.registry.given import read_facts
from webhook.trials.fields import PolicyTest
from webhook.trials.told import ToldSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

SUFFIX = "cocket-test.yaml"
"""What the names of the files end in that are read in folders."""


class Terms(msgspec.Struct, frozen=True):
    """How all documents of a run are read."""

    now: datetime
    """Aware; for documents that say no time."""
    max_days: int
    """How long an exception lasts at most."""
    warn: Callable[[str], None]
    """Takes what can be used and is probably a mistake."""


class World(msgspec.Struct, frozen=True):
    """What all tests of one document have in common."""

    test: PolicyTest
    document: Document
    folder: Path
    engine: Callable[[Mapping[str, Mapping[str, str]]], Engine]
    """Given the labels of Namespace objects beside those that are judged."""


def find_tests(path: str) -> list[Path]:
    """The file itself, or the tests in a folder and the folders in it.

    Raises:
        InputError: there is no such path, or no test under it.
    """
    place = Path(path)
    if not place.is_dir():
        return [place]
    found = [file for file in find_files(place) if is_test(file)]
    if not found:
        raise InvalidObjectError(
            f"{shown(place)}: no file in this folder or those in it has a name that ends in "
            f"{SUFFIX}, so nothing would be tested"
        )
    return found


def is_test(file: Path) -> bool:
    """Whether a file in a folder is taken for tests, and not for a policy."""
    return file.name.endswith(SUFFIX)


def read_world(test: PolicyTest, document: Document, folder: Path, terms: Terms) -> World:
    """Read the policies and facts that a document names, relative to `folder`, which is its own.

    Raises:
        InputError: a file cannot be read or used, or there is no policy in them.
    """
    at = test.now or terms.now
    files = [
        file
        for path in test.policies
        for file in find_files(folder / path)
        # The tests of the policies in a folder often lie beside them.
        if not is_test(file)
    ]
    loaded = resources.load_policies(
        (one for file in dict.fromkeys(files) for one in read_file(file)),
        max_exception_days=terms.max_days,
        now=at,
    )
    for warning in loaded.warnings:
        terms.warn(warning)
    policies = loaded.policies
    given = read_facts(folder / path for path in test.facts)
    try:
        source = ToldSource(test.images, given, policies.registries)
    except ValueError as error:
        raise InvalidObjectError(
            f"{document.where}: PolicyTest {test.name}: spec.images: two entries say different "
            f"things of {error}"
        ) from error

    def engine(found: Mapping[str, Mapping[str, str]]) -> Engine:
        def labels(namespace: str) -> Mapping[str, str] | None:
            # The test is the whole world: a namespace that it does not tell of has no labels.
            told = {**found.get(namespace, {}), **test.namespaces.get(namespace, {})}
            return {**told, NAMESPACE_NAME: namespace} if namespace else None

        return Engine(policies=lambda: policies, source=source, namespaces=labels, clock=lambda: at)

    return World(test, document, folder, engine)
