"""`cocket promote` between registries that know whom they let in: whose login goes where."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import LABELS
from tests.cli.promotions import registry
from tests.cli.runs import cocket, process
from tests.servers import PASSWORD, USER, RealRegistry, real_registry
from webhook.demo.images import image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from click.testing import Result

    from tests.servers import Auth

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
READER, READERS = "reader", "another word"
"""Who may read the source, and has no login at the target."""

pytestmark = pytest.mark.tool("docker-registry")


class World(msgspec.Struct, frozen=True):
    """Two registries that let nobody in whom they do not know."""

    source: RealRegistry
    target: RealRegistry
    folder: Path

    def logins(self, name: str, **passwords: str) -> Path:
        """A Docker config file; each registry has a login of its own."""
        users = {"source": READER, "target": USER}
        auths = {
            getattr(self, which).host: {
                "auth": base64.b64encode(f"{users[which]}:{password}".encode()).decode()
            }
            for which, password in passwords.items()
        }
        path = self.folder / name
        path.write_text(json.dumps({"auths": auths}))
        return path

    def policy(self, **credentials: Path) -> Path:
        """Registries as they are reached; some of them name a file with logins."""
        documents: list[Any] = []
        for name, one in (("preprod", self.source), ("prod", self.target)):
            more: dict[str, Any] = {}
            if one.tokens is not None:
                more["tokenRealm"] = one.tokens.realm.split("/")[2]
            if name in credentials:
                more["credentials"] = {"dockerConfigFile": str(credentials[name])}
            if name == "prod":
                more["promotesFrom"] = "preprod"
            documents.append(registry(name, one.host, **more))
        path = self.folder / "registries.yaml"
        path.write_text("---\n".join(json.dumps(one) + "\n" for one in documents))
        return path

    @property
    def command(self) -> list[str]:
        name = self.source.name("preprod/web", WEB.digest)
        return ["promote", name, "--to", "prod", "-q"]

    async def promote(self, logins: Path | str, policy: Path) -> Result:
        arguments = (*self.command, "--policy", policy, "--docker-config", logins)
        return await asyncio.to_thread(cocket, *arguments)


@asynccontextmanager
async def world(folder: Path, auth: Auth = "htpasswd") -> AsyncIterator[World]:
    places = [folder / name for name in ("source", "target")]
    for place in places:
        place.mkdir()
    async with (
        real_registry(places[0], "htpasswd", users={READER: READERS}) as source,
        real_registry(places[1], auth) as target,
    ):
        await source.push("preprod/web", WEB)
        yield World(source, target, folder)


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
async def test_each_registry_gets_the_persons_own_login_for_it(tmp_path: Path, auth: Auth) -> None:
    async with world(tmp_path, auth) as asked:
        own = asked.logins("own.json", source=READERS, target=PASSWORD)
        done = await asked.promote(own, asked.policy())

        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout == f"{asked.target.name('prod/web', WEB.digest)}\n"
        assert await asked.target.holds("prod/web", WEB.digest)
        if asked.target.tokens is not None:
            assert f"{USER} repository:prod/web:pull,push" in asked.target.tokens.lines


async def test_a_credential_helper_is_asked_for_both(tmp_path: Path) -> None:
    async with world(tmp_path) as asked:
        helper = tmp_path / "docker-credential-vault"
        logins = {asked.source.host: (READER, READERS), asked.target.host: (USER, PASSWORD)}
        cases = "".join(
            f"""'{host}') echo '{json.dumps({"Username": user, "Secret": secret})}';;\n"""
            for host, (user, secret) in logins.items()
        )
        helper.write_text(f"#!/bin/sh\nread place\ncase $place in\n{cases}esac\n")
        helper.chmod(0o755)
        (tmp_path / "config.json").write_text(json.dumps({"credsStore": "vault"}))
        env = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

        done = await asyncio.to_thread(
            process, *asked.command, "--policy", asked.policy(), environment=env
        )

        assert (done.returncode, done.stderr) == (0, b"")
        assert await asked.target.holds("prod/web", WEB.digest)


@pytest.mark.parametrize("wrong", ["source", "target"])
@pytest.mark.parametrize("auth", ["htpasswd", "token"])
async def test_the_login_that_was_refused_is_named(tmp_path: Path, auth: Auth, wrong: str) -> None:
    async with world(tmp_path, auth) as asked:
        passwords = {"source": READERS, "target": PASSWORD} | {wrong: "a guess"}
        own = asked.logins("own.json", **passwords)
        done = await asked.promote(own, asked.policy())

        refusing = getattr(asked, wrong)
        host = refusing.host
        if refusing.tokens is not None:
            host = refusing.tokens.realm.split("/")[2]
        assert (done.exit_code, done.stdout) == (3, "")
        assert f"the login in {own} was refused by {host}: 401 unauthorized" in done.stderr
        assert "a guess" not in done.stderr
        assert not await asked.target.holds("prod/web", WEB.digest)


async def test_what_a_registry_names_goes_before_the_persons_own(tmp_path: Path) -> None:
    async with world(tmp_path) as asked:
        good = asked.logins("good.json", source=READERS, target=PASSWORD)
        bad = asked.logins("bad.json", source="old", target="old")

        done = await asked.promote(bad, asked.policy(preprod=good, prod=good))
        refused = await asked.promote(good, asked.policy(prod=bad))

        assert (done.exit_code, done.stderr) == (0, "")
        assert refused.exit_code == 3
        said = f"the login in {bad} of Registry prod was refused by {asked.target.host}: 401"
        assert said in refused.stderr


async def test_without_any_login_nobody_is_let_in(tmp_path: Path) -> None:
    async with world(tmp_path) as asked:
        source = asked.logins("source.json", source=READERS)

        nobody = await asked.promote("none", asked.policy())
        reader = await asked.promote("none", asked.policy(preprod=source))

        assert nobody.exit_code == 3
        assert asked.source.host in nobody.stderr
        assert reader.exit_code == 3
        assert f"{asked.target.host}" in reader.stderr
        assert not await asked.target.holds("prod/web", WEB.digest)
