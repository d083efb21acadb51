"""A person's own Docker logins, with the credential helpers that hold them: on a workstation only.

Helpers are programs. Whoever runs `cocket check` runs his own; a process that serves a cluster
never imports this module (import-linter sees to it).
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import InvalidPolicyError, UnavailableError
from webhook.registry.credentials import MAX_FILE, Basic, Credential, Held, IdentityToken, login_of
from webhook.registry.strict import StrictJSONError, load

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII | re.IGNORECASE)
_TOKEN_USER = "<token>"
"""In place of a user name: the secret is an identity token (docker-credential-helpers)."""
_SECONDS = 20.0
"""A helper may ask its cloud, or a person for a finger."""
_MAX_REPLY = 64 * 1024
_ABSENT = "credentials not found"
"""What helpers print where they hold none for a place (docker-credential-helpers, errors.go)."""


class OwnLogins:
    """The logins of a Docker config file and its helpers; each helper is asked once for a place."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        """Nothing is read yet.

        Args:
            file: as `docker login` writes it; one that is not there holds no logins.
            environment: what helpers see; they are looked for in its `PATH`.
        """
        self._file = file
        self._environment = dict(environment)
        self._asked: dict[tuple[str, str], asyncio.Task[Credential | None]] = {}

    async def of(self, name: str) -> list[Held]:
        """The logins for an image, to be tried in turn.

        Args:
            name: registry and repository, without tag and digest.

        Raises:
            UnavailableError: the file or a helper cannot be used; the message names it, and holds
                nothing of what stands there.
        """
        shown = printable(str(self._file), 200)
        try:
            config = await asyncio.to_thread(_load, self._file)
            held = [Held(one, f"the login in {shown}") for one in login_of(config).lookup(name)]
        except InvalidPolicyError as error:
            raise UnavailableError(Reason.UNAUTHORIZED, f"{shown}: {error}") from error
        host = name.partition("/")[0]
        place = _HUB_KEY if host == _HUB else host
        helper = _helper(config, place)
        if helper is None:
            return held
        if not _NAME.fullmatch(helper):
            raise UnavailableError(
                Reason.UNAUTHORIZED, f"{shown}: a credential helper has a name that no program has"
            )
        key = (helper, place)
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(self._ask(helper, place))
        found = await asyncio.shield(self._asked[key])
        if found is None:
            return held
        return [Held(found, f"the login that docker-credential-{helper} gives"), *held]

    async def close(self) -> None:
        """End the helpers that still run."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, helper: str, place: str) -> Credential | None:
        program = f"docker-credential-{helper}"
        process: Process | None = None
        try:
            async with asyncio.timeout(_SECONDS):
                process = await asyncio.create_subprocess_exec(
                    program,
                    "get",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env=self._environment,
                    start_new_session=True,
                )
                reply = await _talk(process, place)
        except FileNotFoundError as error:
            raise _broken(program, "is not there; install it, or log in anew") from error
        except TimeoutError as error:
            raise _broken(program, f"did not answer within {_SECONDS:g} s") from error
        except OSError as error:
            raise _broken(program, f"cannot be run: {error.strerror}") from error
        finally:
            if process is not None and process.returncode is None:
                await _end(process)
        if process.returncode:
            if _ABSENT in reply.decode("ascii", "replace"):
                return None
            raise _broken(program, f"failed with exit code {process.returncode}")
        return _credential(program, reply)


async def _talk(process: Process, place: str) -> bytes:
    """The protocol: the place on standard input, JSON on standard output."""
    assert process.stdin is not None  # noqa: S101 - both were asked for as pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(place.encode() + b"\n")
        process.stdin.close()
    except ConnectionError:  # pragma: no cover - it ended without reading; its exit code tells
        pass
    reply = b""
    while len(reply) <= _MAX_REPLY and (piece := await process.stdout.read(_MAX_REPLY)):
        reply += piece
    if len(reply) > _MAX_REPLY:
        return reply
    await process.wait()
    return reply


async def _end(process: Process) -> None:
    """Kill it with all that it started: whoever holds the pipe keeps it from ending."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    while await process.stdout.read(_MAX_REPLY):
        pass
    await process.wait()


def _load(file: Path) -> Mapping[str, object]:
    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_FILE + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidPolicyError(f"cannot be read: {error.strerror}") from error
    if len(body) > MAX_FILE:
        raise InvalidPolicyError(f"longer than {MAX_FILE} bytes: no Docker config file")
    try:
        found = load(body)
    except StrictJSONError as error:
        raise InvalidPolicyError(f"no Docker config file: {error}") from error
    if not isinstance(found, dict):
        raise InvalidPolicyError("no Docker config file: it is no JSON object")
    return found


def _helper(config: Mapping[str, object], place: str) -> str | None:
    """The helper for a place: its own, else that for all (docker/cli, `configfile`)."""
    helpers = config.get("credHelpers")
    own = helpers.get(place) if isinstance(helpers, dict) else None
    for one in (own, config.get("credsStore")):
        if isinstance(one, str) and one:
            return one
    return None


def _credential(program: str, reply: bytes) -> Credential | None:
    try:
        found = load(reply)
    except StrictJSONError as error:
        raise _broken(program, "did not answer in JSON") from error
    user = found.get("Username") if isinstance(found, dict) else None
    secret = found.get("Secret") if isinstance(found, dict) else None
    if not isinstance(user, str) or not isinstance(secret, str):
        raise _broken(program, "answered with no login")
    if not secret:
        return None
    return IdentityToken(secret) if user == _TOKEN_USER else Basic(user, secret)


def _broken(program: str, why: str) -> UnavailableError:
    return UnavailableError(Reason.UNAUTHORIZED, f"{program} {why}")
