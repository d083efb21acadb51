"""Who we are: credentials as values, and the Docker config file that they come from."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.printable import printable
from webhook.errors import InvalidPolicyError
from webhook.registry.keyring import Keyring, key_of
from webhook.registry.strict import StrictJSONError, encodable, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_FILE = 1024 * 1024
"""Bytes of a Docker config file; a Secret holds no more either."""
_VISIBLE = re.compile(r"[\x21-\x7e]+", re.ASCII)


class Anonymous(msgspec.Struct, frozen=True):
    """Nobody: the last that is tried, and the first where nothing fits."""


class Basic(msgspec.Struct, frozen=True):
    """A user name and a password, or an access token in its place."""

    user: str
    password: str

    def header(self) -> str:
        """Value of `Authorization` (RFC 7617, in UTF-8)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def __repr__(self) -> str:
        """Without the password."""
        return f"Basic(user={self.user!r}, password=…)"


class IdentityToken(msgspec.Struct, frozen=True):
    """A refresh token for the registry's token service (Docker's `identitytoken`)."""

    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return "IdentityToken(…)"


class RegistryToken(msgspec.Struct, frozen=True):
    """A bearer token for the registry itself (Docker's `registrytoken`)."""

    token: str

    def header(self) -> str:
        """Value of `Authorization` (RFC 6750)."""
        return f"Bearer {self.token}"

    def __repr__(self) -> str:
        """Without the token."""
        return "RegistryToken(…)"


Credential: TypeAlias = Anonymous | Basic | IdentityToken | RegistryToken


class Held(msgspec.Struct, frozen=True):
    """A credential, and whose it is: for the sentence that says that it was refused."""

    credential: Credential
    source: str
    """`the pull secret shop/regcred`; empty for nobody's."""


Secrets: TypeAlias = Callable[[str], bytes | None]
"""From the name of a Secret to the docker config in it, at once; None: none of that type is there.
Given by whoever knows a cluster, for its own namespace only."""


def load_keyring(path: Path) -> Keyring[Credential]:
    """Read a Docker config file: `config.json`, or the content of a pull secret.

    Raises:
        InvalidPolicyError: it cannot be read; the message names the file and the field, and holds
            nothing of what stands in it.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_FILE + 1)
    except OSError as error:
        raise InvalidPolicyError(f"{path}: cannot be read: {error.strerror}") from error
    if len(body) > MAX_FILE:
        raise InvalidPolicyError(f"{path}: longer than {MAX_FILE} bytes: no Docker config file")
    try:
        return read_keyring(body)
    except InvalidPolicyError as error:
        raise InvalidPolicyError(f"{path}: {error}") from error


def read_keyring(body: bytes) -> Keyring[Credential]:
    """Read the text of a Docker config file, with or without the outer `auths`.

    Credential helpers (`credsStore`, `credHelpers`) are programs of somebody's machine and are
    never run; a file that has nothing else is refused, because it would read as «no credentials».

    Raises:
        InvalidPolicyError: the message names the field.
    """
    try:
        found = load(body)
    except StrictJSONError as error:
        raise InvalidPolicyError(f"no Docker config file: {error}") from error
    if not isinstance(found, dict):
        raise InvalidPolicyError("no Docker config file: it is no JSON object")
    helpers = "credsStore" in found or "credHelpers" in found
    # A secret of type kubernetes.io/dockercfg is the inner map alone.
    auths = found.get("auths", {}) if helpers or "auths" in found else found
    if not isinstance(auths, dict):
        raise InvalidPolicyError("auths: must be an object")
    entries: dict[str, Credential] = {}
    for place, entry in auths.items():
        field = f"auths[{printable(ascii(place), 120)}]"
        key = key_of(place)
        if key is None:
            raise InvalidPolicyError(f"{field}: is no registry; write host[:port][/path]")
        credential = _credential(entry, field)
        if credential is not None:
            entries[key] = credential
    if helpers and not entries:
        raise InvalidPolicyError(
            "credsStore and credHelpers are programs, and no programs are run here: "
            "write user and password under auths"
        )
    return Keyring(entries)


def _credential(entry: object, field: str) -> Credential | None:
    """The most special kind that an entry has; None where it is empty, as helpers leave it."""
    if not isinstance(entry, dict):
        raise InvalidPolicyError(f"{field}: must be an object")
    if token := _text(entry, "registrytoken", field):
        return RegistryToken(_visible(token, f"{field}.registrytoken"))
    if token := _text(entry, "identitytoken", field):
        return IdentityToken(_visible(token, f"{field}.identitytoken"))
    if auth := _text(entry, "auth", field):
        return _decoded(auth, f"{field}.auth")
    user, password = _text(entry, "username", field), _text(entry, "password", field)
    if ":" in user:
        raise InvalidPolicyError(f"{field}.username: holds a colon, which no user name may")
    return Basic(user, password) if user else None


def _decoded(auth: str, field: str) -> Basic:
    """`user:password` in base64, with or without padding, as the kubelet reads it."""
    try:
        text = base64.b64decode(auth + "=" * (-len(auth) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise InvalidPolicyError(f"{field}: is no base64 of user:password") from error
    # Docker itself wrote NUL bytes behind some passwords.
    user, colon, password = text.rstrip("\0").partition(":")
    if not colon or not user:
        raise InvalidPolicyError(f"{field}: is no base64 of user:password")
    return Basic(user, password)


def _text(entry: Mapping[str, object], key: str, field: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or not encodable(value):
        raise InvalidPolicyError(f"{field}.{key}: must be a string")
    return value


def _visible(token: str, field: str) -> str:
    if not _VISIBLE.fullmatch(token):
        raise InvalidPolicyError(f"{field}: holds characters that no token has")
    return token
