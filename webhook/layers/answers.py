"""What an image's file system answers: its system, its packages, what its PID 1 leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.argv import effective
from webhook.core.contents import Package
from webhook.core.inside import Inside, Program
from webhook.core.process import look
from webhook.layers.programs import Programs, UnsettledError
from webhook.layers.system import system_of
from webhook.layers.tree import UNSETTLED, Found, package_list

if TYPE_CHECKING:
    from webhook.core.facts import ImageConfig
    from webhook.layers.tree import Tree

MAX_PROGRAMS = 24
"""Programs that are remembered of one platform."""
_LISTS = ("var/lib/dpkg/status", "lib/apk/db/installed", "rpmdb.sqlite", "Packages", "Packages.db")
_SHELLS = ("/bin/sh", "sh")


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """All that was learned about one platform of an image."""

    inside: Inside
    kind: str = ""
    """Of its package databases: `deb`, `apk`, `rpm`, `alpm`."""
    packages: tuple[Package, ...] = ()
    problem: str = ""
    """A clause: which packages could not be listed, and why."""


def answers(
    tree: Tree, config: ImageConfig, *, path: str, folder: str, known: Looked | None = None
) -> Looked | None:
    """The answers; None where a layer that was not read yet may change them.

    Args:
        tree: the image's names.
        config: of the platform.
        path: its variable PATH.
        folder: where its programs start.
        known: what an SBOM says of the system and the packages; layers are not asked for them.
    """
    files = Programs(tree, architecture=config.architecture, path=path, folder=folder)
    argv = effective(config.entrypoint, config.cmd, (), ())
    text = tree.system()
    if known is None and (text is UNSETTLED or not _listed(tree)):
        return None
    try:
        look(argv, (), files)
        for shell in _SHELLS:
            files.find(shell)
        inits = files.inits()
    except UnsettledError:
        return None
    asked = [one for one in files.asked.values() if _tells(one)]
    told = known or _contents(tree, text if isinstance(text, str) else None)
    inside = replace(
        told.inside, programs=tuple(asked[:MAX_PROGRAMS]), inits=inits, folders=files.folders
    )
    return replace(told, inside=inside)


def _contents(tree: Tree, text: str | None) -> Looked:
    """What the layers say of the system and the packages."""
    databases = tree.databases()
    kind, packages, problem = package_list(databases.values())
    inside = Inside(
        system=system_of(text, databases=databases), packages=len(packages), source="layers"
    )
    return Looked(inside=inside, kind=kind, packages=packages, problem=problem)


def _listed(tree: Tree) -> bool:
    """Whether no layer below could add to the packages."""
    if tree.complete:
        return True
    whole = [path for path in tree.databases() if path.endswith(_LISTS)]
    return bool(whole) and all(isinstance(tree.lookup(path), Found) for path in whole)


def _tells(program: Program) -> bool:
    """Whether it is worth remembering: a shell that is not there is not."""
    return program.word not in _SHELLS or bool(program.path)
