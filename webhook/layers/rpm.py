"""rpm's package database in SQLite: a table of headers, one for each package."""

from __future__ import annotations

import sqlite3

from webhook.core.contents import Package
from webhook.layers.dpkg import MAX_PACKAGES
from webhook.layers.rpm_header import read_rpm_header
from webhook.layers.rpm_manifest import source_of

_MAX_HEADER = 4 * 1024 * 1024
"""Bytes of one package's header; the largest honest ones (kernels' file lists) have some 2 MB."""
_STEPS = 50_000_000
_EVERY = 1_000_000
_KEYS = "gpg-pubkey"
"""Keys that rpm keeps among the packages: no software."""


def read_rpm(body: bytes) -> list[Package]:
    """The installed packages of an `rpmdb.sqlite`, in the order of the database.

    The file is opened in memory, in SQLite's mode for files of strangers (`trusted_schema`, the
    defensive flags of sqlite.org/security.html), and for a bounded number of steps. Changes that
    are still in a write-ahead log are not seen: images are made by tools that close it.

    Raises:
        ValueError: it is no such database, or has more than anybody reads.
    """
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(_without_log(body))
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA query_only=ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_HEADER)
        return _packages(connection)
    except (sqlite3.Error, OverflowError) as error:
        raise ValueError(f"SQLite says: {error}") from error
    finally:
        connection.close()


def _without_log(body: bytes) -> bytes:
    """The file with its header saying that it has no write-ahead log (fileformat2, 1.3.3).

    In memory SQLite opens no file that says it has one.
    """
    return body[:18] + b"\x01\x01" + body[20:] if body[18:20] == b"\x02\x02" else body


def _packages(connection: sqlite3.Connection) -> list[Package]:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += _EVERY
        return int(steps > _STEPS)

    # A table of the name Packages may be a view that never ends.
    connection.set_progress_handler(count, _EVERY)
    found: list[Package] = []
    for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"):
        if not isinstance(blob, bytes):
            raise ValueError("a package's header is none")  # noqa: TRY004 - of the file, not of a caller
        header = read_rpm_header(blob)
        if header.name == _KEYS:
            continue
        version = f"{header.version}-{header.release}"
        if header.epoch is not None:
            version = f"{header.epoch}:{version}"
        found.append(
            Package(header.name, version, header.architecture, source_of(header.source_rpm))
        )
        if len(found) > MAX_PACKAGES:
            raise ValueError(f"it lists more than {MAX_PACKAGES} packages")
    return found
