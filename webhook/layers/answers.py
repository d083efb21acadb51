"""What an image's file system answers: its system, its packages, what its PID 1 leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

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


def answers(tree: Tree, config: ImageConfig, *, path: str, folder: str) -> Looked | None:
    """The answers; None where a layer that was not read yet may change them.

    Args:
        tree: the image's names.
        config: of the platform.
        path: its variable PATH.
        folder: where its programs start.
    """
    files = Programs(tree, architecture=config.architecture, path=path, folder=folder)
    argv = effective(config.entrypoint, config.cmd, (), ())
    text = tree.system()
    if text is UNSETTLED or not _listed(tree):
        return None
    try:
        look(argv, (), files)
        for shell in _SHELLS:
            files.find(shell)
        inits = files.inits()
    except UnsettledError:
        return None
    databases = tree.databases()
    kind, packages, problem = package_list(databases.values())
    asked = [one for one in files.asked.values() if _tells(one)]
    inside = Inside(
        system=system_of(text if isinstance(text, str) else None, databases=databases),
        programs=tuple(asked[:MAX_PROGRAMS]),
        inits=inits,
        folders=files.folders,
        packages=len(packages),
        source="layers",
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
