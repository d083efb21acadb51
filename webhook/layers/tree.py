"""The file system that layers make when a runtime lays one over the other, as far as was read.

Layers are read from the top, so that the lowest may still be missing: what those could change is
`UNSETTLED` then, and never a guess.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.contents import Package
from webhook.layers.layer import Entry, Packages, What
from webhook.layers.paths import join, parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.layers.layer import Layer

MAX_LINKS = 40
"""Links that one path is followed through: Linux follows as many (path_resolution(7))."""
_PLAIN = Entry(What.FILE)
_FOLDER = Entry(What.FOLDER)


class Nowhere(Enum):
    """Why a path leads to no file."""

    ABSENT = "absent"
    UNSETTLED = "unsettled"
    """Layers that were not read may have it."""
    LOOP = "loop"


ABSENT, UNSETTLED, LOOP = Nowhere.ABSENT, Nowhere.UNSETTLED, Nowhere.LOOP


class Found(msgspec.Struct, frozen=True):
    """A file or a folder, and where it really is."""

    path: str
    """Below the root, without links on the way."""
    entry: Entry


Lookup: TypeAlias = Found | Nowhere


class Tree:
    """The names of an image."""

    def __init__(self, layers: Sequence[Layer], *, complete: bool) -> None:
        """Lay the layers over each other.

        Args:
            layers: from the top down.
            complete: whether no layer is below them.
        """
        self.complete = complete
        self._entries: dict[str, Entry] = {}
        self._others: set[int] = set()
        self._systems: dict[str, str] = {}
        self._databases: dict[str, Packages] = {}
        self._loose = False
        """Whether some name's folder may be a link of a layer that was not read."""
        for layer in reversed(layers):
            self._lay(layer)

    def lookup(self, path: str) -> Lookup:
        """What a path leads to, links followed within the root (a chroot's view)."""
        todo = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        at = ""
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                at = parent(at)
                continue
            here = join(at, part)
            entry = self._entry(here)
            if isinstance(entry, Nowhere):
                return entry
            if entry.what is What.LINK:
                links += 1
                if links > MAX_LINKS:
                    return LOOP
                if entry.target.startswith("/"):
                    at = ""
                parts = entry.target.split("/")
                todo += [one for one in reversed(parts) if one not in {"", "."}]
            elif todo and entry.what is not What.FOLDER:
                return ABSENT
            else:
                at = here
        return Found(at, self._entries.get(at, _FOLDER))

    def system(self) -> str | Nowhere:
        """The text of the image's os-release file (os-release(5): the first of two places)."""
        for place in ("etc/os-release", "usr/lib/os-release"):
            found = self.lookup(place)
            if found is UNSETTLED:
                return UNSETTLED
            if isinstance(found, Found) and found.path in self._systems:
                return self._systems[found.path]
        return ABSENT if self.complete else UNSETTLED

    def databases(self) -> dict[str, Packages]:
        """The package databases that there are, by path."""
        return self._databases

    def names(self) -> Iterable[tuple[str, Entry]]:
        """Every name that is remembered."""
        return self._entries.items()

    def _entry(self, path: str) -> Entry | Nowhere:
        entry = self._entries.get(path)
        if entry is not None and (self.complete or not self._loose):
            return entry
        if self.complete:
            return _PLAIN if hash(path) in self._others else ABSENT
        return UNSETTLED

    # ------------------------------------------------------------------ laying one over another

    def _lay(self, layer: Layer) -> None:
        """Lay one layer over those that are there.

        All that it takes away goes in one pass: a hostile layer could take a hundred thousand
        names away one by one.
        """
        if self._entries:
            hidden = set(array("q", layer.others)) if layer.others else set()
            gone = {self._real(path) for path in layer.removed}
            gone.update(path for path in self._entries if hash(path) in hidden)
            for path, entry in layer.entries.items():
                old = self._entries.get(path)
                if entry.what is not What.FOLDER and old is not None and old.what is What.FOLDER:
                    gone.add(path)
            self._remove(gone, {self._real(folder) for folder in layer.emptied})
        # A file of a lower layer may still be counted here when its folder was taken away: what
        # was said to be no program is said to be missing then, or the other way round.
        self._others.update(array("q", layer.others))
        for path, entry in layer.entries.items():
            self._put(self._real(path), entry, layer)
        for path, text in layer.systems.items():
            self._systems[self._real(path)] = text
        for path, database in layer.databases.items():
            self._databases[self._real(path)] = database

    def _put(self, path: str, entry: Entry, layer: Layer) -> None:
        if entry.what is not What.FOLDER:
            self._systems.pop(path, None)
            self._databases.pop(path, None)
        if entry.what is What.HARD:
            entry = self._same_as(path, entry, layer)
        self._entries[path] = entry
        above = parent(path)
        while above and above not in self._entries:
            # Runtimes make the folders that no entry names.
            self._loose = True
            self._entries[above] = _FOLDER
            above = parent(above)

    def _same_as(self, path: str, entry: Entry, layer: Layer) -> Entry:
        """The file that a hard link is a second name of."""
        target = self._real(entry.target)
        for texts in (self._systems, layer.systems):
            if target in texts:
                self._systems[path] = texts[target]
        for databases in (self._databases, layer.databases):
            if target in databases:
                self._databases[path] = databases[target]
        found = self._entries.get(target, layer.entries.get(entry.target))
        if found is None or found.what is What.HARD:
            self._loose = True
            return _PLAIN if self.complete else Entry(What.ODD)
        return found

    def _real(self, path: str) -> str:
        """Where a name of a layer lands: the links among its folders are followed."""
        folder, slash, name = path.rpartition("/")
        if not slash or self._entries.get(folder, _PLAIN).what is What.FOLDER:
            # A folder that is one has only such folders above it: see `_put`.
            return path
        complete, self.complete = self.complete, True
        loose, self._loose = self._loose, False
        found = self.lookup(folder)
        self.complete, self._loose = complete, loose
        if isinstance(found, Found) and found.entry.what is What.FOLDER:
            return join(found.path, name)
        return path

    def _remove(self, gone: set[str], emptied: set[str]) -> None:
        """Take paths away with all below them, and all below the emptied folders."""
        if not gone and not emptied:
            return
        for held in (self._entries, self._systems, self._databases):
            for path in [path for path in held if _covered(path, gone, emptied)]:
                del held[path]


def _covered(path: str, gone: set[str], emptied: set[str]) -> bool:
    if path in gone:
        return True
    above = path
    while above:
        above = parent(above)
        if above in gone or above in emptied:
            return True
    return False


def package_list(databases: Iterable[Packages]) -> tuple[str, tuple[Package, ...], str]:
    """All packages of an image: kind of the databases, packages by name, what was not read."""
    packages: set[Package] = set()
    kinds: set[str] = set()
    problems: set[str] = set()
    for database in databases:
        kinds.add(database.kind)
        packages.update(database.packages)
        if database.problem:
            problems.add(database.problem)
    ordered = sorted(packages, key=lambda one: (one.name, one.version, one.architecture))
    return ", ".join(sorted(kinds)), tuple(ordered), "; ".join(sorted(problems))
