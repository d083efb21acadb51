"""The cache on disk: files named by the digest of their bytes, which is checked at every read."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.core.image import is_digest
from webhook.errors import InputError
from webhook.registry.content import digest_of

if TYPE_CHECKING:
    from webhook.registry.cache import Pinned

_FOLDER = "cocket-1"
"""Changed with the form of the files."""
_MAX_FILE = 8 * 1024 * 1024
_KEPT_SHARE = 0.8
_MAX_NOTE = 4096


class Disk:
    """Manifests and configs by digest, and notes of which repository served which digest.

    A file whose bytes have another digest than its name is removed and was never there. Trouble
    with the disk is never trouble with an image: what cannot be read is asked for, what cannot be
    written is not kept. All methods block; call them from a thread.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Use a subfolder of `folder`, made here and closed to others.

        Raises:
            InputError: it cannot be made, or others may write in it.
        """
        self._folder = folder / _FOLDER
        self._max_bytes = max_bytes
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self._folder.lstat()
        except OSError as error:
            raise InputError(f"--cache-dir {folder}: {error.strerror}") from error
        others = stat.S_IWGRP | stat.S_IWOTH
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if not ours or status.st_mode & others:
            raise InputError(
                f"--cache-dir {folder}: {self._folder} must be a folder of your own, "
                "and nobody else may write in it"
            )
        self._bytes = sum(size for _, size, _ in self._files())

    def blob(self, digest: str) -> bytes | None:
        """Bytes with this digest, or None."""
        path = self._path(digest)
        body = self._read(path, _MAX_FILE)
        if body is not None and digest_of(body, digest.partition(":")[0]) != digest:
            path.unlink(missing_ok=True)
            return None
        return body

    def keep(self, digest: str, body: bytes) -> None:
        """Keep bytes whose digest was compared."""
        self._write(self._path(digest), body)

    def media_type(self, image: Pinned) -> str | None:
        """As what this repository once served this digest; None where it never did."""
        text = self._read(self._note(image), _MAX_NOTE)
        lines = [] if text is None else text.decode("utf-8", "replace").split("\n")
        return (
            lines[1] if len(lines) == len(("name", "type")) and lines[0] == _name(image) else None
        )

    def note(self, image: Pinned, media_type: str) -> None:
        """Remember that this repository serves this digest."""
        self._write(self._note(image), f"{_name(image)}\n{media_type}".encode("utf-8", "replace"))

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise ValueError(digest)
        return self._folder / digest.replace(":", "-")

    def _note(self, image: Pinned) -> Path:
        return self._folder / f"note-{hashlib.sha256(_name(image).encode()).hexdigest()}"

    def _read(self, path: Path, limit: int) -> bytes | None:
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123
                body = file.read(limit + 1)
            os.utime(path)  # used now: goes last when room is needed
        except OSError:
            return None
        return body if len(body) <= limit else None

    def _write(self, path: Path, body: bytes) -> None:
        """All of it or nothing: another process may read at any moment."""
        if path.exists():
            return
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(body)
            Path(file.name).replace(path)
        except OSError:
            return
        self._bytes += len(body)
        if self._bytes > self._max_bytes:
            self._sweep()

    def _sweep(self) -> None:
        """Remove what was not used for longest."""
        files = sorted(self._files())
        self._bytes = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._bytes <= self._max_bytes * _KEPT_SHARE:
                return
            path.unlink(missing_ok=True)
            self._bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of every file."""
        found: list[tuple[float, int, Path]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                found.append((status.st_mtime, status.st_size, Path(entry.path)))
        return found


def _name(image: Pinned) -> str:
    return f"{image.host}/{image.repository}@{image.digest}"
