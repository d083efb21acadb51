"""Public keys that stand in files: those whose signatures under attestations count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.keys import PublicKey, not_a_key, read_key
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_KEY_FILE = 64 * 1024


def public_keys(paths: Iterable[Path]) -> tuple[PublicKey, ...]:
    """The keys in these files, one in each.

    Raises:
        InputError: a file cannot be read, or holds no public key of a kind that counts.
    """
    return tuple(_key(path) for path in paths)


def _key(path: Path) -> PublicKey:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_KEY_FILE).decode(errors="replace")
    except OSError as error:
        raise InputError(f"--key {path}: cannot be read: {error.strerror}") from error
    key = read_key(text)
    if key is None:
        raise InputError(f"--key {path}: {not_a_key(text)}")
    return key
