"""A person's own logins: the file, and the programs that it names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.credentials import Basic, Credential, IdentityToken
from webhook.registry.programs import OwnLogins

HOST = "r.example"
NAME = f"{HOST}/team/web"
ASKED = 'cat > "$(dirname "$0")/asked.$(basename "$0")"\n'


def config(folder: Path, content: Any) -> Path:
    path = folder / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def helper(folder: Path, name: str, script: str) -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


async def logins(folder: Path, content: Any, name: str = NAME) -> list[Credential]:
    environment = {"PATH": f"{folder}:{os.defpath}"}
    own = OwnLogins(config(folder, content), environment)
    try:
        return [held.credential for held in await own.of(name)]
    finally:
        await own.close()


async def refused(folder: Path, content: Any) -> str:
    with pytest.raises(UnavailableError) as error:
        await logins(folder, content)
    assert error.value.reason is Reason.UNAUTHORIZED
    return str(error.value)


@pytest.mark.parametrize(
    ("reply", "credential"),
    [
        ({"ServerURL": HOST, "Username": "ada", "Secret": "s"}, Basic("ada", "s")),
        ({"Username": "<token>", "Secret": "refresh"}, IdentityToken("refresh")),
    ],
)
@pytest.mark.parametrize("field", ["credsStore", "credHelpers"])
async def test_a_helper_is_asked_for_the_place(
    reply: dict[str, str], credential: Credential, field: str, tmp_path: Path
) -> None:
    helper(tmp_path, "vault", f"{ASKED}echo '{json.dumps(reply)}'")
    named: Any = (
        {"credsStore": "vault"} if field == "credsStore" else {"credHelpers": {HOST: "vault"}}
    )

    assert await logins(tmp_path, named) == [credential]
    assert (tmp_path / "asked.docker-credential-vault").read_text() == f"{HOST}\n"


async def test_docker_hub_has_its_own_place(tmp_path: Path) -> None:
    helper(tmp_path, "vault", ASKED + """echo '{"Username": "a", "Secret": "b"}'""")

    assert await logins(tmp_path, {"credsStore": "vault"}, "docker.io/library/nginx")
    asked = (tmp_path / "asked.docker-credential-vault").read_text()
    assert asked == "https://index.docker.io/v1/\n"


async def test_its_own_helper_goes_before_that_for_all_and_both_before_the_file(
    tmp_path: Path,
) -> None:
    helper(tmp_path, "own", """echo '{"Username": "own", "Secret": "b"}'""")
    helper(tmp_path, "all", "exit 9")
    auths = {HOST: {"username": "file", "password": "f"}}
    content = {"auths": auths, "credHelpers": {HOST: "own"}, "credsStore": "all"}

    assert await logins(tmp_path, content) == [Basic("own", "b"), Basic("file", "f")]


async def test_a_helper_without_a_login_for_the_place_leaves_it_to_the_file(tmp_path: Path) -> None:
    helper(tmp_path, "vault", "echo 'credentials not found in native keychain'; exit 1")
    auths = {HOST: {"username": "file", "password": "f"}}

    assert await logins(tmp_path, {"auths": auths, "credsStore": "vault"}) == [Basic("file", "f")]
    assert await logins(tmp_path, {"credsStore": "vault"}) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo secret-word; exit 3", "docker-credential-vault failed with exit code 3"),
        ("echo secret-word", "docker-credential-vault did not answer in JSON"),
        (
            """echo '{"Username": "secret-word"}'""",
            "docker-credential-vault answered with no login",
        ),
        ("yes secret-word", "docker-credential-vault"),
    ],
)
async def test_a_helper_that_fails_is_named_and_not_quoted(
    script: str, said: str, tmp_path: Path
) -> None:
    helper(tmp_path, "vault", script)

    message = await refused(tmp_path, {"credsStore": "vault"})

    assert said in message
    assert "secret-word" not in message


async def test_a_helper_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = await refused(tmp_path, {"credsStore": "gone"})

    assert message == "docker-credential-gone is not there; install it, or log in anew"


@pytest.mark.parametrize("name", ["../../bin/sh", "a b", "a/b", "", "-x"])
async def test_what_is_no_name_of_a_helper_is_not_run(name: str, tmp_path: Path) -> None:
    content = {"credsStore": name}
    if not name:
        assert await logins(tmp_path, content) == []
        return
    assert "has a name that no program has" in await refused(tmp_path, content)


@pytest.mark.parametrize("content", ["{", "[]", {"auths": 1}])
async def test_a_file_that_cannot_be_read_is_named(content: Any, tmp_path: Path) -> None:
    assert "config.json: " in await refused(tmp_path, content)


async def test_without_the_file_there_are_no_logins(tmp_path: Path) -> None:
    assert await OwnLogins(tmp_path / "none.json", {}).of(NAME) == []
